// Work in slices.
import t from "tap";
import { Turns } from "../../daemon/runtime/turns.js";

const busy = (ms: number): void => {
  for (const endMs = performance.now() + ms; performance.now() < endMs; );
};

void t.test("turns: the event loop turns while many work without end", async (t) => {
  const turns = new Turns({ sliceMs: 5, holdBack: () => false, holdMs: 0 });
  let over = false;
  const done: number[] = [];
  const workers = Array.from({ length: 20 }, async (_, i) => {
    while (!over) {
      await turns.next();
      busy(1);
      done[i] = (done[i] ?? 0) + 1;
    }
  });
  let loops = 0;
  await new Promise<void>((resolve) => {
    const turn = (): void => void (++loops < 30 ? setImmediate(turn) : resolve());
    turn();
  });
  over = true;
  await Promise.all(workers);
  t.ok(Math.max(...done) - Math.min(...done) <= 1, "each as often as the others, in the order of asking");
  t.ok(done.reduce((sum, count) => sum + count) < 30 * 20, "the loop turned meanwhile");
});

void t.test("turns: work waits while it is held back, but not for ever", async (t) => {
  let held = true;
  const turns = new Turns({ sliceMs: 5, holdBack: () => held, holdMs: 50 });
  const startedMs = performance.now();
  await turns.next();
  t.ok(performance.now() - startedMs >= 45);
  const waiting = turns.next();
  held = false;
  const freeMs = performance.now();
  await waiting;
  t.ok(performance.now() >= freeMs, "it goes on once nothing holds it back");
});
