// The canonical order of steps, of every kind.
import fc from "fast-check";
import t from "tap";
import { stepOrder, type Origin, type Step } from "../../daemon/groups/step.js";
import type { Incident } from "../../rules/incident.js";
import { observationId } from "../../fusion/model/observation.js";
import { withChange, type HealthSpan } from "../../rules/witnesses.js";
import { holds } from "../support/property.js";

const few = fc.nat(2);
const sourceId = fc.constantFrom("a", "b");
const modality = fc.constantFrom("image" as const, "audio" as const);
const origin = fc.option(fc.record({ run: few, seq: few }), { nil: undefined });
const reported = (one: Origin | undefined): { readonly origin?: Origin } => (one === undefined ? {} : { origin: one });
const incident = fc.record({ ruleId: fc.constantFrom("r", "s"), startedAt: few, id: fc.constantFrom("x", "y") }) as unknown as fc.Arbitrary<Incident>;

/** Steps of few moments, sources and numbers, so that hardly anything but the last of what orders them decides. */
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.record({ sourceId, modality, at: few, healthy: fc.boolean() }), origin).map(([change, by]): Step => ({ kind: "witness", change, ...reported(by) })),
  fc.record({ sourceId, modality, run: few, seq: few, capturedAt: few, durationMs: few }).map((key): Step => ({ kind: "observation", observation: { ...key, id: observationId(key), gate: "open", quality: 1 } })),
  fc.tuple(fc.record({ sourceId, from: few, to: few }), origin).map(([scan, by]): Step => ({ kind: "scan", ...scan, ...reported(by) })),
  fc.record({ at: few, incident, toldRevision: few }).map((one): Step => ({ kind: "upheld", ...one })),
);

void t.test("step order: is total, whatever the kinds: 0 for the same step only, and no circle", (t) => {
  const same = (a: Step, b: Step): boolean => JSON.stringify(plain(a)) === JSON.stringify(plain(b));
  let equals = 0;
  holds(
    t,
    "antisymmetric, and 0 for the same",
    fc.property(step, step, (a, b) => {
      const [ab, ba] = [stepOrder.compare(a, b), stepOrder.compare(b, a)];
      if (same(a, b)) equals++;
      return Math.sign(ab) === -Math.sign(ba) && (ab === 0) === same(a, b) && stepOrder.compare(a, a) === 0;
    }),
    20_000,
  );
  t.ok(equals > 20, `${equals} pairs were the same`);
  holds(
    t,
    "transitive, and never against time",
    fc.property(fc.tuple(step, step, step), (steps) => {
      const [a, b, c] = [...steps].sort((x, y) => stepOrder.compare(x, y)) as [Step, Step, Step];
      return stepOrder.compare(a, c) <= 0 && stepOrder.timeOf(a) <= stepOrder.timeOf(b) && stepOrder.timeOf(b) <= stepOrder.timeOf(c);
    }),
    10_000,
  );
  t.end();
});

/** Without a key's place in its object, which says nothing. */
function plain(step: Step): unknown {
  return Object.entries(step as unknown as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, value !== null && typeof value === "object" ? Object.entries(value as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1)) : value]);
}

void t.test("step order: of two changes of an input in one moment the one reported later counts, and where nothing says which, it is blind", (t) => {
  const cam = { sourceId: "cam", modality: "image" } as const;
  const change = (healthy: boolean, by?: Origin): Extract<Step, { kind: "witness" }> => ({ kind: "witness", change: { ...cam, at: 5, healthy }, ...reported(by) });
  const outcome = (...steps: readonly Extract<Step, { kind: "witness" }>[]): boolean => {
    const spans = [...steps].sort((a, b) => stepOrder.compare(a, b)).reduce<readonly HealthSpan[]>((list, one) => withChange(list, one.change), [{ ...cam, from: 0 }]);
    return spans.some(({ to }) => to === undefined);
  };
  const cases = [
    { steps: [change(true, { run: 1, seq: 8 }), change(false, { run: 1, seq: 9 })], witnesses: false },
    { steps: [change(false, { run: 1, seq: 8 }), change(true, { run: 1, seq: 9 })], witnesses: true },
    { steps: [change(false, { run: 1, seq: 9 }), change(true, { run: 2, seq: 0 })], witnesses: true },
    { steps: [change(false), change(true, { run: 0, seq: 0 })], witnesses: true },
    { steps: [change(true), change(false)], witnesses: false },
  ];
  for (const { steps, witnesses } of cases) for (const order of [steps, [...steps].reverse()]) t.equal(outcome(...order), witnesses);
  t.end();
});
