// Numbers out of a scrape of Prometheus' text format. Our label values hold no quotes.

/** The sum of all samples of a metric whose labels contain `label`; 0 if there is none. */
export function sumOf(scrape: string, name: string, label = ""): number {
  let sum = 0;
  for (const [, labels = "", value] of scrape.matchAll(new RegExp(`^${name}(?:\\{([^}]*)\\})? (\\S+)$`, "gm"))) {
    if (labels.includes(label)) sum += Number(value);
  }
  return sum;
}

/** The upper bound of the bucket that holds this share of a histogram's values, in its unit; NaN if it has none. */
export function bucketQuantile(scrape: string, name: string, share: number): number {
  const buckets = [...scrape.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]*)"\\} (\\S+)$`, "gm"))].map(
    ([, le = "", count]) => ({ le: le === "+Inf" ? Infinity : Number(le), count: Number(count) }),
  );
  const total = buckets.at(-1)?.count ?? 0;
  return total === 0 ? NaN : (buckets.find(({ count }) => count >= total * share)?.le ?? Infinity);
}
