/** A process's metrics at one moment, read from Prometheus's text format. */
export class MetricsText {
  readonly #samples = new Map<
    string,
    { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
  >();

  constructor(text: string) {
    for (const line of text.split("\n")) {
      const [, name = "", labels = "", value = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name === "") continue;
      const samples = this.#samples.get(name) ?? [];
      this.#samples.set(name, samples);
      samples.push({ labels: labelsOf(labels), value: Number(value) });
    }
  }

  /** The sum over all label values; 0 where there is no such metric. */
  sum(name: string): number {
    return (this.#samples.get(name) ?? []).reduce((sum, { value }) => sum + value, 0);
  }

  /** A gauge without labels. @throws where there is none */
  value(name: string): number {
    const [sample] = this.#samples.get(name) ?? [];
    if (sample === undefined) throw new Error(`The operator has no metric ${name}.`);
    return sample.value;
  }

  /** A histogram's cumulative counts by upper bound, over all other labels. */
  buckets(name: string): Map<number, number> {
    const counts = new Map<number, number>();
    for (const { labels, value } of this.#samples.get(`${name}_bucket`) ?? []) {
      const bound = labels.le === "+Inf" ? Infinity : Number(labels.le);
      counts.set(bound, (counts.get(bound) ?? 0) + value);
    }
    return counts;
  }
}

/** Of what a histogram took in between two moments, the quantile as Prometheus computes it: linear inside its bucket. */
export function quantileBetween(before: MetricsText, after: MetricsText, name: string, quantile: number): number {
  const earlier = before.buckets(name);
  const counts = [...after.buckets(name)]
    .map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)] as const)
    .sort(([a], [b]) => a - b);
  const rank = quantile * (counts.at(-1)?.[1] ?? 0);
  let [lower, below] = [0, 0];
  for (const [bound, count] of counts) {
    if (count >= rank && count > 0) {
      return bound === Infinity ? lower : lower + ((bound - lower) * (rank - below)) / (count - below);
    }
    [lower, below] = [bound, count];
  }
  throw new Error(`${name} took nothing in.`);
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}
