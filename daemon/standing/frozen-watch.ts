// A recorded camera, judged for a frozen picture as a live one is: a file may show one picture for long, a camera may not.
import { crc32 } from "node:zlib";
import type { FrameCapture } from "../../encoders/capture.js";
import type { Modality } from "../../fusion/model/modality.js";
import { defaultAnomalies } from "../sources/anomalies.js";
import { FrozenPicture } from "../sources/frozen-picture.js";
import { greyGrid } from "../sources/grey-grid.js";
import type { Source, SourceSignal } from "../sources/source.js";

/** Tells of a source what a live camera would be accused of, with the default patience; its event time is its clock. */
export class FrozenWatch implements Source {
  readonly id: string;
  readonly modalities: readonly Modality[];
  readonly finite: boolean;
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
    this.id = source.id;
    this.modalities = source.modalities;
    this.finite = source.finite;
  }

  async *observe(signal: AbortSignal): AsyncIterable<SourceSignal> {
    const frozen = new FrozenPicture(defaultAnomalies.frozen);
    for await (const told of this.#source.observe(signal)) {
      const change = told.kind === "capture" && told.capture.modality === "image" ? judged(frozen, told.capture) : undefined;
      if (change !== undefined) yield change;
      yield told;
    }
  }
}

/** What changes for absence with this frame, if anything. */
function judged(frozen: FrozenPicture, { pixels, width, height, capturedAt }: FrameCapture): SourceSignal | undefined {
  const frame = { checksum: String(crc32(pixels)), grid: greyGrid(pixels, width, height) };
  if (!frozen.observe(frame, capturedAt, capturedAt)) return undefined;
  const { active, since } = frozen;
  const at = active ? since : capturedAt;
  return { kind: "state", state: active ? "alarmed" : "healthy", at, witnesses: [{ modality: "image", healthy: !active, at, ...(active ? { why: "the picture does not change" } : {}) }] };
}
