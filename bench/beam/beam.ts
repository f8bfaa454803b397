/**
 * The embedded engine against Beam and Flink, from a file of quotes to files of rows: one program each, measured from its
 * start to its end, on two sizes of the same work. What the larger one takes longer is what quotes take; the rest is what
 * it takes to start, and to close the windows that are open at the end. Every run's rows are held to brute force, those of
 * sizes beyond it to the embedded engine's, before any figure is given.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, bruteForce } from "../../test/conformance/answers.ts";
import { firstDifference } from "../../test/conformance/compare.ts";
import { readAnswer } from "../../test/conformance/pipeline-files.ts";
import { messagesOf, type Suite } from "../../test/conformance/suite.ts";
import type { BenchResult } from "../result.ts";
import { medianOf } from "../timing.ts";
import { allContestants, type Contestant, lightContestants } from "./contestants.ts";
import { ratioGoals } from "./ratio-goals.ts";
import { type BeamWork, suiteOf, workIn } from "./work.ts";
import { workerCostBench } from "./worker-cost.ts";

/** Brute force takes a second for ten slots of a hundred symbols. */
const BRUTE_FORCE_SLOTS = 24;
const ROUNDS = 3;

/** What one run took. */
interface Run {
  readonly quotes: number;
  readonly seconds: number;
  /** Of processor time; undefined where a contestant is no program by itself. */
  readonly processorSeconds: number | undefined;
}

/** A contestant's figure, once a round. */
interface Samples {
  readonly name: string;
  readonly values: number[];
}

export async function beamBench({ short }: { readonly short: boolean }): Promise<BenchResult[]> {
  const contestants = short ? lightContestants() : await allContestants(say);
  const present = contestants.all.filter(({ missing }) => missing === undefined);
  const leftOut = contestants.all.flatMap(({ name, missing }) => (missing === undefined ? [] : [{ name, missing }]));
  const rates: Samples[] = present.map(({ name }) => ({ name, values: [] }));
  const starts: Samples[] = present.map(({ name }) => ({ name, values: [] }));
  const processor: Samples[] = present.map(({ name }) => ({ name, values: [] }));
  const [embedded] = present;
  if (embedded === undefined) throw new Error("The embedded engine has to be there.");
  const runs = new Runs(embedded);
  try {
    await runs.check(embedded, short ? 8 : BRUTE_FORCE_SLOTS);
    const rounds = short ? 1 : ROUNDS;
    for (let round = 1; round <= rounds; round++) {
      for (const [i, contestant] of present.entries()) {
        const [small, large] = await runs.bothSizes(contestant, round === 1);
        const perQuote = slopeOf(small.quotes, small.seconds, large.quotes, large.seconds);
        rates[i]?.values.push(1 / perQuote);
        starts[i]?.values.push(small.seconds - small.quotes * perQuote);
        if (small.processorSeconds !== undefined && large.processorSeconds !== undefined) {
          const taken = slopeOf(small.quotes, small.processorSeconds, large.quotes, large.processorSeconds);
          processor[i]?.values.push(taken * 1e6);
        }
        const rate = Math.round(1 / perQuote).toLocaleString("en-US");
        say(`round ${round} of ${rounds}: ${contestant.name}, ${large.seconds.toFixed(1)} s, ${rate} quotes/s`);
      }
    }
  } finally {
    await contestants.stop();
  }
  const rows = resultOf("beam: messages to rows, by files", "quotes/s", rates, "more");
  return [
    { ...rows, leftOut },
    ...ratioGoals(rows),
    { ...resultOf("beam: from start to end without quotes", "s", starts, "less"), leftOut },
    resultOf("beam: processor time", "µs/quote", processor, "less"),
    ...(await workerCostBench({ short })),
  ];
}

/** What one more quote takes, by what two works took. A busy machine may hide the difference, in a short run above all. */
function slopeOf(small: number, smallTook: number, large: number, largeTook: number): number {
  const slope = (largeTook - smallTook) / (large - small);
  return slope > 0 ? slope : largeTook / large;
}

function say(line: string): void {
  console.error(`  ${line}`);
}

/** Runs contestants, and holds what they give to what it should be. */
class Runs {
  readonly #suites = new Map<number, Suite>();
  readonly #expected = new Map<number, Answer>();
  readonly #embedded: Contestant;

  constructor(embedded: Contestant) {
    this.#embedded = embedded;
  }

  /** On the small work and on the large one. @param checked whether rows are compared, which may take longer than they */
  async bothSizes(contestant: Contestant, checked: boolean): Promise<readonly [Run, Run]> {
    const [small, large] = contestant.slots;
    return [await this.#run(contestant, small, checked), await this.#run(contestant, large, checked)];
  }

  /** Throws where a contestant's rows, or the reasons of its dead letters, are not what they should be. */
  async check(contestant: Contestant, slots: number): Promise<void> {
    await this.#run(contestant, slots, true);
  }

  async #run(contestant: Contestant, slots: number, checked: boolean): Promise<Run> {
    return this.#inDirectory(slots, async (work, log) => {
      const started = performance.now();
      const processorSeconds = await contestant.run(work, log);
      const seconds = (performance.now() - started) / 1000;
      if (checked && !(contestant === this.#embedded && slots > BRUTE_FORCE_SLOTS)) {
        const answer = await readAnswer(work.pipelines);
        const difference = firstDifference(contestant.name, answer, await this.#expectedOf(slots));
        if (difference !== undefined) throw new Error(`${slots} slots: ${difference}`);
      }
      return { quotes: messagesOf(work.suite).length, seconds, processorSeconds };
    });
  }

  async #expectedOf(slots: number): Promise<Answer> {
    const known = this.#expected.get(slots);
    if (known !== undefined) return known;
    const suite = this.#suiteOf(slots);
    const answer =
      slots > BRUTE_FORCE_SLOTS
        ? await this.#inDirectory(slots, async (work, log) => {
            await this.#embedded.run(work, log);
            return readAnswer(work.pipelines);
          })
        : bruteForce(suite);
    this.#expected.set(slots, answer);
    return answer;
  }

  async #inDirectory<T>(slots: number, use: (work: BeamWork, log: string) => Promise<T>): Promise<T> {
    const directory = await mkdtemp(join(tmpdir(), "stockfeed-bench-beam-"));
    try {
      return await use(await workIn(directory, this.#suiteOf(slots)), join(directory, "log"));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  #suiteOf(slots: number): Suite {
    const suite = this.#suites.get(slots) ?? suiteOf(slots);
    this.#suites.set(slots, suite);
    return suite;
  }
}

/** The first contestant against the others, as far as they have that figure. */
function resultOf(name: string, unit: string, samples: readonly Samples[], better: "more" | "less"): BenchResult {
  const [own = NaN] = samples.slice(0, 1).map(({ values }) => medianOf(values));
  const others = samples.slice(1).filter(({ values }) => values.length > 0);
  const rivals = others.map(({ name: rival, values }) => {
    const value = medianOf(values);
    return { name: rival, value, ratio: better === "more" ? own / value : value / own };
  });
  return { name, unit, value: own, rivals };
}
