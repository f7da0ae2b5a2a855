// Which modalities of a source show what is there, and since when. Pure.
import type { Modality } from "../../fusion/model/modality.js";
import type { ModalityWitness } from "./source.js";

/** How each modality of one source is. Times are event time, Unix ms. Bound: one entry for each modality. */
export class WitnessBoard {
  readonly #witnesses = new Map<Modality, ModalityWitness>();
  /** When each modality last showed something true: from there on it is blind when it is lost. */
  readonly #shownAt = new Map<Modality, number>();

  /** All are blind as of `at`. */
  constructor(modalities: readonly Modality[], at: number, why: string) {
    for (const modality of modalities) this.#witnesses.set(modality, { modality, healthy: false, at: Math.round(at), why });
  }

  /** Every modality, in the order of the source. */
  get all(): readonly ModalityWitness[] {
    return [...this.#witnesses.values()];
  }

  isHealthy(modality: Modality): boolean {
    return this.#witnesses.get(modality)?.healthy === true;
  }

  /** A modality showed something true at `at`. True: it was blind before. */
  shown(modality: Modality, at: number): boolean {
    this.#shownAt.set(modality, at);
    if (this.isHealthy(modality)) return false;
    this.#witnesses.set(modality, { modality, healthy: true, at: Math.round(at) });
    return true;
  }

  /** A modality shows nothing true, since the event time `since` (default: since it last did). True: it did until now. */
  blind(modality: Modality, why: string, since?: number): boolean {
    const before = this.#witnesses.get(modality);
    if (before === undefined) return false;
    const at = before.healthy ? (since ?? this.#shownAt.get(modality) ?? before.at) : before.at;
    this.#witnesses.set(modality, { modality, healthy: false, at: Math.round(at), why });
    return before.healthy;
  }
}
