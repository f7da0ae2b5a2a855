// Whether one input may witness an absence: its source is healthy, and what it gives is looked at. Pure.
import type { Input } from "../../fusion/watermark.js";
import type { WitnessChange } from "../../rules/witnesses.js";

/** Captures that became no observations: when the first of them started and when the last did, Unix ms of event time. */
export interface Loss {
  readonly from: number;
  readonly to: number;
  /** In an operator's words. */
  readonly why: string;
}

/**
 * Judges one input from what its source says of itself and from what became of its captures.
 *
 * It witnesses while its source is healthy and from the first capture that was lost until the first that was looked at
 * again it does not. A gate that stays closed has looked. Changes never go back in time. Each call returns the change that
 * it made, if any.
 */
export class InputWitness {
  readonly #input: Input;
  #isHealthy = false;
  /** Why captures are lost; undefined while they are looked at. */
  #why: string | undefined;
  #witnesses = false;
  #changedAt = -Infinity;
  /** When the last capture that was lost started. */
  #lostTo = -Infinity;

  constructor(input: Input) {
    this.#input = input;
  }

  /** Whether its silence proves an absence just now. */
  get witnesses(): boolean {
    return this.#witnesses;
  }

  /** Why what a healthy source gives is not looked at just now; undefined where it is. */
  get blind(): string | undefined {
    return this.#isHealthy ? this.#why : undefined;
  }

  /** What is said of it by whoever knows how it is. */
  source({ healthy, at }: Pick<WitnessChange, "healthy" | "at">): WitnessChange | undefined {
    this.#isHealthy = healthy;
    return this.#settle(at);
  }

  /** Captures were lost. Those of one input may be told in any order. */
  lost({ from, to, why }: Loss): WitnessChange | undefined {
    this.#lostTo = Math.max(this.#lostTo, to);
    this.#why = why;
    return this.#settle(from);
  }

  /** A capture that began at `startedAt` was looked at; it ends the blindness if none that came after it was lost. */
  looked(startedAt: number): WitnessChange | undefined {
    return this.#regain(startedAt);
  }

  /** All that ended at or before `time` was told. A feed of text that says so is read on; a camera must show something. */
  told(time: number): WitnessChange | undefined {
    return this.#input.modality === "text" ? this.#regain(time) : undefined;
  }

  #regain(at: number): WitnessChange | undefined {
    if (this.#why === undefined || at <= this.#lostTo) return undefined;
    this.#why = undefined;
    return this.#settle(at);
  }

  #settle(at: number): WitnessChange | undefined {
    const healthy = this.#isHealthy && this.#why === undefined;
    if (healthy === this.#witnesses) return undefined;
    this.#witnesses = healthy;
    this.#changedAt = Math.max(this.#changedAt, at, healthy ? this.#lostTo + 1 : at);
    const { sourceId, modality } = this.#input;
    return { sourceId, modality, at: this.#changedAt, healthy };
  }
}
