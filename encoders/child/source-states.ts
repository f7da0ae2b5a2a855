// What a child remembers of each source, bounded.

/** A map that forgets the source that was used longest ago when it is full. */
export class SourceStates<T> {
  readonly #capacity: number;
  readonly #make: (sourceId: string) => T;
  readonly #states = new Map<string, T>();

  constructor(capacity: number, make: (sourceId: string) => T) {
    this.#capacity = capacity;
    this.#make = make;
  }

  /** The state of a source, made on first use. */
  of(sourceId: string): T {
    const state = this.#states.get(sourceId) ?? this.#make(sourceId);
    this.#states.delete(sourceId);
    this.#states.set(sourceId, state);
    const oldest = this.#states.keys().next();
    if (this.#states.size > this.#capacity && oldest.done !== true) this.#states.delete(oldest.value);
    return state;
  }
}
