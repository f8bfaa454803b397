import type { ConsoleEvent, Delta, Snapshot } from "../wire.ts";

/** How long to wait before a new connection where the browser has given up on the old one. */
const AGAIN_MS = 1_000;
/** Nothing heard for so long means that the connection is dead; the server speaks every five seconds. */
const SILENCE_MS = 15_000;

/** What a connection tells the page. */
export interface ConnectionEvents {
  readonly onEvent: (event: ConsoleEvent) => void;
  readonly onLost: () => void;
}

/**
 * Follows the server's events for as long as the page is there. A lost connection is made again; each begins with a
 * snapshot, so nothing is missed. A page in the background lets go of its connection, since a browser has but six for
 * one server.
 * @returns how to stop following
 */
export function connect(url: string, { onEvent, onLost }: ConnectionEvents): () => void {
  let source: EventSource | undefined;
  let timer = 0;

  const close = () => {
    window.clearTimeout(timer);
    source?.close();
    source = undefined;
  };
  const again = (ms: number) => {
    close();
    timer = window.setTimeout(open, ms);
  };
  const heard = (event: ConsoleEvent) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      onLost();
      again(0);
    }, SILENCE_MS);
    onEvent(event);
  };
  function open() {
    const opened = new EventSource(url);
    source = opened;
    opened.addEventListener("snapshot", ({ data }: MessageEvent<string>) => {
      heard({ type: "snapshot", data: JSON.parse(data) as Snapshot });
    });
    opened.addEventListener("delta", ({ data }: MessageEvent<string>) => {
      heard({ type: "delta", data: JSON.parse(data) as Delta });
    });
    opened.addEventListener("error", () => {
      onLost();
      again(AGAIN_MS);
    });
  }
  const onVisibility = () => {
    if (document.hidden) close();
    else if (!source) again(0);
  };
  document.addEventListener("visibilitychange", onVisibility);
  onVisibility();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    close();
  };
}
