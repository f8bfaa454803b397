import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { Totals, type Workload } from "../workload.ts";

/** DuckDB on one thread, with the quotes loaded; only the query is to be timed. */
export async function loadDuckDb(work: Workload): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  await connection.run("CREATE TABLE quotes (symbol INTEGER, slot INTEGER, price DOUBLE, provider_time DOUBLE)");
  const appender = await connection.createAppender("quotes");
  for (let i = 0; i < work.symbol.length; i++) {
    appender.appendInteger(work.symbol[i]!);
    appender.appendInteger((work.slotTime[i]! - work.start) / work.periodMs);
    appender.appendDouble(work.price[i]!);
    appender.appendDouble(work.providerTime[i]!);
    appender.endRow();
  }
  appender.closeSync();
  return connection;
}

/** One winner a slot, then SQL's window functions over each size; every column of every row is summed. */
export async function runDuckDbWindow(connection: DuckDBConnection, work: Workload): Promise<Totals> {
  const names = ["first", "last", "min", "max", "mean"];
  const columns = work.sizes.flatMap((_, i) => [
    `first_value(price) OVER w${i} AS first${i}`,
    `last_value(price) OVER w${i} AS last${i}`,
    `min(price) OVER w${i} AS min${i}`,
    `max(price) OVER w${i} AS max${i}`,
    `avg(price) OVER w${i} AS mean${i}`,
    `count(*) OVER w${i} AS count${i}`,
  ]);
  const windows = work.sizes.map(
    (size, i) => `w${i} AS (PARTITION BY symbol ORDER BY slot RANGE BETWEEN ${size - 1} PRECEDING AND CURRENT ROW)`,
  );
  const sums = work.sizes.flatMap((_, i) => [`count(*)`, `sum(count${i})`, ...names.map((name) => `sum(${name}${i})`)]);
  const sql = `
    WITH winners AS (
      SELECT symbol, slot, max_by(price, (provider_time, price)) AS price FROM quotes GROUP BY symbol, slot
    )
    SELECT ${sums.map((sum) => `CAST(${sum} AS DOUBLE)`).join(", ")}
    FROM (SELECT ${columns.join(", ")} FROM winners WINDOW ${windows.join(", ")})`;
  const [row] = (await connection.runAndReadAll(sql)).getRows();
  const totals = new Totals(work.sizes.length);
  totals.bySize.forEach((total, i) => {
    for (let column = 0; column < 7; column++) total[column] = Number(row?.[i * 7 + column]);
  });
  return totals;
}
