import t from "tap";
import type { Incident } from "../../rules/incident.js";
import { PublicationLedger } from "../../rules/publication.js";

const incident: Incident = {
  id: "a",
  ruleId: "rule",
  groupId: "yard",
  severity: "warning",
  state: "firing",
  startedAt: 0,
  updatedAt: 1000,
  confidence: 0.8,
  calibrated: true,
  events: [],
  evidence: [
    { condition: "see: person", sourceId: "cam", modality: "image", observationId: "o", capturedAt: 0, durationMs: 0, offsetMs: 0, confidence: 0.8 },
  ],
  summary: "",
};

function ledger(): PublicationLedger {
  return new PublicationLedger(() => 30_000);
}

void t.test("publication: tells a firing incident once, and again only what is news", (t) => {
  const told = ledger();
  t.match(told.reconcile([incident], 1000, -Infinity).alerts, [{ revision: 1, incident: { id: "a" } }]);
  t.strictSame(told.reconcile([{ ...incident, updatedAt: 2000, confidence: 0.89 }], 2000, -Infinity).alerts, []);
  t.match(told.reconcile([{ ...incident, updatedAt: 3000, confidence: 0.91 }], 3000, -Infinity).alerts, [{ revision: 2 }]);
  const heard = { ...(incident.evidence[0] as (typeof incident.evidence)[number]), sourceId: "mic", modality: "audio" as const };
  const withSound = { ...incident, updatedAt: 4000, confidence: 0.91, evidence: [...incident.evidence, heard] };
  t.match(told.reconcile([withSound], 4000, -Infinity).alerts, [{ revision: 3 }]);
  t.strictSame(told.reconcile([{ ...withSound, updatedAt: 33_999 }], 33_999, -Infinity).alerts, []);
  t.match(told.reconcile([{ ...withSound, updatedAt: 34_000 }], 34_000, -Infinity).alerts, [{ revision: 4 }]);
  t.match(told.reconcile([{ ...withSound, state: "resolved", updatedAt: 40_000 }], 40_000, -Infinity).alerts, [{ revision: 5, incident: { state: "resolved" } }]);
  t.strictSame(told.reconcile([{ ...withSound, state: "resolved", updatedAt: 40_000 }], 41_000, -Infinity).alerts, []);
  t.end();
});

void t.test("publication: pending incidents are candidates, once", (t) => {
  const told = ledger();
  const pending: Incident = { ...incident, state: "pending" };
  t.match(told.reconcile([pending], 1, -Infinity), { alerts: [], candidates: [{ id: "a" }] });
  t.match(told.reconcile([pending], 2, -Infinity), { alerts: [], candidates: [] });
  t.end();
});

void t.test("publication: what lost its ground is withdrawn, and what stands for it says so", (t) => {
  const told = ledger();
  told.reconcile([incident], 1000, -Infinity);
  const { alerts } = told.reconcile([{ ...incident, id: "b" }], 2000, -Infinity);
  t.match(alerts, [
    { revision: 2, incident: { id: "a", state: "resolved", reason: "withdrawn", endedAt: 1000 } },
    { revision: 1, incident: { id: "b", supersedes: "a" } },
  ]);
  t.match(told.reconcile([{ ...incident, id: "b", confidence: 0.99 }], 2500, -Infinity).alerts, [{ revision: 2, incident: { supersedes: "a" } }]);
  const back = told.reconcile([incident, { ...incident, id: "b", confidence: 0.99 }], 3000, -Infinity).alerts;
  t.match(back, [{ revision: 3, incident: { id: "a", state: "firing" } }], "revisions never start again");
  t.strictSame(back[0]?.incident.supersedes, undefined);
  t.end();
});

void t.test("publication: goes on after a restart, and forgets what is long over", (t) => {
  const told = ledger();
  told.reconcile([incident], 1000, -Infinity);
  const again = new PublicationLedger(() => 30_000, told.told);
  t.strictSame(again.reconcile([incident], 1500, -Infinity).alerts, []);
  const resolved: Incident = { ...incident, state: "resolved", updatedAt: 2000 };
  t.match(again.reconcile([resolved], 2000, -Infinity).alerts, [{ revision: 2 }]);
  again.reconcile([], 500_000, -Infinity);
  t.equal(again.told.length, 1);
  again.reconcile([], 700_000, -Infinity);
  t.equal(again.told.length, 0);
  t.end();
});

void t.test("publication: of many that are over, only those that could still change are remembered", (t) => {
  const told = ledger();
  const one = (i: number): Incident => ({ ...incident, id: `i${i}`, state: "resolved", startedAt: i, updatedAt: i });
  for (let i = 0; i < 1000; i++) told.reconcile([one(i)], i, -Infinity);
  t.equal(told.told.length, 1000, "the watermark has passed none");
  told.reconcile([one(0), { ...incident, id: "open" }], 1000, 899);
  t.equal(told.told.length, 129, "128 that are over, one of them still shown by the state, and the open one");
  t.strictSame(told.reconcile([one(0)], 1001, 1001).alerts.map(({ incident }) => incident.id), ["open"], "what the state shows is not told again");
  t.end();
});
