// When recordings were watched and heard: what hours an instrument may claim.
import type { Capture } from "../../encoders/capture.js";
import type { Encoded, Encoder } from "../../encoders/encoder.js";
import type { Modality } from "../../fusion/model/modality.js";
import { endedAt } from "../../fusion/model/observation.js";
import { listenedTo } from "./listened.js";
import type { Span } from "./spans.js";

/** Pictures further apart than this are no watching, ms: a video whose time jumps was not watched meanwhile. */
const UNWATCHED_MS = 10_000;

/** Notes the time of what goes through towers. Bound: one span for each interruption. */
export class Looked {
  readonly #spans = new Map<Modality, Span[]>();
  readonly #pictureAt = new Map<string, number>();

  /** By modality, in the order of time for one source; merged for as long as nothing interrupts. */
  get spans(): ReadonlyMap<Modality, readonly Span[]> {
    return this.#spans;
  }

  /** The tower, listened to. */
  through(tower: Encoder): Encoder {
    return listenedTo(tower, (capture, encoded) => this.#note(capture, encoded));
  }

  #note(capture: Capture, { observations, unseen }: Encoded): void {
    const toMs = endedAt(capture);
    if (capture.modality !== "image") {
      if (observations.length > 0) this.#add(capture.modality, { fromMs: capture.capturedAt, toMs });
      return;
    }
    const fromMs = this.#pictureAt.get(capture.sourceId) ?? toMs;
    this.#pictureAt.set(capture.sourceId, toMs);
    if (unseen === undefined && toMs - fromMs <= UNWATCHED_MS) this.#add("image", { fromMs, toMs });
  }

  #add(modality: Modality, span: Span): void {
    const spans = this.#spans.get(modality) ?? [];
    this.#spans.set(modality, spans);
    const last = spans.at(-1);
    if (last === undefined || span.fromMs > last.toMs || span.fromMs < last.fromMs) spans.push(span);
    else if (span.toMs > last.toMs) spans[spans.length - 1] = { fromMs: last.fromMs, toMs: span.toMs };
  }
}
