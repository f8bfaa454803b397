import type { z } from "zod";
import type { Wording } from "./wording.ts";

/**
 * A rule of the CRD in the Common Expression Language, as Kubernetes has it in `x-kubernetes-validations`. Fields and
 * functions of 1.28 and later are used, nothing newer. What the API server counts as costly is a rule over text or lists
 * without a limit, so whatever a rule reads has one.
 */
export interface CelRule {
  /** True where all is well; `self` is the value that the rule stands at. */
  readonly rule: string;
  /** What must hold and what to write instead; follows the field's path and value. */
  readonly message: string;
  /** The same with values in it, of fields of limited length; `message` is said where it can't be evaluated. */
  readonly messageExpression?: string;
  /** The field to blame, below the one that the rule stands at. */
  readonly fieldPath?: string;
  /** Without one, the server shows a scalar's value beside the message. */
  readonly reason?: "FieldValueRequired" | "FieldValueForbidden";
}

const VALIDATIONS = "x-kubernetes-validations";

/** The rules that a zod schema carries in its metadata. */
function celRules(field: z.ZodType): readonly CelRule[] {
  return (field.meta()?.[VALIDATIONS] as readonly CelRule[] | undefined) ?? [];
}

/** The same schema, for the CRD with more rules; zod itself reads none of them. */
export function withCelRules<Field extends z.ZodType>(field: Field, rules: readonly CelRule[]): Field {
  return field.meta({ [VALIDATIONS]: [...celRules(field), ...rules] });
}

/** The words of a check as a rule's message. */
export function celMessage({ rule, fix }: Wording): string {
  return `${rule}. ${fix}`;
}

/** A text as a CEL literal. */
export function celText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A list of texts as a CEL literal. */
export function celList(texts: readonly string[]): string {
  return `[${texts.map(celText).join(", ")}]`;
}

/**
 * Durations that CEL's own `duration()` takes too: it counts nanoseconds in 64 bits, up to 292 years, and fails beyond.
 * At 20 characters these stay under 40; no field allows as much as two days.
 */
const WITHIN_CEL = "^(0*[0-9]{1,9}(ms|s)|0*[0-9]{1,7}m|0*[0-9]{1,5}h)+$";

/** Whether the duration at a place can be counted with; a rule over other fields keeps silent where not. */
export function celIsDuration(place: string): string {
  return `${place}.matches(${celText(WITHIN_CEL)})`;
}

/** Milliseconds of the duration at a place. */
export function celMs(place: string): string {
  return `duration(${place}).getMilliseconds()`;
}
