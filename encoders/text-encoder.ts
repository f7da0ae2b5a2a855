// The tower of text, in the daemon's own process: a look-up that takes microseconds needs no child.
import { toUSVString } from "node:util";
import { FusiondError } from "../fusion/model/errors.js";
import { embeddingOf, TEXT_CHARS_MAX } from "../fusion/model/observation.js";
import type { Capture } from "./capture.js";
import type { Encoded, Encoder, EncoderTelemetry } from "./encoder.js";
import type { Pack } from "./pack.js";

/** What the tower of text needs. */
export interface TextEncoderOptions {
  readonly pack: Pack;
  readonly telemetry: EncoderTelemetry;
}

/** Encodes lines by the pack's vocabulary. A line without a known word makes an observation without an embedding. */
export class TextEncoder implements Encoder {
  readonly modality = "text";
  readonly space: string;
  readonly dimensions: number;
  readonly #pack: Pack;
  readonly #telemetry: EncoderTelemetry;

  constructor({ pack, telemetry }: TextEncoderOptions) {
    this.space = pack.manifest.space;
    this.dimensions = pack.manifest.dimensions;
    this.#pack = pack;
    this.#telemetry = telemetry;
  }

  start(): Promise<void> {
    this.#telemetry.provider(this.modality, "table");
    return Promise.resolve();
  }

  encode(capture: Capture): Promise<Encoded> {
    if (capture.modality !== "text") {
      return Promise.reject(new FusiondError("encode_failed", `the tower of text was given ${capture.modality}`));
    }
    const startedMs = performance.now();
    const { sourceId, modality, capturedAt, durationMs, text, fields } = capture;
    const line = this.#pack.vocabulary.encodeLine(text);
    const observation = {
      sourceId,
      modality,
      capturedAt,
      durationMs,
      gate: "open" as const,
      quality: line?.quality ?? 0,
      text: toUSVString(text.slice(0, TEXT_CHARS_MAX)), // half a surrogate would not come back as it was written
      ...(line === undefined ? {} : { embedding: embeddingOf(this.space, line.vector) }),
      ...(fields === undefined ? {} : { fields }),
    };
    const encodeMs = performance.now() - startedMs;
    this.#telemetry.encoded(modality, encodeMs, 1);
    return Promise.resolve({ observations: [observation], encodeMs });
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
