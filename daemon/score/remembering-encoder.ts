// A sound tower that does not encode the same sound again: for sound that is played in a loop.
import type { Capture, SoundCapture } from "../../encoders/capture.js";
import { loudnessOf, SoundGate, type Loudness } from "../../encoders/child/sound-gate.js";
import type { Encoded, Encoder } from "../../encoders/encoder.js";
import { observationOf } from "../../encoders/observations.js";
import { assertInvariant } from "../../fusion/model/errors.js";
import type { Embedding } from "../../fusion/model/observation.js";

/**
 * Gives what the tower gives, window by window, its gate included, but listens to and encodes each array of samples once. Bound: what is
 * remembered goes with the arrays themselves; the gate of the source that was heard last.
 */
export class RememberingEncoder implements Encoder {
  readonly modality = "audio";
  readonly space: string;
  readonly dimensions: number;
  readonly #tower: Encoder;
  readonly #vectors = new WeakMap<Float32Array, Promise<Embedding>>();
  readonly #loudness = new WeakMap<Float32Array, Loudness>();
  #gate = { sourceId: "", gate: new SoundGate() };

  constructor(tower: Encoder) {
    assertInvariant(tower.modality === "audio", "pictures are never quite the same again");
    this.#tower = tower;
    this.space = tower.space;
    this.dimensions = tower.dimensions;
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#tower.start(signal);
  }

  stop(): Promise<void> {
    return this.#tower.stop();
  }

  async encode(capture: Capture): Promise<Encoded> {
    assertInvariant(capture.modality === "audio", `a sound tower was given ${capture.modality}`);
    if (this.#gate.sourceId !== capture.sourceId) this.#gate = { sourceId: capture.sourceId, gate: new SoundGate() };
    const loudness = this.#loudness.get(capture.samples) ?? loudnessOf(capture.samples);
    this.#loudness.set(capture.samples, loudness);
    const verdict = this.#gate.gate.judge(loudness, capture.capturedAt);
    if (verdict === "silence") return { observations: [], encodeMs: 0 };
    const { vector } = await this.#embedding(capture);
    const gates = verdict === "open" ? (["open"] as const) : (["open", "closed"] as const);
    return { observations: gates.map((gate) => observationOf(capture, { vector, gate, quality: 1 }, this.space)), encodeMs: 0 };
  }

  #embedding(capture: SoundCapture): Promise<Embedding> {
    const known = this.#vectors.get(capture.samples);
    if (known !== undefined) return known;
    const encoded = this.#tower.encode(capture).then(({ observations: [first] }) => {
      assertInvariant(first?.embedding !== undefined, "a window that is not silent has a vector");
      return first.embedding;
    });
    this.#vectors.set(capture.samples, encoded);
    return encoded;
  }
}
