// Who gives when too much waits.
import fc from "fast-check";
import t from "tap";
import { overBudget } from "../../daemon/perception/waiting-budget.js";
import { BoundedQueue } from "../../daemon/runtime/bounded-queue.js";

void t.test("intake budget: what waits stays within it, and those that flood give", async (t) => {
  const arrivals = fc.array(fc.record({ queue: fc.nat(4), bytes: fc.integer({ min: 1, max: 40 }) }), { maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(arrivals, async (coming) => {
      const budget = { itemsMax: 20, bytesMax: 200 };
      const queues = Array.from({ length: 5 }, () => new BoundedQueue<number>(100, "drop_oldest", () => undefined, (bytes) => bytes));
      for (const { queue, bytes } of coming) {
        await queues[queue]?.put(bytes);
        for (let most = overBudget(queues, budget); most !== undefined; most = overBudget(queues, budget)) {
          t.ok(most.size * 5 > budget.itemsMax || most.weight * 5 > budget.bytesMax, "who gives has more than an equal share");
          most.shift();
        }
        t.ok(queues.reduce((sum, one) => sum + one.size, 0) <= budget.itemsMax && queues.reduce((sum, one) => sum + one.weight, 0) <= budget.bytesMax);
      }
    }),
    { numRuns: 50 },
  );
});
