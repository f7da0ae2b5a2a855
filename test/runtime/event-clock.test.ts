// Event time while the wall clock is set, slewed, or goes on in the machine's sleep.
import fc from "fast-check";
import t from "tap";
import { EventClock } from "../../daemon/runtime/event-clock.js";
import { holds } from "../support/property.js";
import { VirtualClock } from "../telemetry/virtual-clock.js";

const HOUR_MS = 3_600_000;
const jumps = fc.constantFrom(-24 * HOUR_MS, -HOUR_MS, -10_000, -1500, -400, 400, 1500, 10_000, HOUR_MS, 24 * HOUR_MS);

function looking(clock: VirtualClock, eventClock: EventClock, forMs: number): { steps: number[]; backwards: number } {
  const steps: number[] = [];
  let backwards = 0;
  for (let passed = 0; passed < forMs; passed += 200) {
    const before = eventClock.nowMs();
    clock.advance(200);
    const step = eventClock.look();
    if (step !== undefined) steps.push(step.toMs - step.fromMs);
    else if (eventClock.nowMs() <= before) backwards++;
  }
  return { steps, backwards };
}

void t.test("event clock: it is with the wall clock soon after every jump, and goes back only by a step that it tells", (t) => {
  holds(
    t,
    "any jumps",
    fc.property(fc.array(jumps, { minLength: 1, maxLength: 6 }), (list) => {
      const clock = new VirtualClock();
      const eventClock = new EventClock(clock);
      return list.every((jumpMs) => {
        clock.jumpWall(jumpMs);
        const { steps, backwards } = looking(clock, eventClock, 10_000);
        const stepped = Math.abs(jumpMs) >= 1000 ? steps.length === 1 && Math.abs((steps[0] ?? 0) - jumpMs) < 60 : steps.length === 0;
        return stepped && backwards === 0 && Math.abs(eventClock.nowMs() - clock.wallNowMs()) <= 1;
      });
    }),
  );
  t.end();
});

void t.test("event clock: small differences are led back without a step", (t) => {
  const clock = new VirtualClock();
  const eventClock = new EventClock(clock);
  clock.jumpWall(-500);
  const { steps } = looking(clock, eventClock, 5000);
  t.same(steps, []);
  t.equal(Math.round(eventClock.nowMs() - clock.wallNowMs()), 250, "five hundredths of the time");
  looking(clock, eventClock, 6000);
  t.equal(Math.round(eventClock.nowMs() - clock.wallNowMs()), 0);
  t.end();
});

void t.test("event clock: ages are those of the monotonic clock, whatever the wall clock did since", (t) => {
  holds(
    t,
    "any jumps, any age",
    fc.property(fc.array(jumps, { maxLength: 5 }), fc.integer({ min: 0, max: 9000 }), (list, afterMs) => {
      const clock = new VirtualClock();
      const eventClock = new EventClock(clock);
      clock.advance(60_000);
      const stamps = list.map((jumpMs) => {
        clock.advance(afterMs);
        const stamp = { atMs: clock.monotonicNowMs(), eventMs: eventClock.nowMs(), again: jumpMs < 0 };
        clock.jumpWall(jumpMs);
        looking(clock, eventClock, 200);
        return stamp;
      });
      clock.advance(3000);
      // A moment that came a second time is taken for the later one: only those that came once are told apart.
      const ambiguous = list.some((jumpMs) => jumpMs < 0);
      return stamps.every(({ atMs, eventMs }) => ambiguous || Math.abs(eventClock.ageMs(eventMs) - (clock.monotonicNowMs() - atMs)) < 2500);
    }),
  );
  const clock = new VirtualClock();
  const eventClock = new EventClock(clock);
  const stamp = eventClock.nowMs();
  clock.jumpWall(-HOUR_MS);
  looking(clock, eventClock, 10_000);
  t.equal(eventClock.ageMs(stamp), 10_000, "stamped before the clock was set back");
  t.equal(eventClock.ageMs(eventClock.nowMs() - 4000), 4000, "stamped since");
  clock.jumpWall(2 * HOUR_MS);
  looking(clock, eventClock, 10_000);
  t.equal(eventClock.ageMs(eventClock.nowMs() - HOUR_MS), 10_000 - 200, "what a step left out is as old as the step");
  t.ok(eventClock.ageMs(eventClock.nowMs() + 24 * HOUR_MS) < 0, "what has not come");
  t.end();
});

void t.test("event clock: a reading that was interrupted is not taken for a step", (t) => {
  const clock = new VirtualClock();
  const eventClock = new EventClock(clock);
  const slow = { ...port(clock), wallNowMs: () => (clock.advance(5000), clock.wallNowMs()) };
  t.equal(new EventClock(slow).look(), undefined);
  t.equal(eventClock.look(), undefined);
  t.end();
});

function port(clock: VirtualClock) {
  return { epochMs: clock.epochMs, monotonicNowMs: () => clock.monotonicNowMs(), after: clock.after.bind(clock) };
}
