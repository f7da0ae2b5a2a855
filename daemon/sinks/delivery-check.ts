// Whether what the outbox holds can be delivered: one state, from what looking at the sink and every delivery showed.
import type { DeliveryFault, DeliveryReason } from "../bus/bus.js";

/** How delivery stands. "unknown": there is no connection, so nobody can tell. */
export type DeliveryState =
  | { readonly state: "unknown" | "deliverable" }
  | { readonly state: "degraded"; readonly reason: DeliveryReason; readonly detail: string };

/** Times in a row that something must fail before it is told: a broker that is being restarted refuses a moment long. */
const FAILURES_TOLD = 2;

/** Faults of the sink that say why nothing is taken: what follows from them says less. */
const EXPLAINS_ALL: readonly DeliveryReason[] = ["unfit", "full"];

/** Judges delivery; calls back whenever the state or its reason is another one. Bound: one entry a rejected key. */
export class DeliveryCheck {
  readonly #onChange: (state: DeliveryState) => void;
  readonly #rejected = new Map<string, DeliveryFault>();
  #known = false;
  /** Why the sink could not be opened, or the last delivery of a session failed. */
  #failure: { fault: DeliveryFault; times: number; opening: boolean } | undefined;
  /** What is wrong with the sink although it was opened. */
  #standing: DeliveryFault | undefined;
  #told = "unknown";

  constructor(onChange: (state: DeliveryState) => void) {
    this.#onChange = onChange;
  }

  /** How delivery stands now. */
  get state(): DeliveryState {
    if (!this.#known) return { state: "unknown" };
    const failure = this.#failure !== undefined && this.#failure.times >= FAILURES_TOLD ? this.#failure.fault : undefined;
    const cause = this.#standing !== undefined && EXPLAINS_ALL.includes(this.#standing.reason) ? this.#standing : undefined;
    const fault = cause ?? failure ?? [...this.#rejected.values()][0] ?? this.#standing;
    return fault === undefined ? { state: "deliverable" } : { state: "degraded", ...fault };
  }

  /** The connection has gone. */
  lost(): void {
    this.#known = false;
    this.#failure = undefined;
    this.#standing = undefined;
    this.#rejected.clear();
    this.#tell();
  }

  /** The sink was opened, or looked at while it was open. */
  looked(fault: DeliveryFault | undefined): void {
    this.#known = true;
    this.#standing = fault;
    if (this.#failure?.opening === true) this.#failure = undefined;
    this.#tell();
  }

  /** The sink could not be opened (`opening`), or did not take what it was given. */
  failed(fault: DeliveryFault, opening: boolean): void {
    this.#failure = { fault, times: (this.#failure?.times ?? 0) + 1, opening };
    this.#known ||= this.#failure.times >= FAILURES_TOLD;
    this.#tell();
  }

  /** The sink will not take this message of this key; it is tried again later. */
  rejected(key: string, fault: DeliveryFault): void {
    this.#known = true;
    this.#rejected.set(key, fault);
    this.#tell();
  }

  /** A message of this key was taken. */
  accepted(key: string): void {
    this.#failure = undefined;
    this.#rejected.delete(key);
    this.#tell();
  }

  /** Nothing waits to be delivered: what was refused before has gone. */
  idle(): void {
    this.#failure = undefined;
    this.#rejected.clear();
    this.#tell();
  }

  #tell(): void {
    const state = this.state;
    // That a message may be refused is one thing to say, and that one was is another.
    const told = state.state === "degraded" ? `${state.reason} ${this.#rejected.size > 0 ? "refused" : ""}` : state.state;
    if (told === this.#told) return;
    this.#told = told;
    this.#onChange(state);
  }
}
