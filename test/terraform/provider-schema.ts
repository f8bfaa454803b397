/**
 * The schema of a kind of resource, read from the text of the classes that were generated from the provider's schema.
 *
 * It has every argument and attribute with its type and whether it is required, optional or computed; blocks with how
 * often they may stand. It does not have what the provider checks in code: ranges of values, arguments that exclude each
 * other. A few lists of objects that the provider takes for attributes are blocks here, which HCL writes alike.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A type as Terraform's protocol writes it in JSON, such as `["list","string"]`. */
export type CtyType = string | readonly [string, CtyType] | readonly ["object", Readonly<Record<string, CtyType>>];

export interface Attribute {
  readonly name: string;
  readonly type: CtyType;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
}

export interface NestedBlock {
  readonly name: string;
  readonly block: Block;
  readonly nesting: "SINGLE" | "LIST" | "SET";
  readonly minItems: number;
  /** 0 for any number. */
  readonly maxItems: number;
}

export interface Block {
  readonly attributes: readonly Attribute[];
  readonly blocks: readonly NestedBlock[];
}

const FLAGS = /^ *\/\/ (\w+) - computed: (true|false), optional: (true|false), required: (true|false)$/gm;
const GETTERS: Readonly<Record<string, CtyType>> = {
  String: "string",
  Number: "number",
  Boolean: "bool",
  List: ["list", "string"],
  NumberList: ["list", "number"],
  StringMap: ["map", "string"],
  BooleanMap: ["map", "bool"],
  NumberMap: ["map", "number"],
};

const WRITTEN: Readonly<Record<string, CtyType>> = {
  string: "string",
  number: "number",
  boolean: "bool",
  stringList: ["list", "string"],
  stringMap: ["map", "string"],
};
/** Its blocks are in a form of their own, and left out. */
const PROVIDER = "GoogleProvider";

/** @param directory the classes of one kind */
export function readBlock(directory: string): Block {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  const classes = new Map<string, string>();
  let main: string | undefined;
  for (const file of files) {
    const text = readFileSync(join(directory, file), "utf8");
    for (const [, name = "", base = "", body = ""] of text.matchAll(
      /^class (\w+) extends cdktn\.(\w+) \{\n(.*?)^\}/gms,
    )) {
      classes.set(name, body);
      if (base.startsWith("Terraform")) main = name;
    }
  }
  if (main === undefined) throw new Error(`${directory} has no class of a resource.`);
  return blockOf(main, classes);
}

type Classes = ReadonlyMap<string, string>;

function blockOf(name: string, classes: Classes): Block {
  const body = classes.get(name);
  if (body === undefined) throw new Error(`There is no class ${name}.`);
  const attributes: Attribute[] = [];
  const blocks: NestedBlock[] = [];
  const members = [...body.matchAll(FLAGS)];
  for (const [index, member] of members.entries()) {
    const [, field = "", ...flags] = member;
    const [computed = false, optional = false, required = false] = flags.map((flag) => flag === "true");
    const text = body.slice(member.index, members[index + 1]?.index);
    const nested = new RegExp(
      `new (?:\\w+\\.)?(\\w+?)(List|OutputReference)\\(this, "${field}"(?:, (true|false))?\\)`,
    ).exec(text);
    if (nested === null) {
      const type = simpleType(field, text) ?? writtenType(field, body);
      if (type !== undefined) attributes.push({ name: field, type, required, optional, computed });
      else if (name !== PROVIDER)
        throw new Error(`${name} has ${field} in a form that is not known:\n${text.slice(0, 400)}`);
      continue;
    }
    const [, stem = "", kind, isSet] = nested;
    const block = blockOf(`${stem}OutputReference`, classes);
    const nesting = isSet === "true" ? "SET" : "LIST";
    if (computed && !optional) {
      const type: CtyType = [nesting.toLowerCase(), objectType(block)];
      attributes.push({ name: field, type, required, optional, computed });
    } else if (field === "timeouts") {
      blocks.push({ name: field, block, nesting: "SINGLE", minItems: 0, maxItems: 0 });
    } else {
      const maxItems = kind === "List" ? 0 : 1;
      blocks.push({ name: field, block, nesting, minItems: required ? 1 : 0, maxItems });
    }
  }
  return { attributes, blocks };
}

/** By how the attribute is read. */
function simpleType(field: string, text: string): CtyType | undefined {
  const getter = new RegExp(`(Fn\\.tolist\\(|)this\\.get(\\w+)Attribute\\('${field}'\\)`).exec(text);
  const map = new RegExp(`new cdktn\\.(\\w+)\\(this, "${field}"`).exec(text);
  const type = GETTERS[getter?.[2] ?? map?.[1] ?? ""];
  return getter?.[1] && Array.isArray(type) ? ["set", type[1] as CtyType] : type;
}

/** By how it is written into HCL: the provider's own arguments can't be read. */
function writtenType(field: string, body: string): CtyType | undefined {
  const [, kind = ""] = new RegExp(`^ +${field}: \\{[^}]*storageClassType: "(\\w+)"`, "m").exec(body) ?? [];
  return WRITTEN[kind];
}

function objectType({ attributes, blocks }: Block): CtyType {
  const fields = [
    ...attributes.map(({ name, type }) => [name, type] as const),
    ...blocks.map(({ name, block, nesting }) => [name, [nesting.toLowerCase(), objectType(block)]] as const),
  ];
  return ["object", Object.fromEntries(fields)];
}
