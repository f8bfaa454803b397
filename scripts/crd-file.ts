import { stringify } from "yaml";
import { CRD_NAME, stockFeedCrd } from "../src/api/crd.ts";

/** Where the CRD is, from the repository's root. */
export const CRD_PATH = `crds/${CRD_NAME}.yaml`;

/** The text of the CRD's file. */
export function crdFile(): string {
  const head = "# Generated from src/api by npm run generate; edit it there.\n";
  return head + stringify(stockFeedCrd(), { lineWidth: 0, aliasDuplicateObjects: false });
}
