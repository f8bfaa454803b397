/** Who gives the same answer as brute force, and what each needs for it. */
import { pythonBeam, pythonBeamMissing } from "../python-beam/python-beam.ts";
import { type Prism, prismMissing, startPrism } from "../prism/prism.ts";
import { type Answer, embedded } from "./answers.ts";
import { beamDirect, beamPrism, beamPrismScripted, beamYamlPython } from "./beam-answers.ts";
import type { Suite } from "./suite.ts";

/** An engine under test. */
export interface Contestant {
  readonly name: string;
  /** Why it can't run on this machine; undefined where it can. */
  readonly missing?: string;
  answer(suite: Suite): Promise<Answer>;
}

/** The engines, and how to end what they started. */
export interface Contestants {
  /** On quotes that all come in time. */
  readonly bounded: readonly Contestant[];
  /** Where quotes come late, each within the lateness: those that take their watermark from a script. */
  readonly late: readonly Contestant[];
  /**
   * Where quotes come too late. Not Prism: it lets some of them through once it has forgotten their window, as rows of
   * their own.
   */
  readonly tooLate: readonly Contestant[];
  stop(): Promise<void>;
}

/** Gets the engines ready; Prism starts when it is first asked. */
export async function contestants(): Promise<Contestants> {
  let started: Promise<Prism> | undefined;
  const prism = async () => (started ??= startPrism());
  const withPrism = async (name: string, answer: (suite: Suite, prism: Prism) => Promise<Answer>) => {
    const missing = await prismMissing();
    const asked: Contestant = { name, answer: async (suite) => answer(suite, await prism()) };
    return missing === undefined ? asked : { ...asked, missing };
  };
  const noPython = pythonBeamMissing();
  const yaml: Contestant = {
    name: "beam-yaml",
    answer: async (suite) => beamYamlPython(suite, pythonBeam() ?? "python3"),
    ...(noPython !== undefined && { missing: noPython }),
  };
  const ours = { name: "embedded", answer: embedded };
  return {
    bounded: [ours, { name: "beam-direct", answer: beamDirect }, await withPrism("beam-prism", beamPrism), yaml],
    late: [ours, await withPrism("beam-prism", beamPrismScripted)],
    tooLate: [ours],
    stop: async () => (await started)?.stop(),
  };
}
