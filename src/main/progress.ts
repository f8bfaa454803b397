import { Presets, SingleBar } from "cli-progress";
import type { CommandIo } from "./command-io.ts";

/**
 * Runs a piece of work behind a progress bar on standard error, where that is a terminal; the bar goes when it ends.
 * @param work is given what to call with the share done, 0 to 1
 */
export async function withProgress<T>(
  io: Pick<CommandIo, "stderr">,
  label: string,
  work: (update: (share: number) => void) => Promise<T>,
): Promise<T> {
  if (io.stderr.isTTY !== true) return work(() => undefined);
  const format = `${label} {bar} {percentage} %`;
  const options = {
    format,
    stream: io.stderr,
    barsize: 40,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  };
  const bar = new SingleBar(options, Presets.shades_classic);
  bar.start(100, 0);
  try {
    return await work((share) => {
      bar.update(Math.floor(share * 100));
    });
  } finally {
    bar.stop();
  }
}
