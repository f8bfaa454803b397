import { PubSub } from "@google-cloud/pubsub";

/** What a client needs to know. */
export interface PubsubSettings {
  /** `host:port` of the emulator, as PUBSUB_EMULATOR_HOST has it; Google's own service where there is none. */
  readonly emulatorHost?: string | undefined;
  /** Where short names are; the credentials' own project where there is none. */
  readonly projectId?: string;
}

/** Google's client, for the emulator or with the machine's credentials. */
export function pubsubClient({ emulatorHost, projectId }: PubsubSettings): PubSub {
  // The client would look for Google's metadata server all the same, and warn that there is none.
  if (emulatorHost) process.env.METADATA_SERVER_DETECTION ??= "none";
  return new PubSub({
    ...(projectId !== undefined && { projectId }),
    ...(emulatorHost && { apiEndpoint: emulatorHost, emulatorMode: true }),
  });
}
