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
  /** A total order: 0 for the same step only. */
  compare(a: Step, b: Step): number;
  timeOf(step: Step): number;
}

/** What became of a step. `known`: it is in the tail already, and changed nothing. */
export type Arrival = "in_order" | "refolded" | "known" | "late";

/** A state along the tail, so that a refold need not begin at the watermark: `steps` of the tail are in it. */
interface Mark<State> {
  readonly steps: number;
  readonly state: State;
}

/** Steps between two marks: what is out of order is so by a few. */
const MARK_EVERY = 16;

/**
 * Keeps two states: one committed at the watermark, in canonical order, and the state now, which speaks at once.
 *
 * A step in order is one step of the state now; one out of order refolds the tail from the last mark before it. A step at
 * or before the watermark is late and changes nothing, nor does one that is in the tail. For every order of arrival within
 * the watermark, however often each step comes, the committed states are equal. Times are whole milliseconds. Bound: the tail holds the steps since the watermark.
 */
export class SpeculativeFold<Step, Output, State extends Foldable<Step, Output>> {
  readonly #order: StepOrder<Step>;
  #committed: State;
  #now: State;
  #tail: Step[] = [];
  #marks: Mark<State>[] = [];
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

  /** Takes a step in. Throws what the state throws: the step is then not taken, and all is as it was. */
  observe(step: Step): Arrival {
    if (this.#order.timeOf(step) <= this.#watermark) return "late";
    const at = insertionPoint(this.#tail, step, this.#order);
    const before = this.#tail[at - 1];
    if (before !== undefined && this.#order.compare(before, step) === 0) return "known";
    const inOrder = at === this.#tail.length;
    this.#tail.splice(at, 0, step);
    try {
      if (inOrder) this.#foldTail(at);
      else this.#refoldFrom(at);
    } catch (error) {
      this.#tail.splice(at, 1);
      this.#refoldFrom(at);
      throw error;
    }
    return inOrder ? "in_order" : "refolded";
  }

  /** Commits everything up to the watermark, which never goes back; returns what the committed steps gave. */
  advance(watermark: number): readonly Output[] {
    if (watermark <= this.#watermark) return [];
    const end = this.#tail.findIndex((step) => this.#order.timeOf(step) > watermark);
    const ripe = this.#tail.splice(0, end === -1 ? this.#tail.length : end);
    const outputs = ripe.flatMap((step) => this.#step(this.#committed, step, this.#order.timeOf(step)));
    outputs.push(...this.#committed.advance(watermark, watermark + 1));
    this.#watermark = watermark;
    this.#marks = this.#marks.flatMap((mark) => (mark.steps > ripe.length ? [{ ...mark, steps: mark.steps - ripe.length }] : []));
    const decided = [this.#now, ...this.#marks.map((mark) => mark.state)].some((state) => state.waitsFor <= watermark);
    if (decided) this.#marks = []; // what they waited for is known now
    if (decided || this.#tail.length === 0) this.#refold();
    return outputs;
  }

  #step(state: State, step: Step, completeTo: number): readonly Output[] {
    const passed = state.advance(this.#order.timeOf(step), completeTo);
    return [...passed, ...state.apply(step, completeTo)];
  }

  #refoldFrom(at: number): void {
    this.#marks = this.#marks.filter((mark) => mark.steps <= at);
    this.#refold();
  }

  #refold(): void {
    const mark = this.#marks.at(-1);
    this.#now = (mark?.state ?? this.#committed).clone();
    this.#foldTail(mark?.steps ?? 0);
  }

  /** Takes the tail's steps from one on into the state now, leaving marks. */
  #foldTail(from: number): void {
    for (let i = from; i < this.#tail.length; i++) {
      this.#step(this.#now, this.#tail[i] as Step, this.#watermark + 1);
      if (i + 1 >= (this.#marks.at(-1)?.steps ?? 0) + MARK_EVERY) this.#marks.push({ steps: i + 1, state: this.#now.clone() });
    }
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
