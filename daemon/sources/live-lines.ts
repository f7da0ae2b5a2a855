// Lines as they arrive: their time, their rate, and the progress of a feed that is silent.
import type { Fields } from "../../fusion/model/observation.js";
import { steadyNowMs, type Clock } from "../runtime/clock.js";
import type { SignalOutlet } from "./signal-outlet.js";
import type { DropReason } from "./source.js";

/** What a line says. */
export interface Said {
  readonly text: string;
  readonly fields?: Fields;
}

/** Tells lines of one live feed at the time of their arrival. */
export class LiveLines {
  readonly #outlet: SignalOutlet;
  readonly #clock: Clock;
  readonly #perSecondMax: number;
  /** Lines that may come at once now; refilled with time. */
  #allowance: number;
  #refilledMs: number;
  #up: boolean | undefined;
  #why = "";

  constructor(outlet: SignalOutlet, clock: Clock, perSecondMax: number) {
    this.#outlet = outlet;
    this.#clock = clock;
    this.#perSecondMax = perSecondMax;
    this.#allowance = perSecondMax;
    this.#refilledMs = clock.monotonicNowMs();
  }

  /** Steady time now, whole Unix ms. */
  now(): number {
    return Math.floor(steadyNowMs(this.#clock));
  }

  /** Whether a line may come in, or too many came within a second. To be asked once for each, before it is looked at: a flood must cost nothing. */
  admits(): boolean {
    const nowMs = this.#clock.monotonicNowMs();
    const refill = ((nowMs - this.#refilledMs) * this.#perSecondMax) / 1000;
    this.#allowance = Math.min(this.#perSecondMax, this.#allowance + refill);
    this.#refilledMs = nowMs;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }

  /** Tells a line that was admitted. */
  async line(said: Said): Promise<void> {
    const receivedAtMs = this.#clock.monotonicNowMs();
    await this.#outlet.capture({ modality: "text", capturedAt: this.now(), durationMs: 0, receivedAtMs, ...said });
  }

  /** A line that came now was given up: told with what is told next. */
  lost(reason: DropReason): void {
    this.#outlet.lost("text", this.now(), reason);
  }

  /** Says whether lines can come; told when that, or why they cannot, changes. */
  async link(up: boolean, detailWhenDown: string): Promise<void> {
    if (up === this.#up && (up || detailWhenDown === this.#why)) return;
    this.#up = up;
    this.#why = detailWhenDown;
    await (up ? this.#outlet.state("healthy", this.now()) : this.#outlet.state("alarmed", this.now(), detailWhenDown));
  }

  /** A feed that says nothing about its link is linked. */
  async linkUnlessTold(): Promise<void> {
    if (this.#up === undefined) await this.link(true, "");
  }

  /** Nothing came until now: progress, unless what did come still waits for the consumer. */
  async tick(): Promise<void> {
    if (this.#outlet.idle) await this.#outlet.progress("text", this.now());
  }
}
