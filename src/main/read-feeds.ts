import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { type ManifestText, parseManifests } from "../api/parse.ts";
import { formatProblem, type Problem } from "../api/problem.ts";
import type { StockFeed } from "../api/stockfeed.ts";
import { TEXT_LIMIT } from "../api/yaml-documents.ts";
import { usageError } from "./cli-error.ts";
import type { CommandIo } from "./command-io.ts";

/** Most problems that people are shown at once; programs get all of them. */
const SHOWN_PROBLEMS = 20;

/**
 * Every feed of the files of `-f`, where - is standard input.
 * @throws CliError (usage) for a file that can't be read, and with all that is wrong with the manifests, a line each
 */
export async function readFeeds(files: readonly string[], io: Pick<CommandIo, "stdin">): Promise<readonly StockFeed[]> {
  const result = parseManifests(await readManifests(files, io));
  if (!result.ok) throw usageError(listProblems(result.problems));
  return result.feeds;
}

/**
 * The texts of the files of `-f`, unread as YAML.
 * @throws CliError (usage) that names the file and what is wrong with it
 */
export async function readManifests(
  files: readonly string[],
  io: Pick<CommandIo, "stdin">,
): Promise<readonly ManifestText[]> {
  if (files.filter((file) => file === "-").length > 1) throw usageError("Standard input (-f -) can be read once only.");
  const texts: ManifestText[] = [];
  for (const file of files) {
    const stream = file === "-" ? io.stdin : createReadStream(file);
    texts.push({ source: file, text: await readText(stream, file) });
  }
  return texts;
}

/** Problems a line each, the first of them where there are many. */
export function listProblems(problems: readonly Problem[]): string {
  const lines = problems.slice(0, SHOWN_PROBLEMS).map(formatProblem);
  const more = problems.length - lines.length;
  if (more > 0) lines.push(`… and ${more} more; --json shows all.`);
  return lines.join("\n");
}

/** Reads no further than a manifest may be long, so that a device or a pipe without end does no harm. */
async function readText(stream: Readable, file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk as Buffer | string);
      chunks.push(bytes);
      length += bytes.length;
      if (length > TEXT_LIMIT) break;
    }
  } catch (cause) {
    throw usageError(`${file} can't be read: ${explain(cause)}`, { cause });
  }
  if (length > TEXT_LIMIT)
    throw usageError(`${file} is over ${TEXT_LIMIT / 1024 / 1024} MiB. Split it into several files.`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw usageError(`${file} is no UTF-8 text. Is it the manifest?`, { cause });
  }
}

const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file. Run stockfeed init to write a first one.",
  EISDIR: "it is a directory. Name the files in it, each with -f.",
  EACCES: "permission denied. Give yourself the right to read it.",
};

function explain(cause: unknown): string {
  return READ_FAULTS[(cause as NodeJS.ErrnoException).code ?? ""] ?? (cause as Error).message;
}
