const NUMBER = /^-?[0-9]+(\.[0-9]+)?$/;
const GAP = "  ";

/**
 * Rows as lines for people: columns as wide as their widest cell, numbers to the right, no blank at a line's end.
 * @example textTable(["rank", "symbol"], [["1", "NVDA"]]) === "rank  symbol\n   1  NVDA\n"
 */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(visible));
  const pads = header.map((name, column) => {
    const cells = clean.map((row) => row[column] ?? "");
    const width = cells.reduce((widest, cell) => Math.max(widest, cell.length), name.length);
    const isNumber = cells.some((cell) => cell !== "") && cells.every((cell) => cell === "" || NUMBER.test(cell));
    return (cell: string) => (isNumber ? cell.padStart(width) : cell.padEnd(width));
  });
  const line = (row: readonly string[]) =>
    pads
      .map((pad, column) => pad(row[column] ?? ""))
      .join(GAP)
      .trimEnd();
  return [header, ...clean].map((row) => `${line(row)}\n`).join("");
}

/** Control characters as escapes: what came from elsewhere must not move the cursor or break the line. */
function visible(cell: string): string {
  return cell.replaceAll(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
