import { describe, expect, it } from "vitest";
import { createLogger, feedLogger, type LoggerSettings } from "./logger.ts";

/** A logger that writes into a list of lines. */
function logged(settings: Partial<LoggerSettings> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, logger: createLogger({ pretty: false, destination, ...settings }) };
}

const entry = (line: string | undefined) => JSON.parse(line ?? "{}") as Record<string, unknown>;

describe("JSON logs", () => {
  it("have the fields that Cloud Logging reads", () => {
    const { lines, logger } = logged();
    const before = Date.now();
    feedLogger(logger, "markets/tech").warn({ symbol: "AAPL", resolution: "5m" }, "a quote was late");
    const { time, ...fields } = entry(lines[0]);
    expect(fields).toEqual({
      severity: "WARNING",
      message: "a quote was late",
      feed: "markets/tech",
      namespace: "markets",
      symbol: "AAPL",
      resolution: "5m",
      "logging.googleapis.com/labels": { feed: "markets/tech", namespace: "markets" },
    });
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Date.parse(String(time))).toBeGreaterThanOrEqual(before);
  });

  it.each([
    ["trace", "DEBUG"],
    ["debug", "DEBUG"],
    ["info", "INFO"],
    ["warn", "WARNING"],
    ["error", "ERROR"],
    ["fatal", "CRITICAL"],
  ] as const)("give the level %s the severity %s", (level, severity) => {
    const { lines, logger } = logged({ level: "trace" });
    logger[level]("something");
    expect(entry(lines[0]).severity).toBe(severity);
  });

  it("leave out what is below the level", () => {
    const { lines, logger } = logged({ level: "warn" });
    logger.info("nothing special");
    expect(lines).toEqual([]);
  });

  it("keep an error's stack and cause", () => {
    const { lines, logger } = logged();
    logger.error(new Error("no rows written", { cause: new Error("disk full") }));
    const { err, message } = entry(lines[0]) as { err: { stack: string }; message: string };
    expect(message).toBe("no rows written");
    expect(err.stack).toContain("disk full");
  });
});

describe.each([{ pretty: false }, { pretty: true }])("secrets (pretty: $pretty)", ({ pretty }) => {
  const secret = 'pk_4f"7/9?';

  it("do not appear in a message, a field, an address or an error", () => {
    const { lines, logger } = logged({ pretty, secrets: [secret] });
    const address = `https://quotes.example/?token=${encodeURIComponent(secret)}`;
    logger.info({ detail: secret, deep: { er: [secret] }, address }, `asked with ${secret}`);
    logger.error(new Error(`refused ${secret}`));
    const text = lines.join("");
    for (const part of ["4f", "7/9", "7%2F9"]) expect(text).not.toContain(part);
    expect(text).toContain("asked with [redacted]");
  });

  it("do not appear under a field that is known to hold one, whatever its value", () => {
    const { lines, logger } = logged({ pretty });
    logger.info(
      { token: "hidden-1", headers: { "APCA-API-SECRET-KEY": "hidden-2", authorization: "hidden-3" } },
      "sent",
    );
    expect(lines.join("")).not.toContain("hidden");
    expect(lines.join("").match(/\[redacted\]/g)).toHaveLength(3);
  });

  it("are masked whole where one begins another", () => {
    const { lines, logger } = logged({ pretty, secrets: ["abcd", "abcdefgh"] });
    logger.info("abcdefgh and abcd");
    expect(lines.join("")).toContain("[redacted] and [redacted]");
  });
});

describe("pretty logs", () => {
  it("are lines for people, with what is in the entry", () => {
    const { lines, logger } = logged({ pretty: true });
    feedLogger(logger, "markets/tech").info({ symbol: "AAPL" }, "window closed");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\[\d\d:\d\d:\d\d\].*INFO.*window closed/);
    expect(lines[0]).toContain('"symbol":"AAPL"');
    expect(lines[0]).not.toContain("googleapis");
  });
});
