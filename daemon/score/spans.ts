// Stretches of time, and what is counted over them. Pure: values in, values out.

/** From `fromMs` up to and including `toMs`, event time, Unix ms. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The same time as spans in order that neither touch nor overlap; what is empty or turned around is left out. */
export function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of [...spans].filter(({ fromMs, toMs }) => toMs > fromMs).sort((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (last === undefined || span.fromMs > last.toMs) result.push(span);
    else if (span.toMs > last.toMs) result[result.length - 1] = { fromMs: last.fromMs, toMs: span.toMs };
  }
  return result;
}

/** The time of `spans` that is not in `others`, merged. */
export function without(spans: readonly Span[], others: readonly Span[]): Span[] {
  const holes = merged(others);
  return merged(spans).flatMap(({ fromMs, toMs }) => {
    const left: Span[] = [];
    let from = fromMs;
    for (const hole of holes) {
      if (hole.toMs <= from || hole.fromMs >= toMs) continue;
      left.push({ fromMs: from, toMs: hole.fromMs });
      from = hole.toMs;
    }
    return merged([...left, { fromMs: from, toMs }]);
  });
}

/** The time that is in both, merged. */
export function common(spans: readonly Span[], others: readonly Span[]): Span[] {
  return without(spans, without(spans, others));
}

/** How long the spans are together, ms; what overlaps counts once. */
export function lengthMs(spans: readonly Span[]): number {
  return merged(spans).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

/** Whether a moment or stretch touches any of the spans. */
export function touches(spans: readonly Span[], { fromMs, toMs }: Span): boolean {
  return spans.some((span) => span.fromMs <= toMs && fromMs <= span.toMs);
}
