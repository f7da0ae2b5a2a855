// When a camera was looked at as a whole: whoever stands still moves nothing, so only a complete look can miss them.

/** Every place of a camera's picture, masks aside, was looked at between two moments, Unix ms of event time. */
export interface Scan {
  readonly from: number;
  readonly to: number;
}

/** One scan, or several that overlap, kept as one: in every part of it that lasts `everyMs` lies a whole scan. */
export interface ScanSpan extends Scan {
  /** When the last of its scans began. */
  readonly lastFrom: number;
  readonly everyMs: number;
}

/** The scans of a group's cameras by source, the newest last. */
export type Scans = ReadonlyMap<string, readonly ScanSpan[]>;

/** Scans of one source that are kept each for itself, about; those before them are kept as spans. */
const SPANS_MAX = 32;

/** The scans with one more of a source. Of more than SPANS_MAX the two oldest that overlap become one, or the oldest goes. */
export function withScan(scans: Scans, sourceId: string, { from, to }: Scan): Scans {
  const spans = [...(scans.get(sourceId) ?? []), { from, to, lastFrom: from, everyMs: to - from }];
  return new Map(scans).set(sourceId, spans.length > SPANS_MAX ? shortened(spans) : spans);
}

/** The scans without those that ended before `horizon`; the newest of each source stays, so that it is known how old it is. */
export function withoutOlderScans(scans: Scans, horizon: number): Scans {
  if (![...scans.values()].some((spans) => spans.length > 1 && (spans[0] as ScanSpan).to < horizon)) return scans;
  return new Map([...scans].map(([sourceId, spans]) => [sourceId, spans.filter((span, i) => span.to >= horizon || i === spans.length - 1)]));
}

/** Whether a scan of the source began and ended within an interval. */
export function scannedWithin(scans: Scans, sourceId: string, from: number, to: number): boolean {
  return (scans.get(sourceId) ?? []).some((span) => Math.min(to, span.to) - Math.max(from, span.from) >= span.everyMs);
}

/**
 * The end of the newest scan of any of these sources that ended by `to`; undefined: there is none. Where it is one of those
 * that are kept as one span, up to a period early.
 */
export function lastScanEnd(scans: Scans, sourceIds: Iterable<string>, to: number): number | undefined {
  const ends = [...sourceIds].flatMap((sourceId) => scans.get(sourceId) ?? []).flatMap((span) => endBy(span, to) ?? []);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** How long the source's scans take at present, ms; undefined before the first. */
export function scanPeriod(scans: Scans, sourceId: string): number | undefined {
  return scans.get(sourceId)?.at(-1)?.everyMs;
}

/** The scans with every moment moved by `shiftMs`. */
export function shiftedScans(scans: Scans, shiftMs: number): Scans {
  const shifted = (span: ScanSpan): ScanSpan => ({ ...span, from: span.from + shiftMs, to: span.to + shiftMs, lastFrom: span.lastFrom + shiftMs });
  return new Map([...scans].map(([sourceId, spans]) => [sourceId, spans.map(shifted)]));
}

function endBy({ from, to, everyMs }: ScanSpan, by: number): number | undefined {
  if (to <= by) return to;
  return by - from >= everyMs ? by - everyMs : undefined;
}

function shortened(spans: readonly ScanSpan[]): readonly ScanSpan[] {
  const at = spans.findIndex((span, i) => i > 0 && span.from <= (spans[i - 1] as ScanSpan).to);
  if (at === -1) return spans.slice(1);
  const [a, b] = [spans[at - 1] as ScanSpan, spans[at] as ScanSpan];
  return [...spans.slice(0, at - 1), joined(a, b), ...spans.slice(at + 1)];
}

/** Whoever looks from just after the last scan of `a` began finds the first of `b`. */
function joined(a: ScanSpan, b: ScanSpan): ScanSpan {
  return {
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
    lastFrom: Math.max(a.lastFrom, b.lastFrom),
    everyMs: Math.max(a.everyMs, b.everyMs, b.from + b.everyMs - a.lastFrom),
  };
}
