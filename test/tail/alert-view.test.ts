// Alerts read from messages of any origin.
import t from "tap";
import fc from "fast-check";
import { readAlert } from "../../daemon/tail/alert-view.js";

const message = {
  ...{ schema_version: 1, id: "8a1f", revision: 2, state: "firing", site: "demo", group: "yard", rule: "dog-with-person" },
  ...{ severity: "warning", started_at: "2026-01-01T12:00:00.000Z", updated_at: "2026-01-01T12:00:02.400Z", confidence: 0.8 },
  ...{ calibrated: true, delayed: false, summary: "dog heard, person seen", stages_ms: { capture: 1 } },
  events: [{ id: "e1", revision: 4 }, { id: "e2", revision: 1 }],
  evidence: [
    {
      ...{ condition: "hear: dog", source: "yard-mic", modality: "audio", observation: "o1", confidence: 0.93 },
      ...{ captured_at: "2026-01-01T12:00:00.400Z", duration_ms: 2_000, offset_ms: 400 },
    },
  ],
};

const START = Date.parse(message.started_at);

void t.test("alert view: takes what it shows from a message", (t) => {
  t.same(readAlert(message), {
    ...{ id: "8a1f", revision: 2, state: "firing", group: "yard", rule: "dog-with-person", severity: "warning" },
    ...{ startedAt: START, updatedAt: START + 2_400, confidence: 0.8, calibrated: true, delayed: false, unwitnessed: false },
    ...{ summary: "dog heard, person seen", eventIds: ["e1", "e2"] },
    evidence: [
      { condition: "hear: dog", source: "yard-mic", modality: "audio", capturedAt: START + 400, durationMs: 2_000, offsetMs: 400, confidence: 0.93 },
    ],
  });
  t.end();
});

void t.test("alert view: takes what only some alerts have", (t) => {
  const rare = { ended_at: "2026-01-01T12:00:09Z", unwitnessed: true, reason: "withdrawn", supersedes: "aa" };
  const alert = readAlert({ ...message, ...rare, state: "resolved", evidence: [{ ...message.evidence[0], text: "badge denied", last_scan_at: "2026-01-01T12:00:01Z" }] });
  t.match(alert, { state: "resolved", endedAt: START + 9_000, unwitnessed: true, lastScanAt: START + 1000, reason: "withdrawn", supersedes: "aa" });
  t.equal(alert?.evidence[0]?.text, "badge denied");
  t.end();
});

void t.test("alert view: is undefined for what is no alert", (t) => {
  for (const key of ["id", "revision", "state", "group", "rule", "severity", "started_at", "updated_at", "confidence", "summary"]) {
    t.equal(readAlert({ ...message, [key]: undefined }), undefined, `without ${key}`);
    t.equal(readAlert({ ...message, [key]: { odd: true } }), undefined, `with an odd ${key}`);
  }
  t.equal(readAlert({ ...message, state: "pending" }), undefined);
  t.equal(readAlert({ ...message, confidence: Number.NaN }), undefined);
  for (const odd of [undefined, null, 3, "x", []]) t.equal(readAlert(odd), undefined);
  t.end();
});

void t.test("alert view: leaves out evidence and events that it cannot read, and more than there can be", (t) => {
  const good = message.evidence[0];
  const odd = [3, {}, { ...good, source: 1 }, { ...good, confidence: "1" }, { ...good, captured_at: "soon" }];
  t.equal(readAlert({ ...message, evidence: [...odd, good] })?.evidence.length, 1);
  t.equal(readAlert({ ...message, evidence: Array.from({ length: 1_000 }, () => good) })?.evidence.length, 16);
  t.same(readAlert({ ...message, evidence: 3, events: "x" })?.evidence, []);
  t.same(readAlert({ ...message, events: [{ id: 1 }, { id: "e" }] })?.eventIds, ["e"]);
  t.end();
});

void t.test("alert view: never throws", (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.anything(), fc.string(), (value, key) => void readAlert({ ...message, [key]: value, evidence: [value] }))));
  t.end();
});
