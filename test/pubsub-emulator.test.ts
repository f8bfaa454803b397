import { describe, expect, it } from "vitest";
import { withoutPart } from "./missing-part.ts";
import { pubsubEmulatorMissing, startPubsubEmulator } from "./pubsub-emulator.ts";

describe.skipIf(withoutPart(pubsubEmulatorMissing()))("the Pub/Sub emulator", () => {
  it("comes back at the same address after a kill, and empty", async () => {
    const emulator = await startPubsubEmulator();
    const topic = `http://${emulator.host}/v1/projects/test/topics/quotes`;
    expect((await fetch(topic, { method: "PUT" })).status).toBe(200);
    expect((await fetch(topic)).status).toBe(200);
    await emulator.kill();
    await expect(fetch(topic)).rejects.toThrow();
    await emulator.restart();
    expect((await fetch(topic)).status).toBe(404);
    await emulator.stop();
    await expect(fetch(topic)).rejects.toThrow();
  });
});
