import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/kube-object.ts";
import { lostFields, ownedFieldsOf } from "./owned-fields.ts";

/** Sets of fields as a real server has written them for the object below (v1.36). */
const CONTAINER = {
  ".": {},
  "f:args": {},
  "f:env": {
    'k:{"name":"A"}': { ".": {}, "f:name": {}, "f:value": {} },
    'k:{"name":"S"}': { ".": {}, "f:name": {}, "f:valueFrom": { "f:secretKeyRef": {} } },
  },
  "f:image": {},
  "f:name": {},
  "f:ports": { 'k:{"containerPort":9090,"protocol":"TCP"}': { ".": {}, "f:containerPort": {}, "f:name": {} } },
  "f:resources": { "f:limits": { "f:cpu": {} } },
};
const fieldsV1 = (container: object = CONTAINER, spec: object = {}) => ({
  "f:metadata": {
    "f:finalizers": { ".": {}, 'v:"example.com/x"': {} },
    "f:labels": { "f:a": {} },
    "f:ownerReferences": { 'k:{"uid":"u-1"}': {} },
  },
  "f:spec": {
    "f:suspend": {},
    "f:nodeSelector": {},
    "f:tolerations": {},
    "f:containers": { 'k:{"name":"p"}': container },
    ...spec,
  },
});
const desired: KubeObject = {
  apiVersion: "v1",
  kind: "Thing",
  metadata: {
    name: "x",
    labels: { a: "b" },
    ownerReferences: [{ apiVersion: "v1", kind: "O", name: "o", uid: "u-1" }],
  },
  spec: {
    suspend: false,
    nodeSelector: {},
    tolerations: [{ key: "a", operator: "Exists" }],
    containers: [
      {
        name: "p",
        image: "i",
        args: ["poll"],
        env: [
          { name: "A", value: "1" },
          { name: "S", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
        ],
        ports: [{ containerPort: 9090, name: "m" }],
        resources: { limits: { cpu: "1000m" } },
        securityContext: {},
        lifecycle: undefined,
      },
    ],
  },
};
const live = (fields: object, entry: object = {}): KubeObject => ({
  ...desired,
  metadata: {
    ...desired.metadata,
    managedFields: [
      { manager: "stockfeed", operation: "Apply", subresource: "status", fieldsV1: {} },
      { manager: "stockfeed", operation: "Update", fieldsV1: {} },
      { manager: "stockfeed", operation: "Apply", fieldsV1: fields, ...entry },
    ],
  } as KubeObject["metadata"],
});
const lost = (fields: object) => lostFields(desired, ownedFieldsOf(live(fields)) ?? "{}");

describe("fields that were lost to others", () => {
  it("are none right after an apply, in whatever form the server keeps values", () => {
    expect(lost(fieldsV1())).toEqual([]);
  });

  it("are those that the server no longer counts as ours, by their paths", () => {
    expect(lost(fieldsV1({ ...CONTAINER, "f:image": undefined }))).toEqual([".spec.containers[0].image"]);
    const env = { 'k:{"name":"A"}': { ".": {}, "f:name": {} } };
    expect(lost(fieldsV1({ ...CONTAINER, "f:env": env }))).toEqual([
      ".spec.containers[0].env[0].value",
      ".spec.containers[0].env[1]",
    ]);
    expect(lost({ ...fieldsV1(), "f:metadata": {} })).toEqual([]);
    expect(lost({ "f:metadata": { "f:labels": { "f:other": {} } }, "f:spec": {} })).toEqual([".metadata.labels.a"]);
  });

  it("are not known of an object that was never applied", () => {
    expect(ownedFieldsOf(desired)).toBeUndefined();
    expect(ownedFieldsOf(live(fieldsV1(), { manager: "kubectl" }))).toBeUndefined();
    expect(ownedFieldsOf(live(fieldsV1(), { operation: "Update" }))).toBeUndefined();
  });

  it("are read from one text for all objects of a shape, whoever owns them", () => {
    const other = fieldsV1();
    other["f:metadata"]["f:ownerReferences"] = { 'k:{"uid":"u-1"}': {}, ['k:{"uid":"u-2"}' as string]: {} };
    expect(ownedFieldsOf(live(other))).toBe(ownedFieldsOf(live(fieldsV1())));
  });
});
