import { z } from "zod";
import { objectNameField } from "./identifiers.ts";
import { wording } from "./wording.ts";

const secretRefSchema = z
  .strictObject({ name: objectNameField("Name of the Secret in the feed's namespace.") })
  .meta({ description: "Secret that holds the provider's keys; on a laptop they come from the environment instead." });

const baseUrlField = z
  .string()
  .superRefine((text, context) => {
    const refuse = (rule: string, fix: string) => {
      context.addIssue({ code: "custom", message: wording(rule, fix) });
    };
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      refuse("must be an http or https address", "Write an address such as https://quotes.example.com.");
    } else if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
      refuse("must hold no key, query or fragment", "Leave the address alone; keys belong in credentialsSecretRef.");
    }
  })
  .meta({ description: "Address of a server that speaks the provider's format.", format: "uri" });

const type = <Name extends string>(name: Name, description: string) => z.literal(name).meta({ description });

/** The quote providers, one member a type, each with its own fields. */
export const providerSchema = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: type("Simulated", "Prices made from a seed: no account, no key, no network."),
      seed: z
        .int()
        .min(0)
        .max(4_294_967_295)
        .default(1)
        .meta({ description: "Seed of the prices: the same seed shows the same market again." }),
    }),
    z.strictObject({
      type: type("Replay", "Recorded ticks, played again."),
      file: z.string().min(1).meta({ description: "The ticks: NDJSON, plain or gzipped." }),
      speed: z
        .number()
        .positive()
        .max(100_000)
        .default(1)
        .meta({ description: "How many times faster than recorded." }),
    }),
    z.strictObject({
      type: type("IEX", "A server in the format of IEX Cloud, which closed on 31 August 2024."),
      baseUrl: baseUrlField,
      credentialsSecretRef: secretRefSchema.optional(),
    }),
    z.strictObject({
      type: type("Alpaca", "Alpaca's market data, many symbols a call."),
      baseUrl: baseUrlField.optional(),
      credentialsSecretRef: secretRefSchema,
    }),
    z.strictObject({
      type: type("Finnhub", "Finnhub's quotes, one symbol a call, without volume."),
      baseUrl: baseUrlField.optional(),
      credentialsSecretRef: secretRefSchema,
    }),
    z.strictObject({
      type: type("Tiingo", "Tiingo's IEX prices, many symbols a call."),
      baseUrl: baseUrlField.optional(),
      credentialsSecretRef: secretRefSchema,
    }),
  ])
  .meta({ description: "Where quotes come from." });

/** A provider with its own fields. */
export type ProviderSpec = z.output<typeof providerSchema>;
/** Names of the providers. */
export type ProviderType = ProviderSpec["type"];
