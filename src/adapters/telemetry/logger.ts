import { pino, type DestinationStream, type Level, type Logger, type LoggerOptions } from "pino";
import { prettyFactory } from "pino-pretty";

/** Cloud Logging's severities, by pino's levels. */
const SEVERITIES: Readonly<Record<string, string>> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};

/** Fields whose value is a secret wherever they turn up, at the top of an entry or one level in. */
const SECRET_FIELDS = ["token", "apiKey", "secret", "password", "credentials", "authorization", "cookie"];
const SECRET_HEADERS = ["APCA-API-KEY-ID", "APCA-API-SECRET-KEY", "X-Finnhub-Token"];
/** What a shorter text would mask is mostly not the secret. */
const SHORTEST_SECRET = 4;
const MASK = "[redacted]";

/** How to log. */
export interface LoggerSettings {
  /** `info` unless told otherwise. */
  readonly level?: Level;
  /** Lines for people in place of JSON; for a terminal. */
  readonly pretty: boolean;
  /** Values that must not appear in any entry, wherever in it they stand: the feeds' keys and the console's token. */
  readonly secrets?: readonly string[];
  /** Standard error unless told otherwise. */
  readonly destination?: DestinationStream;
}

/**
 * The process's logger: JSON lines with the fields that Cloud Logging reads (`severity`, `message`, `time` in
 * RFC 3339), or lines for people.
 */
export function createLogger(settings: LoggerSettings): Logger {
  const options: LoggerOptions = {
    level: settings.level ?? "info",
    redact: { paths: redactedPaths(), censor: MASK },
    hooks: { streamWrite: masking(settings.secrets ?? []) },
  };
  const destination = settings.destination ?? pino.destination({ fd: 2, sync: true });
  return settings.pretty
    ? pino({ ...options, base: null }, prettied(destination))
    : pino({ ...options, ...CLOUD_LOGGING }, destination);
}

/** A logger whose entries all carry their feed, as fields and as labels to filter by in Cloud Logging. */
export function feedLogger(logger: Logger, feed: string): Logger {
  const labels = { feed, namespace: feed.split("/", 1)[0] };
  return logger.child({ ...labels, "logging.googleapis.com/labels": labels });
}

const CLOUD_LOGGING: LoggerOptions = {
  base: null,
  messageKey: "message",
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label) => ({ severity: SEVERITIES[label] ?? "DEFAULT" }) },
};

/** Lines for people, written as they come, so that none is lost when the process ends. */
function prettied(destination: DestinationStream): DestinationStream {
  const format = prettyFactory({
    translateTime: "SYS:HH:MM:ss",
    ignore: "logging\\.googleapis\\.com/labels,namespace",
    singleLine: true,
  });
  return {
    write: (entry) => {
      destination.write(format(entry));
    },
  };
}

function redactedPaths(): string[] {
  const fields = [...SECRET_FIELDS, ...SECRET_HEADERS.flatMap((name) => [name, name.toLowerCase()])];
  return fields.flatMap((name) => [`["${name}"]`, `*["${name}"]`]);
}

/** Replaces each secret, as it is and as JSON or a URL would write it, in the text of an entry. */
function masking(secrets: readonly string[]): (entry: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  // Longest first, so that a secret which holds another one is masked whole.
  const patterns = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (entry) => patterns.reduce((text, pattern) => text.replaceAll(pattern, MASK), entry);
}
