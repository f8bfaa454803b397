import type { ProviderType } from "../../api/provider-spec.ts";
import type { FailureKind } from "../../quotes/poll-summary.ts";
import type { EpochMs } from "../../quotes/quote.ts";

/** What should happen after a failed call; the one place where that is decided is the call that failed. */
export type NextStep =
  /** The same call may go well, not before `at` where that is known. */
  | { readonly kind: "retry"; readonly at?: EpochMs }
  /** One of the symbols is at fault: ask for fewer at once, and leave out the one that is refused alone. */
  | { readonly kind: "split" }
  /** Asking again in this slot is no use; the next slot may. */
  | { readonly kind: "skip" }
  /** Nothing comes, of any symbol, until a person mends it. */
  | { readonly kind: "give-up" };

/** What a provider did wrong, in words for people; every key in it is masked by whoever made it. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly provider: ProviderType;
  readonly kind: FailureKind;
  readonly next: NextStep;

  constructor(provider: ProviderType, kind: FailureKind, next: NextStep, message: string) {
    super(message);
    this.provider = provider;
    this.kind = kind;
    this.next = next;
  }
}

/**
 * The symbols of a call as a message names them: up to five, then how many more.
 * @example nameSymbols(["AAPL", "MSFT"]) === "AAPL, MSFT"
 */
export function nameSymbols(symbols: readonly string[]): string {
  const shown = symbols.slice(0, 5).join(", ");
  return symbols.length > 5 ? `${shown} and ${symbols.length - 5} more` : shown;
}
