import { stringify } from "yaml";
import { operatorInstall } from "../cdk8s/operator.ts";

const HEAD = `# The operator on any cluster: \`kubectl apply -f\` this after the CRD in crds/. The image is one that you built and that the
# cluster's nodes have. Made by \`npm run generate\` from cdk8s/operator.ts.
`;

/** The operator's install as a manifest to apply. */
export function operatorExample(): string {
  const objects = operatorInstall({
    namespace: "stockfeed-system",
    image: "stockfeed:dev",
    imagePullPolicy: "IfNotPresent",
  });
  // kubectl reads YAML 1.1, where more words than in 1.2 are no text.
  return HEAD + objects.map((object) => stringify(object, { version: "1.1", lineWidth: 0 })).join("---\n");
}
