/** Messages by the Pub/Sub emulator's REST interface: what a test publishes by hand, and what it takes from a subscription. */

interface Pulled {
  readonly receivedMessages?: readonly { readonly ackId: string; readonly message: { readonly data: string } }[];
}

/**
 * Calls a method of a resource.
 * @param path such as `projects/P/topics/T:publish`
 */
export async function callPubsub(host: string, method: "PUT" | "POST", path: string, body: object): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`http://${host}/v1/${path}`, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** @param topic `projects/P/topics/T` */
export async function publishTexts(host: string, topic: string, texts: readonly string[]): Promise<void> {
  const messages = texts.map((text) => ({ data: Buffer.from(text).toString("base64") }));
  await callPubsub(host, "POST", `${topic}:publish`, { messages });
}

/**
 * Takes and acknowledges what a subscription has.
 * @param subscription `projects/P/subscriptions/S`
 */
export async function takeTexts(host: string, subscription: string): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const pull = { maxMessages: 1000, returnImmediately: true };
    const { receivedMessages = [] } = (await callPubsub(host, "POST", `${subscription}:pull`, pull)) as Pulled;
    if (receivedMessages.length === 0) return texts;
    texts.push(...receivedMessages.map(({ message }) => Buffer.from(message.data, "base64").toString()));
    const ackIds = receivedMessages.map(({ ackId }) => ackId);
    await callPubsub(host, "POST", `${subscription}:acknowledge`, { ackIds });
  }
}
