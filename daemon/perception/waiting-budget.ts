// What may wait between all sources and their encoders together, and who has to give if it is too much.

/** A queue as the budget sees it. */
export interface BudgetedQueue {
  readonly size: number;
  /** Bytes of what waits in it. */
  readonly weight: number;
}

/** What may wait in all queues of live sources together. */
export interface WaitingBudget {
  readonly itemsMax: number;
  readonly bytesMax: number;
}

/**
 * The queue that has to give its oldest item, while too much waits: the one with most of what there is too much of, so
 * that a source that floods does not cost one that is quiet anything.
 */
export function overBudget<Q extends BudgetedQueue>(queues: Iterable<Q>, { itemsMax, bytesMax }: WaitingBudget): Q | undefined {
  let [items, bytes] = [0, 0];
  let [longest, heaviest]: [Q | undefined, Q | undefined] = [undefined, undefined];
  for (const queue of queues) {
    items += queue.size;
    bytes += queue.weight;
    if (queue.size > (longest?.size ?? 0)) longest = queue;
    if (queue.weight > (heaviest?.weight ?? 0)) heaviest = queue;
  }
  if (bytes > bytesMax) return heaviest;
  return items > itemsMax ? longest : undefined;
}
