import { z } from "zod";
import { celText, withCelRules } from "./cel.ts";
import { objectNameField } from "./identifiers.ts";
import { wording } from "./wording.ts";

const secretRefSchema = z.strictObject({ name: objectNameField("Name of the Secret in the feed's namespace.") }).meta({
  description: "Secret that holds the provider's keys; on a laptop they come from the environment instead.",
  "x-kubernetes-map-type": "atomic",
});

const BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const HOST = `(([A-Za-z0-9_-]+\\.)*[A-Za-z][A-Za-z0-9_-]*|(${BYTE}\\.){3}${BYTE}|\\[[0-9A-Fa-f:]{2,39}\\])`;
const PORT = "([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
/** The addresses that the API server, which can't read an address as URL does, takes as well. */
const ADDRESS = new RegExp(`^https?://${HOST}(:${PORT})?(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?$`);

const noKeys = {
  rule: "must hold no key, query or fragment",
  fix: "Leave the address alone; keys belong in credentialsSecretRef.",
};
const anAddress = {
  rule: "must be an http or https address",
  fix: "Write an address such as https://quotes.example.com.",
};

const baseUrlField = withCelRules(
  z
    .string()
    .max(2048)
    .superRefine((text, context) => {
      const url = URL.parse(text);
      const holdsKeys = url !== null && [url.username, url.password, url.search, url.hash].some((part) => part !== "");
      const isHttp = url !== null && /^https?:$/.test(url.protocol);
      if (isHttp && ADDRESS.test(text)) return;
      const { rule, fix } = isHttp && holdsKeys ? noKeys : anAddress;
      context.addIssue({ code: "custom", message: wording(rule, fix) });
    })
    .meta({ description: "Address of a server that speaks the provider's format.", format: "uri" }),
  [
    {
      rule: `self.matches(${celText(ADDRESS.source)})`,
      message: `${anAddress.rule} and ${noKeys.rule}. ${anAddress.fix} ${noKeys.fix}`,
      // The server shows no value where it is forbidden: there may be a key in it.
      reason: "FieldValueForbidden",
    },
  ],
);

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
      file: z.string().min(1).max(1024).meta({ description: "The ticks: NDJSON, plain or gzipped." }),
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
  .meta({ description: "Where quotes come from.", "x-kubernetes-map-type": "atomic" });

/** A provider with its own fields. */
export type ProviderSpec = z.output<typeof providerSchema>;
/** Names of the providers. */
export type ProviderType = ProviderSpec["type"];
/** All of them. */
export const PROVIDER_TYPES: readonly ProviderType[] = providerSchema.options.map((option) => option.shape.type.value);
