import { child } from "./fields.ts";
import { type Finding, findings } from "./issue-wording.ts";
import { formatPath, type Problem } from "./problem.ts";
import { feedName, KIND, type StockFeed, stockFeedSchema } from "./stockfeed.ts";
import { readYaml, type YamlDocument } from "./yaml-documents.ts";

/** A text with manifests in it, and where it is from. */
export interface ManifestText {
  /** A file's name, or - for standard input. */
  readonly source: string;
  readonly text: string;
}

/** Every feed of a set of manifests, or all that is wrong with the set. */
export type ParseResult =
  | { readonly ok: true; readonly feeds: readonly StockFeed[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A feed and where it is from. */
interface PlacedFeed {
  readonly feed: StockFeed;
  readonly source: string;
  readonly document: YamlDocument;
}

/**
 * The feeds of a YAML text, one a document, with every default filled in; or its problems, in the text's order.
 * Never throws for what the text holds.
 */
export function parseFeeds(text: string, { source }: { readonly source: string }): ParseResult {
  return parseManifests([{ source, text }]);
}

/** The feeds of several texts together, none of them there twice; or the problems of all. */
export function parseManifests(texts: readonly ManifestText[]): ParseResult {
  const feeds: PlacedFeed[] = [];
  const problems: Problem[] = [];
  for (const { source, text } of texts) {
    const documents = readYaml(text);
    if (documents.length === 0) problems.push(nothingIn(source));
    for (const document of documents) {
      const result = readFeed(document, source);
      if ("feed" in result) feeds.push({ feed: result.feed, source, document });
      else problems.push(...result.problems);
    }
  }
  problems.push(...duplicates(feeds));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, feeds: feeds.map(({ feed }) => feed) };
}

function readFeed(document: YamlDocument, source: string): { feed: StockFeed } | { problems: Problem[] } {
  const { index, value, faults } = document;
  if (faults.length > 0) {
    const problems = faults.map(({ position, rule, fix }) => ({
      source,
      document: index,
      ...position,
      path: "",
      rule,
      fix,
    }));
    return { problems };
  }
  if (value === undefined || value === null) {
    const fix = "Write a feed there, or remove the --- line that starts it.";
    return {
      problems: [{ source, document: index, ...document.locate([]), path: "", rule: "must not be empty", fix }],
    };
  }
  const parsed = stockFeedSchema.safeParse(value, { reportInput: true });
  const found = parsed.success ? [] : parsed.error.issues.flatMap((issue) => findings(issue, value));
  // In a document of another kind every field is wrong; that it is of another kind says it all.
  const foreign = found.filter(
    ({ path, value: there }) => there !== undefined && /^(kind|apiVersion)$/.test(String(path[0])),
  );
  const relevant = foreign.length > 0 ? foreign : [...found, ...ambiguities(document, found)];
  if (parsed.success && relevant.length === 0) return { feed: parsed.data };
  const problems = relevant.map(({ path, atKey, ...words }) => {
    return { source, document: index, ...document.locate(path, atKey), path: formatPath(path), ...words };
  });
  return { problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** The ambiguous words that nothing else is wrong with. */
function ambiguities({ ambiguousWords, value }: YamlDocument, found: readonly Finding[]): Finding[] {
  const wrong = new Set(found.map(({ path }) => formatPath(path)));
  return ambiguousWords
    .filter((path) => !wrong.has(formatPath(path)))
    .map((path) => {
      const word = String(path.reduce(child, value));
      const rule = "must be in quotes: kubectl reads the bare word as something else";
      return { path, atKey: false, value: word, rule, fix: `Write "${word}".` };
    });
}

function nothingIn(source: string): Problem {
  const fix = "Run stockfeed init to write a first one.";
  return { source, document: 1, line: 1, column: 1, path: "", rule: `must hold a ${KIND}`, fix };
}

function duplicates(feeds: readonly PlacedFeed[]): Problem[] {
  const first = new Map<string, PlacedFeed>();
  return feeds.flatMap((placed) => {
    const { feed, source, document } = placed;
    const earlier = first.get(feedName(feed));
    if (earlier === undefined) {
      first.set(feedName(feed), placed);
      return [];
    }
    const { line } = earlier.document.locate(["metadata", "name"]);
    return {
      source,
      document: document.index,
      ...document.locate(["metadata", "name"]),
      path: "metadata.name",
      value: JSON.stringify(feed.metadata.name),
      rule: `must differ from the feed at ${earlier.source}:${line}`,
      fix: "Give it another name or namespace.",
    };
  });
}
