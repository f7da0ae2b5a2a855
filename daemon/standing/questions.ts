// A feed whose lines ask, at known moments, whether anybody is there.
import type { Modality } from "../../fusion/model/modality.js";
import type { Source, SourceSignal } from "../sources/source.js";

/** The field that every line has, and its value: a rule asks with `read: {field: ask, equals: now}`. */
export const ASK = { field: "ask", equals: "now" } as const;

/** A text feed that ends: one line at each of these moments, Unix ms of event time, in order. */
export class Questions implements Source {
  readonly id: string;
  readonly modalities: readonly Modality[] = ["text"];
  readonly finite = true;
  readonly #times: readonly number[];

  constructor(id: string, times: readonly number[]) {
    this.id = id;
    this.#times = times;
  }

  async *observe(): AsyncIterable<SourceSignal> {
    await Promise.resolve();
    for (const [seq, capturedAt] of this.#times.entries()) {
      const line = { sourceId: this.id, modality: "text", seq, capturedAt, durationMs: 0, receivedAtMs: performance.now() } as const;
      yield { kind: "capture", capture: { ...line, text: "is anybody there", fields: new Map([[ASK.field, ASK.equals]]) } };
      yield { kind: "progress", modality: "text", time: capturedAt };
    }
  }
}
