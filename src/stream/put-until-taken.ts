import type { Clock, DeadLetters } from "../ports.ts";
import type { DeadLetter, EpochMs } from "../quotes/quote.ts";
import { persist } from "./persist.ts";

export interface LetterOptions {
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly onLettersRefused: (error: Error, retryAt: EpochMs) => void;
  /** Letters that were refused are there now. */
  readonly onLettersTaken: () => void;
  readonly signal: AbortSignal;
}

/** Offers a letter to the dead letter until it is taken; false when the signal came first. Never rejects. */
export async function putUntilTaken(letter: DeadLetter, options: LetterOptions): Promise<boolean> {
  const { deadLetters, onLettersRefused, onLettersTaken } = options;
  const refusals: Error[] = [];
  const onFailure = (error: Error, retryAt: EpochMs) => {
    refusals[0] = error;
    onLettersRefused(error, retryAt);
  };
  try {
    await persist(() => deadLetters.putDeadLetters([letter]), { ...options, onFailure });
  } catch {
    return false;
  }
  if (refusals.length > 0) onLettersTaken();
  return true;
}
