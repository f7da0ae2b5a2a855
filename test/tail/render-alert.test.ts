// Alerts as lines.
import t from "tap";
import fc from "fast-check";
import type { EvidenceView } from "../../daemon/tail/alert-view.js";
import { conditionWords, localTime, renderAlert } from "../../daemon/tail/render-alert.js";
import { columnsOf } from "../../daemon/tail/terminal-text.js";
import { alertView } from "../support/alert-view.js";

const plain = { colour: false, columns: 100, timeZone: "UTC" };

const evidence = (condition: string, source: string, offsetMs: number, fields: Partial<EvidenceView> = {}): EvidenceView => ({
  ...{ condition, source, modality: "audio", capturedAt: 0, durationMs: 2_000, offsetMs, confidence: 0.934 },
  ...fields,
});

void t.test("alert: shows state, time, severity, rule, group, confidence, summary and evidence", (t) => {
  const alert = alertView({ evidence: [evidence("hear: dog", "yard-mic", 400), evidence("see: person", "yard-camera", -20)] });
  t.same(renderAlert(alert, plain), [
    "FIRING    2026-01-01 12:00:00  warning  dog-with-person in yard  0.80",
    "          dog heard, person seen",
    "          heard dog   yard-mic     0.93  +0.4 s",
    "          saw person  yard-camera  0.93  +0.0 s",
  ]);
  t.end();
});

void t.test("alert: shows the end of a resolved one, and everything unusual about it", (t) => {
  const alert = alertView({
    ...{ state: "resolved", severity: "critical", reason: "withdrawn", calibrated: false, delayed: true, unwitnessed: true, lastScanAt: Date.parse("2026-01-01T11:58:00Z") },
    ...{ supersedes: "aa", evidence: [evidence("read: badge", "badges", -61_000, { text: "badge denied" })] },
    endedAt: Date.parse("2026-01-01T12:00:09.9Z"),
  });
  t.same(renderAlert(alert, { ...plain, columns: 200 }), [
    "RESOLVED  2026-01-01 12:00:09  critical  dog-with-person in yard  0.80  withdrawn, not calibrated yet, delayed, unwitnessed, last complete look 2026-01-01 11:58:00, instead of aa",
    "          dog heard, person seen",
    '          read badge  badges  0.93  -61.0 s  "badge denied"',
  ]);
  const open = alertView({ state: "resolved" });
  t.match(renderAlert(open, plain)[0], /12:00:02/, "without an end the last update stands for it");
  t.end();
});

void t.test("alert: colours the state and the severity, and nothing where colour is not wanted", (t) => {
  const coloured = { ...plain, colour: true };
  t.match(renderAlert(alertView(), coloured)[0], "\u001b[31mFIRING  \u001b[0m");
  t.match(renderAlert(alertView({ state: "resolved" }), coloured)[0], "\u001b[32mRESOLVED\u001b[0m");
  t.match(renderAlert(alertView({ severity: "critical" }), coloured)[0], "\u001b[31mcritical\u001b[0m");
  t.notMatch(renderAlert(alertView(), plain).join(), "\u001b");
  t.end();
});

void t.test("alert: no text of it can break out of its line, steer the terminal or exceed its columns", (t) => {
  const evil = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\u001b[2J", "a\r\nb", "\u202eabc", "日本語日本語日本語日本語", "x".repeat(300)));
  const alerts = fc.record({ summary: evil, rule: evil, group: evil, condition: evil, source: evil, text: evil });
  const property = fc.property(alerts, fc.integer({ min: 20, max: 120 }), ({ condition, source, text, ...fields }, columns) => {
    const lines = renderAlert(alertView({ ...fields, evidence: [evidence(condition, source, 0, { text })] }), { ...plain, columns });
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    return lines.length === 3 && lines.every((line) => !/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(line) && columnsOf(line) <= columns);
  });
  t.doesNotThrow(() => fc.assert(property));
  t.end();
});

void t.test("alert: conditions read as words", (t) => {
  t.equal(conditionWords("hear: glass breaking"), "heard glass breaking");
  t.equal(conditionWords("see: person"), "saw person");
  t.equal(conditionWords("read: result = accepted"), "read result = accepted");
  t.equal(conditionWords("smell: fire"), "smell: fire");
  t.end();
});

void t.test("alert: times are local", (t) => {
  const at = Date.parse("2026-07-01T22:30:05Z");
  t.equal(localTime(at, "UTC"), "2026-07-01 22:30:05");
  t.equal(localTime(at, "Europe/Berlin"), "2026-07-02 00:30:05");
  t.match(localTime(at), /^2026-07-0[12] \d\d:\d\d:05$/);
  t.end();
});
