import type { Block } from "./provider-schema.ts";

/**
 * @param config as Terraform sends it: objects by name, arrays of such for blocks
 * @returns paths of the arguments that are set though only Google sets them, such as `email`
 */
export function unsettable({ attributes, blocks }: Block, config: unknown, path = ""): string[] {
  if (!isObject(config)) return [];
  const isSet = (name: string) => config[name] !== undefined && config[name] !== null;
  const set = attributes.filter(({ name, optional, required }) => !optional && !required && isSet(name));
  const inside = blocks.flatMap(({ name, block }) =>
    [config[name]].flat().flatMap((one) => unsettable(block, one, `${path}${name}.`)),
  );
  return [...set.map(({ name }) => path + name), ...inside];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
