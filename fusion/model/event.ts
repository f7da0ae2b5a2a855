// One happening: same group, overlapping time, same meaning.
import type { Modality } from "./modality.js";
import type { Embedding, Region } from "./observation.js";

/** Why an event came to its end. `clock`: the clock was set back, so what follows cannot be placed after it. */
export type CloseReason = "gap" | "max_duration" | "evicted" | "encoders_changed" | "clock";

/** The best member of one source and modality: what it is compared by, and shown as. */
export interface Representative {
  readonly sourceId: string;
  readonly modality: Modality;
  readonly observationId: string;
  readonly capturedAt: number;
  readonly durationMs: number;
  readonly embedding: Embedding;
  readonly quality: number;
  readonly region?: Region;
  readonly text?: string;
}

/**
 * An event. Immutable: a change makes a new value with a higher revision.
 *
 * `FusionEvent`, to keep clear of the global Event. Times are Unix ms of event time.
 */
export interface FusionEvent {
  /** Hash of the founding observation's id and start: the same in every replay of a file, another in one of another file. */
  readonly id: string;
  readonly groupId: string;
  readonly revision: number;
  readonly phase: "open" | "closed" | "merged";
  readonly startedAt: number;
  readonly endedAt: number;
  /** One per (source, modality). */
  readonly representatives: readonly Representative[];
  /** Observations per modality. */
  readonly counts: Readonly<Record<Modality, number>>;
  /** What it most probably is: a concept's name; absent when no concept stands out. */
  readonly concept?: string;
  readonly mergedInto?: string;
  /** The event that `max_duration` cut and this one goes on with. */
  readonly continues?: string;
  readonly closeReason?: CloseReason;
}
