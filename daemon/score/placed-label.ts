// Labels of a piece at their place in the recording that the piece is part of. Pure.
import type { Label } from "./labels.js";
import type { Span } from "./spans.js";

/** Something that is truly there at a stated time. */
export interface PlacedLabel {
  readonly what: string;
  readonly span: Span;
}

/** What labels say of the part of a piece that plays from `atMs` on; a label without a time holds in the whole piece. */
export function placed(labels: readonly Label[], part: Span, atMs: number): PlacedLabel[] {
  return labels.flatMap(({ what, span = part }) => {
    const [fromMs, toMs] = [Math.max(span.fromMs, part.fromMs), Math.min(span.toMs, part.toMs)];
    return fromMs > toMs ? [] : [{ what, span: { fromMs: fromMs - part.fromMs + atMs, toMs: toMs - part.fromMs + atMs } }];
  });
}
