import type { ProviderType } from "../../api/provider-spec.ts";
import { PROVIDER_LIMITS } from "../../quotes/provider-limits.ts";
import { ProviderError } from "./provider-error.ts";

/** A provider's keys, with what messages may say of them. */
export interface Credentials {
  /** The keys in the order of the provider's `environment`; empty where none is set and none is needed. */
  readonly keys: readonly string[];
  /** What to check when the provider refuses the keys: names them, never shows them. */
  readonly advice: string;
  /** The text with every key in it, plain, URL-encoded or inside JSON, replaced by `***`. */
  readonly mask: (text: string) => string;
}

/**
 * Reads a provider's keys from the environment. On a laptop a person sets them there; on a cluster the Pod spec fills
 * them from the Secret `secret` (`namespace/name`), and messages then name the Secret's keys instead.
 * @throws ProviderError (Unauthorized, give-up) naming each key that is missing or can't be sent in a header
 */
export function readCredentials(
  type: ProviderType,
  env: Readonly<Record<string, string | undefined>>,
  secret?: string,
): Credentials {
  const { environment, secretKeys, keysRequired } = PROVIDER_LIMITS[type];
  const names = secret === undefined ? environment : secretKeys;
  const keys = environment.map((name) => env[name]?.trim() ?? "");
  const place = (which: readonly string[]) =>
    secret === undefined
      ? `${which.join(" and ")} in the environment`
      : `Secret ${secret}, ${which.length > 1 ? "keys" : "key"} ${which.join(" and ")}`;
  const refuse = (message: string) => new ProviderError(type, "Unauthorized", { kind: "give-up" }, message);

  const missing = names.filter((_, i) => keys[i] === "");
  if (missing.length > 0 && keysRequired) throw refuse(`${type} needs a key. Set ${place(missing)}.`);
  // A key with a line break or a letter beyond ASCII can't go into a header, and the runtime's own error shows it.
  const unusable = names.filter((_, i) => keys[i] !== "" && !/^[\x21-\x7e]+$/.test(keys[i] ?? ""));
  if (unusable.length > 0) throw refuse(`A key of ${type} has characters that no key has. Mend ${place(unusable)}.`);

  const given = keys.filter((key) => key !== "");
  return {
    keys: given,
    advice: given.length > 0 ? `Check ${place(names)}.` : `It may want a key: set ${place(names)}.`,
    mask: masker(given),
  };
}

function masker(keys: readonly string[]): (text: string) => string {
  const spellings = keys
    .flatMap((key) => [key, encodeURIComponent(key), JSON.stringify(key).slice(1, -1)])
    .toSorted((a, b) => b.length - a.length); // a key that holds another is masked whole
  return (text) => spellings.reduce((masked, spelling) => masked.replaceAll(spelling, "***"), text);
}
