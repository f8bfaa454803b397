/** A run on this machine that needs more memory than there is. */
export class BeamMemoryError extends Error {
  override readonly name = "BeamMemoryError";
}

/** Quotes that a run put into the dead letter, where none should be. */
export class RefusedQuotesError extends Error {
  override readonly name = "RefusedQuotesError";
}
