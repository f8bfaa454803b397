import type { QuoteProvider } from "../../ports.ts";
import type { TickPlayback } from "../../quotes/tick-playback.ts";
import { Tally } from "./slot-fetch.ts";

/**
 * Recorded ticks as a provider: in each slot the newest tick of a symbol at or before it. Whoever polls it runs the
 * clock on the recording's time, at the speed that the feed wants.
 * @param recording the ticks, with every slot kept that will be asked for, and the file that they are from
 */
export function createReplay(recording: { readonly file: string; readonly playback: TickPlayback }): QuoteProvider {
  const { file, playback } = recording;
  const places = new Map(playback.symbols.map((symbol, place) => [symbol, place]));
  const closed = new AbortController();
  return {
    type: "Replay",
    fetch: ({ symbols, slot, signal }) =>
      // A promise's executor turns what it throws into the rejection that the contract wants.
      new Promise((resolve) => {
        for (const stop of [signal, closed.signal]) stop.throwIfAborted();
        playback.seek(slot);
        const tally = new Tally(symbols);
        for (const symbol of symbols) {
          const place = places.get(symbol);
          const price = place === undefined ? 0 : (playback.prices[place] ?? 0);
          if (place === undefined || price === 0) continue;
          const [providerTime = 0, volume = NaN] = [playback.times[place], playback.volumes[place]];
          tally.price({ symbol, price, providerTime, ...(Number.isNaN(volume) ? {} : { volume }) });
        }
        const message = `Replay finds no tick of it in ${file} so far.`;
        resolve(tally.result({ kind: "NotFound", message }, undefined));
      }),
    close: () => {
      closed.abort(new Error("The provider Replay is closed."));
      return Promise.resolve();
    },
  };
}
