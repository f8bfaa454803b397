import { z } from "zod";

const credentialsSecretRef = z
  .strictObject({ name: z.string().min(1).describe("Name of the Secret in the feed's namespace.") })
  .describe("Secret that holds the provider's keys; on a laptop the keys come from the environment.");
const baseUrl = z.url({ protocol: /^https?$/ }).describe("Address of a compatible server.");

/** The quote providers, one member a type, each with its own fields. */
export const providerSchema = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("Simulated"),
      seed: z.int().min(0).max(4_294_967_295).default(1).describe("Seed of the generated prices."),
    }),
    z.strictObject({
      type: z.literal("Replay"),
      file: z.string().min(1).describe("Recorded ticks: NDJSON, plain or gzipped."),
      speed: z.number().positive().max(100_000).default(1).describe("How many times faster than recorded."),
    }),
    z.strictObject({ type: z.literal("IEX"), baseUrl, credentialsSecretRef: credentialsSecretRef.optional() }),
    z.strictObject({ type: z.literal("Alpaca"), baseUrl: baseUrl.optional(), credentialsSecretRef }),
    z.strictObject({ type: z.literal("Finnhub"), baseUrl: baseUrl.optional(), credentialsSecretRef }),
    z.strictObject({ type: z.literal("Tiingo"), baseUrl: baseUrl.optional(), credentialsSecretRef }),
  ])
  .describe("Where quotes come from.");

/** A provider with its own fields. */
export type ProviderSpec = z.output<typeof providerSchema>;
/** Names of the providers. */
export type ProviderType = ProviderSpec["type"];
