import util from "node:util";

/**
 * Puts back `util.isPrimitive`, which Node removed in version 23 and the Beam SDK's serializer of functions asks for as it
 * is loaded: to be imported before anything of `apache-beam`.
 */
const old = util as { isPrimitive?: (value: unknown) => boolean };
old.isPrimitive ??= (value) => value === null || (typeof value !== "object" && typeof value !== "function");
