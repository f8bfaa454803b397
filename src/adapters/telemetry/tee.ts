import type { Telemetry } from "../../ports.ts";

/** Telemetry's methods in a form that lets one of any name be called. */
type Calls = { readonly [Method in keyof Telemetry]: (...call: Parameters<Telemetry[Method]>) => void };

/** Telemetry that tells each of these everything, in this order. */
export function teeTelemetry(...all: readonly Telemetry[]): Telemetry {
  const tell =
    <Method extends keyof Telemetry>(method: Method) =>
    (...call: Parameters<Telemetry[Method]>) => {
      for (const telemetry of all) {
        const receiver: Calls = telemetry;
        receiver[method](...call);
      }
    };
  return {
    countQuotes: tell("countQuotes"),
    countPolledSlots: tell("countPolledSlots"),
    countMissedSlots: tell("countMissedSlots"),
    setMarketState: tell("setMarketState"),
    observeProviderRequest: tell("observeProviderRequest"),
    countWindows: tell("countWindows"),
    countLateQuotes: tell("countLateQuotes"),
    observeWindowClose: tell("observeWindowClose"),
    countSinkRows: tell("countSinkRows"),
    measureWatermarkLag: tell("measureWatermarkLag"),
  };
}
