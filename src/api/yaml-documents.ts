import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, visit } from "yaml";
import type { Document, Pair, ParsedNode, YAMLError } from "yaml";
import type { Wording } from "./wording.ts";

/** Where something stands in a text; both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One YAML document: its value, or what is wrong with it as YAML. */
export interface YamlDocument {
  /** From 1. */
  readonly index: number;
  /** Plain data in which an empty field is a missing one, as Kubernetes has it; undefined where faults are. */
  readonly value: unknown;
  readonly faults: readonly (Wording & { readonly position: Position })[];
  /** Bare words such as ON and NO: text here, but not to kubectl, which reads YAML 1.1. */
  readonly ambiguousWords: readonly (readonly PropertyKey[])[];
  /** Where the value at a path stands, or its nearest ancestor that is there; `atKey` gives the key before it. */
  readonly locate: (path: readonly PropertyKey[], atKey?: boolean) => Position;
}

/** Longest text that is parsed, in UTF-16 units: some 100 feeds of 5,000 symbols. */
export const TEXT_LIMIT = 8 * 1024 * 1024;
/** Most nodes that aliases may multiply one into; beyond it a text is an attack ("billion laughs"), no manifest. */
const ALIAS_LIMIT = 100;

/** The documents of a YAML text, none where it is empty. Never throws for what the text holds. */
export function readYaml(text: string): YamlDocument[] {
  if (text.length > TEXT_LIMIT) {
    const rule = `must be at most ${TEXT_LIMIT / 1024 / 1024} MiB of text`;
    return [broken({ rule, fix: "Split it into several files.", position: { line: 1, column: 1 } })];
  }
  const lines = new LineCounter();
  // compat warns of the ambiguous words.
  const options = {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    compat: "yaml-1.1",
    logLevel: "silent",
  } as const;
  const documents = parseAllDocuments(text, options);
  if ("empty" in documents) return [];
  return documents.map((document, at) => readDocument(document, at + 1, lines));
}

function readDocument(document: Document.Parsed, index: number, lines: LineCounter): YamlDocument {
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: Math.max(col, 1) };
  };
  // One slip makes several errors follow; the first is it.
  const error = document.errors[0] ?? document.warnings.find((warning) => !isAmbiguity(warning));
  if (error !== undefined) return broken({ ...explain(error), position: position(error.pos[0]) }, index);
  let value: unknown;
  try {
    value = withoutEmptyFields(document.toJS({ maxAliasCount: ALIAS_LIMIT }));
  } catch (cause) {
    return broken({ ...explainAlias(cause), position: position(startOf(document)) }, index);
  }
  return {
    index,
    value,
    faults: [],
    ambiguousWords: ambiguousWords(document),
    locate: (path, atKey = false) => position(offsetOf(document, path, atKey)),
  };
}

function startOf(document: Document.Parsed): number {
  return document.contents?.range[0] ?? document.range[0];
}

function broken(fault: Wording & { position: Position }, index = 1): YamlDocument {
  return { index, value: undefined, faults: [fault], ambiguousWords: [], locate: () => fault.position };
}

function isAmbiguity(warning: YAMLError): boolean {
  return warning.message.startsWith("Value may be parsed as either");
}

/** Paths of the ambiguous words, keys among them, which the warnings give as offsets. */
function ambiguousWords(document: Document.Parsed): PropertyKey[][] {
  const offsets = new Set(document.warnings.map(({ pos }) => pos[0]));
  const found: PropertyKey[][] = [];
  if (offsets.size === 0) return found;
  visit(document, {
    Scalar(_, node, ancestors) {
      if (node.range == null || !offsets.has(node.range[0])) return;
      const path: PropertyKey[] = [];
      for (const [depth, ancestor] of ancestors.entries()) {
        const below = ancestors[depth + 1] ?? node;
        if (isPair(ancestor) && isScalar(ancestor.key)) path.push(String(ancestor.key.value));
        if (isSeq(ancestor)) path.push(ancestor.items.indexOf(below));
      }
      found.push(path);
    },
  });
  return found;
}

const FAULTS: Partial<Record<YAMLError["code"], Wording>> = {
  TAB_AS_INDENT: { rule: "must not be indented with tabs", fix: "Indent with spaces." },
  DUPLICATE_KEY: { rule: "must not have a field twice", fix: "Keep one of the two." },
  NON_STRING_KEY: { rule: "must have text for field names", fix: "Write a plain name before the colon." },
  RESOURCE_EXHAUSTION: { rule: "must be YAML of sane depth, brackets closed", fix: "Close it, or nest it less." },
};

function explain({ code, message }: YAMLError): Wording {
  if (code === "TAG_RESOLVE_FAILED") {
    return { rule: "must not use tags of its own", fix: "Remove the word that starts with !." };
  }
  return FAULTS[code] ?? { rule: `must be valid YAML (${message})`, fix: "Mend this line, or the one before it." };
}

function explainAlias(cause: unknown): Wording {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (message.startsWith("Excessive alias count")) {
    return { rule: `must not expand an alias to over ${ALIAS_LIMIT} nodes`, fix: "Write the values out." };
  }
  return { rule: `must be valid YAML (${message})`, fix: "Set the anchor (&name) before its alias (*name)." };
}

/** The same data without fields that are null; the API server prunes those too before it fills in defaults. */
function withoutEmptyFields(value: unknown, seen = new Map<object, unknown>()): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value); // an alias shares its anchor's value, and may even be inside it
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const entry of value) list.push(withoutEmptyFields(entry, seen));
    return list;
  }
  const fields: Record<string, unknown> = {};
  seen.set(value, fields);
  for (const [key, entry] of Object.entries(value)) {
    if (entry === null) continue;
    // Not an assignment: that would turn a field __proto__ into the prototype.
    Object.defineProperty(fields, key, {
      value: withoutEmptyFields(entry, seen),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return fields;
}

function offsetOf(document: Document.Parsed, path: readonly PropertyKey[], atKey: boolean): number {
  let node: Node | null | undefined = document.contents;
  let offset = startOf(document);
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const last = depth === path.length - 1;
    if (isMap<ParsedNode, ParsedNode | null>(node)) {
      const pair: Pair<ParsedNode, ParsedNode | null> | undefined = node.items.find(
        ({ key }) => isScalar(key) && key.value === step,
      );
      if (pair === undefined) return offset;
      offset = last && atKey ? pair.key.range[0] : (pair.value?.range[0] ?? pair.key.range[0]);
      node = pair.value;
    } else if (isSeq<ParsedNode>(node) && typeof step === "number") {
      const item: ParsedNode | undefined = node.items[step];
      if (item === undefined) return offset;
      offset = item.range[0];
      node = item;
    } else return offset;
  }
  return offset;
}
