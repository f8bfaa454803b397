/** That every block of commands in the pages is run by a test, or has its reason why none runs it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type AccountItem,
  accountItems,
  commandsOfMarked,
  FOLLOWED,
  isRunAsLook,
  NOT_RUN,
  RUN_ELSEWHERE,
  RUNNERS,
} from "./page-account.ts";

const read = (file: string) => readFileSync(join(import.meta.dirname, "..", file), "utf8");
const runners = new Map(RUNNERS.map((file) => [file, read(file)]));
const items = accountItems();
const marked = items.filter(({ marks }) => marks.length > 0);
const plain = items.flatMap(({ command, ...item }) => (command === undefined ? [] : [{ ...item, command }]));
const listed = [...RUN_ELSEWHERE, ...Object.values(NOT_RUN).flat()];
const place = ({ page, line, marks, command }: AccountItem) => `${page}:${line} ${command ?? marks.join(" ")}`;

/** Whether a test runs a marked block by its page's path and the last of its mark's names. */
function hasRunner({ page, marks }: AccountItem): boolean {
  const [mark = "", name] = marks;
  const wanted = mark === "run" ? [page] : [page, `"${name ?? mark}"`];
  return [...runners.values()].some((text) => wanted.every((part) => text.includes(part)));
}

describe("the account of the pages' commands", () => {
  it("finds a test for each block with a mark", () => {
    expect(marked.length).toBeGreaterThan(35);
    expect(marked.filter((item) => !hasRunner(item)).map(place)).toEqual([]);
  });

  it("has every other command: followed, a look, run elsewhere, or not run for a reason", () => {
    const again = commandsOfMarked();
    const isTold = (page: string, command: string) =>
      FOLLOWED.pages.includes(page) ||
      isRunAsLook(page, command) ||
      again.has(command) ||
      listed.some(([own, begins]) => own === page && command.startsWith(begins));
    expect(plain.length).toBeGreaterThan(60);
    expect(plain.filter(({ page, command }) => !isTold(page, command)).map(place)).toEqual([]);
  });

  it("lists no command that no page has, or that is run after all", () => {
    const again = commandsOfMarked();
    const needed = plain.filter(
      ({ page, command }) => !FOLLOWED.pages.includes(page) && !isRunAsLook(page, command) && !again.has(command),
    );
    const stale = listed.filter(
      ([own, begins]) => !needed.some(({ page, command }) => own === page && command.startsWith(begins)),
    );
    expect(stale).toEqual([]);
  });

  it("names tests that there are", () => {
    const tests = [...RUNNERS, FOLLOWED.test, ...RUN_ELSEWHERE.map(([, , test]) => test)];
    expect(tests.filter((file) => !existsSync(join(import.meta.dirname, "..", file)))).toEqual([]);
    const follower = read(FOLLOWED.test);
    expect(FOLLOWED.pages.filter((page) => !follower.includes(`"${page}"`))).toEqual([]);
  });
});
