/** Symbols of one to four letters: A, B, …, AA, and so on. */
export function symbolNamed(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : symbolNamed(Math.floor(index / 26) - 1) + letter;
}
