// State now = fold(state committed at the watermark, later steps in canonical order).

/** A state machine over steps in canonical order. `clone` must be cheap and share nothing that is written. */
export interface Foldable<Step, Output> {
  /** Takes one step. Every step before `completeTo` (Unix ms, itself excluded) has been applied. */
  apply(step: Step, completeTo: number): readonly Output[];
  /** Time has passed to `timeMs`. Its effects must not depend on how finely time is cut. */
  advance(timeMs: number, completeTo: number): readonly Output[];
  /** The earliest time whose completeness this state waits for; Infinity if none. */
  readonly waitsFor: number;
  clone(): this;
}

/** Where a step stands in the canonical order. */
export interface StepOrder<Step> {
  compare(a: Step, b: Step): number;
  timeOf(step: Step): number;
}

/** What became of a step. */
export type Arrival = "in_order" | "refolded" | "late";

/**
 * Keeps two states: one committed at the watermark, in canonical order, and the state now, which speaks at once.
 *
 * A step in order is one step of the state now; one out of order refolds the short tail. A step at or before the
 * watermark is late and changes nothing. For every order of arrival within the watermark the committed states are equal.
 * Times are whole milliseconds. Bound: the tail holds the steps since the watermark.
 */
export class SpeculativeFold<Step, Output, State extends Foldable<Step, Output>> {
  readonly #order: StepOrder<Step>;
  #committed: State;
  #now: State;
  #tail: Step[] = [];
  #watermark: number;

  constructor(committed: State, order: StepOrder<Step>, watermark = -Infinity) {
    this.#order = order;
    this.#committed = committed;
    this.#now = committed.clone();
    this.#watermark = watermark;
  }

  /** The state that speaks at once. Read only. */
  get now(): State {
    return this.#now;
  }

  /** The state at the watermark. Read only. */
  get committed(): State {
    return this.#committed;
  }

  get watermark(): number {
    return this.#watermark;
  }

  /** Steps after the watermark, in canonical order. */
  get tail(): readonly Step[] {
    return this.#tail;
  }

  /** Takes a step in. */
  observe(step: Step): Arrival {
    const time = this.#order.timeOf(step);
    if (time <= this.#watermark) return "late";
    const last = this.#tail.at(-1);
    if (last === undefined || this.#order.compare(last, step) <= 0) {
      this.#tail.push(step);
      this.#step(this.#now, step, this.#watermark + 1);
      return "in_order";
    }
    this.#tail.splice(insertionPoint(this.#tail, step, this.#order), 0, step);
    this.#refold();
    return "refolded";
  }

  /** Commits everything up to the watermark, which never goes back; returns what the committed steps gave. */
  advance(watermark: number): readonly Output[] {
    if (watermark <= this.#watermark) return [];
    const end = this.#tail.findIndex((step) => this.#order.timeOf(step) > watermark);
    const ripe = this.#tail.splice(0, end === -1 ? this.#tail.length : end);
    const outputs = ripe.flatMap((step) => this.#step(this.#committed, step, this.#order.timeOf(step)));
    outputs.push(...this.#committed.advance(watermark, watermark + 1));
    this.#watermark = watermark;
    if (this.#tail.length === 0 || this.#now.waitsFor <= watermark) this.#refold();
    return outputs;
  }

  #step(state: State, step: Step, completeTo: number): readonly Output[] {
    const passed = state.advance(this.#order.timeOf(step), completeTo);
    return [...passed, ...state.apply(step, completeTo)];
  }

  #refold(): void {
    this.#now = this.#committed.clone();
    for (const step of this.#tail) this.#step(this.#now, step, this.#watermark + 1);
  }
}

function insertionPoint<Step>(sorted: readonly Step[], step: Step, order: StepOrder<Step>): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order.compare(sorted[middle] as Step, step) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
