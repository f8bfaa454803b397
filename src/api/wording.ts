/**
 * What a check of the schema says when it fails. zod carries one message a check; ours holds the rule and the mend,
 * a line each, so both live beside the pattern or limit that they speak of.
 */
export interface Wording {
  /** What must hold, as the end of a sentence whose subject is the field: "must be a duration". */
  readonly rule: string;
  /** What to write instead, as sentences of their own. */
  readonly fix: string;
}

/** The message of a check. */
export function wording(rule: string, fix: string): string {
  return `${rule}\n${fix}`;
}

/** The rule and the mend in a check's message; undefined for a message that is zod's own. */
export function readWording(message: string): Wording | undefined {
  const [rule, fix] = message.split("\n");
  return rule === undefined || fix === undefined ? undefined : { rule, fix };
}
