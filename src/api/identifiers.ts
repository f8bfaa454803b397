import { z } from "zod";
import { formattedText } from "./formatted-text.ts";
import { celMessage, celText, withCelRules } from "./cel.ts";
import { wording } from "./wording.ts";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const UP_TO_63 = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";

/** A symbol as exchanges write it: a capital letter, then up to nine of A-Z, 0-9, `.` and `-`. */
export const SYMBOL_PATTERN = /^[A-Z][A-Z0-9.-]{0,9}$/;

/** One symbol of the set. */
export const symbolField = formattedText(
  { form: SYMBOL_PATTERN, most: 10 },
  {
    rule: "must be a symbol: a capital letter, then up to nine of A-Z, 0-9, . and -",
    fix: "Write it as the exchange does, such as AAPL or BRK.B.",
  },
).meta({ description: "A symbol as the exchange writes it, such as AAPL or BRK.B." });

/**
 * A name of a Kubernetes object: an RFC 1123 subdomain, at most 253 characters.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
export function objectNameField(description: string) {
  return formattedText(
    { form: new RegExp(`^${SUBDOMAIN}$`), most: 253 },
    {
      rule: "must be a Kubernetes name of at most 253 characters",
      fix: "Write a-z, 0-9, - and ., with a letter or digit at both ends.",
    },
  ).meta({ description });
}

/** A name of a Kubernetes namespace: an RFC 1123 label, at most 63 characters. */
export function namespaceField(description: string) {
  return z
    .string()
    .regex(
      /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
      wording(
        "must be a Kubernetes namespace",
        "Write up to 63 of a-z, 0-9 and -, with a letter or digit at both ends.",
      ),
    )
    .meta({ description });
}

/**
 * A Google Cloud project's ID. Google's own have at least six characters, emulators' may be shorter.
 * https://cloud.google.com/resource-manager/docs/creating-managing-projects
 */
export const projectIdField = formattedText(
  { form: /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/, most: 30 },
  {
    rule: "must be a Google Cloud project ID",
    fix: "Write up to 30 of a-z, 0-9 and -, with a letter first and no - last.",
  },
).meta({ description: "Google Cloud project ID." });

const KEY = new RegExp(`^(${SUBDOMAIN}/)?${UP_TO_63}$`);
const LONGEST_PREFIX = 253;
const keyWording = {
  rule: "must be a Kubernetes label key",
  fix: "Write a key such as team or example.com/team.",
};

/**
 * A key of labels, annotations, taints and resources.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
export const labelKeyField = formattedText({ form: KEY, most: LONGEST_PREFIX + 1 + 63 }, keyWording).refine(
  (key) => key.indexOf("/") <= LONGEST_PREFIX,
  wording(keyWording.rule, keyWording.fix),
);

/** A value of labels and taints. */
export const labelValueField = formattedText(
  { form: new RegExp(`^(${UP_TO_63})?$`), most: 63 },
  {
    rule: "must be a Kubernetes label value",
    fix: "Write up to 63 letters, digits, -, _ and ., with a letter or digit at both ends, or use an annotation.",
  },
);

/** Kubernetes labels. */
export function labelsField(description: string) {
  return z.record(labelKeyField, labelValueField.meta({ description: "Value of the label." })).meta({ description });
}

/** Kubernetes annotations. */
export function annotationsField(description: string, most?: number) {
  const value = most === undefined ? z.string() : z.string().max(most);
  return z.record(labelKeyField, value.meta({ description: "Value of the annotation." })).meta({ description });
}

/** The same mapping with a limit to its entries, and its keys checked by the API server too. */
export function keyed<Field extends z.ZodRecord>(field: Field, most: number): Field {
  const limited = field
    .refine(
      (entries) => Object.keys(entries).length <= most,
      wording(`must have at most ${most} entries`, "List fewer."),
    )
    .meta({ maxProperties: most });
  const bad = `!key.matches(${celText(KEY.source)}) || key.indexOf('/') > ${LONGEST_PREFIX}`;
  return withCelRules(limited, [{ rule: `!self.exists(key, ${bad})`, message: `each key ${celMessage(keyWording)}` }]);
}

const RESERVED = /^([^/]*\.)?stockfeed\.dev\//;
const reservedWording = { rule: "must not be set: keys of stockfeed.dev are the operator's", fix: "Remove it." };

/** The same labels or annotations without the keys of `stockfeed.dev`, which are the operator's to set. */
export function unreserved<Field extends z.ZodRecord>(field: Field): Field {
  const checked = field.superRefine((entries, context) => {
    for (const key of Object.keys(entries)) {
      if (!RESERVED.test(key)) continue;
      context.addIssue({
        code: "custom",
        path: [key],
        input: entries[key],
        message: wording(reservedWording.rule, reservedWording.fix),
      });
    }
  });
  return withCelRules(checked, [
    {
      rule: `!self.exists(key, key.matches(${celText(RESERVED.source)}))`,
      message: `some key ${celMessage(reservedWording)}`,
      reason: "FieldValueForbidden",
    },
  ]);
}
