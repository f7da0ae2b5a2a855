// The gate of the audio tower: every window is encoded but digital silence.
import { HEARD_MAX, type ModelCapture, type TowerSpec } from "../tower-spec.js";
import { loudnessOf, SoundGate } from "./sound-gate.js";
import { SourceStates } from "./source-states.js";
import type { Cut, Gate, Look } from "./look.js";

/** Cuts windows of sound: none of silence, one of any other, and a second one for the cohort when all is quiet. */
export class SoundCutter implements Gate {
  readonly #tower: TowerSpec;
  readonly #gates = new SourceStates(HEARD_MAX, () => new SoundGate());

  constructor(tower: TowerSpec) {
    this.#tower = tower;
  }

  cut(capture: ModelCapture): Look {
    if (capture.modality !== "audio") throw new Error(`the audio tower was given ${capture.modality}`);
    const { samples, sampleRateHz, sourceId, capturedAt } = capture;
    const length = this.#tower.input.shape[1] as number;
    if (sampleRateHz !== this.#tower.sampleRateHz || samples.length !== length) {
      throw new Error(`a window of ${samples.length} samples at ${sampleRateHz} Hz came from ${sourceId}, but the tower takes ${length} at ${this.#tower.sampleRateHz} Hz`);
    }
    const verdict = this.#gates.of(sourceId).judge(loudnessOf(samples), capturedAt);
    if (verdict === "silence") return { cuts: [] };
    const open: Cut = { input: samples, gate: "open", quality: 1 };
    return { cuts: verdict === "open" ? [open] : [open, { ...open, gate: "closed" }] };
  }
}
