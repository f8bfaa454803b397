import { z } from "zod";
import { wording } from "./wording.ts";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const UP_TO_63 = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";

/** A symbol as exchanges write it: a capital letter, then up to nine of A-Z, 0-9, `.` and `-`. */
export const SYMBOL_PATTERN = /^[A-Z][A-Z0-9.-]{0,9}$/;

/** One symbol of the set. */
export const symbolField = z
  .string()
  .regex(
    SYMBOL_PATTERN,
    wording(
      "must be a symbol: a capital letter, then up to nine of A-Z, 0-9, . and -",
      "Write it as the exchange does, such as AAPL or BRK.B.",
    ),
  )
  .meta({ description: "A symbol as the exchange writes it, such as AAPL or BRK.B." });

/**
 * A name of a Kubernetes object: an RFC 1123 subdomain, at most 253 characters.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
export function objectNameField(description: string) {
  return z
    .string()
    .max(253, { error: wording("must be at most 253 characters", "Write a shorter name."), abort: true })
    .regex(
      new RegExp(`^${SUBDOMAIN}$`),
      wording("must be a Kubernetes name", "Write a-z, 0-9, - and ., with a letter or digit at both ends."),
    )
    .meta({ description });
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
export const projectIdField = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/,
    wording(
      "must be a Google Cloud project ID",
      "Write up to 30 of a-z, 0-9 and -, with a letter first and no - last.",
    ),
  )
  .meta({ description: "Google Cloud project ID." });

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const labelKey = z
  .string()
  .regex(
    new RegExp(`^(${SUBDOMAIN}/)?${UP_TO_63}$`),
    wording("must be a Kubernetes label key", "Write a key such as team or example.com/team."),
  );

/** Kubernetes labels. */
export function labelsField(description: string) {
  const value = z
    .string()
    .regex(
      new RegExp(`^(${UP_TO_63})?$`),
      wording(
        "must be a Kubernetes label value",
        "Write up to 63 letters, digits, -, _ and ., with a letter or digit at both ends, or use an annotation.",
      ),
    )
    .meta({ description: "Value of the label." });
  return z.record(labelKey, value).meta({ description });
}

/** Kubernetes annotations. */
export function annotationsField(description: string) {
  return z.record(labelKey, z.string().meta({ description: "Value of the annotation." })).meta({ description });
}

/** The same labels or annotations without the keys of `stockfeed.dev`, which are the operator's to set. */
export function unreserved<Field extends z.ZodRecord>(field: Field): Field {
  return field.superRefine((entries, context) => {
    for (const key of Object.keys(entries)) {
      if (!/^([^/]*\.)?stockfeed\.dev\//.test(key)) continue;
      context.addIssue({
        code: "custom",
        path: [key],
        input: entries[key],
        message: wording("must not be set: keys of stockfeed.dev are the operator's", "Remove it."),
      });
    }
  });
}
