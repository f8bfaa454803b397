/**
 * Elements of bytes as they cross the Fn API: windowed values in the global window, one after another, as Beam's
 * standard_coders.yaml has them: time, windows, pane, and the value with its length before it.
 */

/** Event time 0 (8 bytes, the sign bit turned), one window (4 bytes and nothing more for the global one), the only pane. */
const HEADER = Uint8Array.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x0f]);

export function encodeElements(values: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(values.flatMap((value) => [HEADER, lengthOf(value), value]));
}

/** Seven bits a byte, the least first; all but the last have their highest bit set. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  let rest = length;
  for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128);
  return Uint8Array.from([...bytes, rest]);
}

/** @param bytes of values that are shorter than 128 bytes each */
export function decodeElements(bytes: Uint8Array): Uint8Array[] {
  const values: Uint8Array[] = [];
  for (let at = HEADER.length; at < bytes.length; at += HEADER.length) {
    const length = bytes[at] ?? 0;
    values.push(Uint8Array.from(bytes.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return values;
}
