/** A call that was not answered in time. */
class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  constructor(timeoutMs: number) {
    super(`no answer came within ${timeoutMs / 1000} s`);
  }
}

/**
 * What a call gives, or an error after so many milliseconds: timeouts of Google's clients have no effect on REST. Caveat:
 * a request can't be taken back, and may be carried out all the same.
 */
export async function within<T>(timeoutMs: number, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new NoAnswer(timeoutMs));
    }, timeoutMs);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
