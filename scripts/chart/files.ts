/** The chart's files that are made of the code: values, their schema, their table, the CRD and the operator's rights. */
import { stringify } from "yaml";
import { z } from "zod";
import { CLUSTER_RULES, FEED_RULES, leaseRules, policyRules } from "../../cdk8s/operator-rules.ts";
import { crdFile } from "../crd-file.ts";
import { ALERTS } from "../../cdk8s/operator-alerts.ts";
import { operatorValues } from "./values.ts";

interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Whether a schema is of values that each have a line: what has a description of its own is one value, whatever is in it. */
const isGroup = ({ description, properties }: Schema) => description === undefined && properties !== undefined;

const WIDTH = 118;
const DEFAULTS: unknown = operatorValues.parse({});

/** JSON Schema by which Helm refuses a typo: draft 7, which every Helm 3 knows. */
function valuesSchema(): Schema {
  return z.toJSONSchema(operatorValues, { io: "input", target: "draft-7" }) as Schema;
}

export function valuesSchemaFile(): string {
  return `${JSON.stringify(valuesSchema(), null, 2)}\n`;
}

/** Each value with its default, and above it what it is for. */
export function valuesFile(): string {
  return `# Values of the chart stockfeed-operator. Made by npm run generate from scripts/chart/values.ts.\n\n${block(valuesSchema(), DEFAULTS, "")}`;
}

function block({ properties = {} }: Schema, defaults: unknown, indent: string): string {
  return Object.entries(properties)
    .map(([name, schema]) => {
      const value = (defaults as Readonly<Record<string, unknown>>)[name];
      const comment = wrapped(schema.description ?? "", WIDTH - indent.length).map((line) => `${indent}# ${line}\n`);
      if (isGroup(schema)) return `${indent}${name}:\n${block(schema, value, `${indent}  `)}`;
      return comment.join("") + entry(name, value, indent);
    })
    .join(indent === "" ? "\n" : "");
}

function entry(name: string, value: unknown, indent: string): string {
  return stringify({ [name]: value }, { version: "1.1", lineWidth: 0 })
    .trimEnd()
    .split("\n")
    .map((line) => `${indent}${line}\n`)
    .join("");
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The table of values, as lines of Markdown. */
export function valuesTable(): string {
  const rows = flat(valuesSchema(), DEFAULTS, "");
  return ["| value | default | what it is |", "| --- | --- | --- |", ...rows].join("\n");
}

function flat({ properties = {} }: Schema, defaults: unknown, path: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const value = (defaults as Readonly<Record<string, unknown>>)[name];
    const at = path === "" ? name : `${path}.${name}`;
    if (isGroup(schema)) return flat(schema, value, at);
    return [`| \`${at}\` | \`${JSON.stringify(value)}\` | ${schema.description ?? ""} |`];
  });
}

/** The CRD as a template, which a release may leave out, and leaves behind when it goes. */
export function crdTemplate(): string {
  const crd = crdFile();
  const name = "metadata:\n  name: stockfeeds.stockfeed.dev\n";
  if (crd.includes("{{") || !crd.includes(name)) throw new Error("The CRD does not fit into a template.");
  const kept = `${name}  {{- if .Values.crds.keep }}\n  annotations:\n    helm.sh/resource-policy: keep\n  {{- end }}\n`;
  return `{{- if .Values.crds.install }}\n${crd.replace(name, () => kept)}{{- end }}\n`;
}

/** The operator's rights, which the chart's roles are made of. */
export function rulesFile(): string {
  const [createLease, ownLease] = policyRules(leaseRules("LEASE"));
  const rules = { cluster: policyRules(CLUSTER_RULES), feeds: policyRules(FEED_RULES), createLease, ownLease };
  return `# Made by npm run generate from cdk8s/operator-rules.ts.\n${stringify(rules, { version: "1.1", aliasDuplicateObjects: false })}`;
}

/** The alerts without what values say of them. */
export function alertsFile(): string {
  const rules = ALERTS.map(({ alert, of, expr, summary, description }) => ({ alert, of, expr, summary, description }));
  return `# Made by npm run generate from cdk8s/operator-alerts.ts.\n${stringify({ rules }, { version: "1.1", lineWidth: 0 })}`;
}
