// The messages as consumers get them, against the schemas that consumers are given.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import t from "tap";
import { MODALITIES } from "../../fusion/model/modality.js";
import { SEVERITIES, type Evidence, type Incident } from "../../rules/incident.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { ALERT_BYTES_MAX, alertMessage, markDelayed, type AlertContext } from "../../daemon/sinks/alert-message.js";
import { healthMessage, nextHealthSeq } from "../../daemon/sinks/health-message.js";
import { parseBody } from "../../daemon/sinks/message-body.js";

const ajv = new Ajv2020({ allErrors: true });
addFormats.default(ajv);
const schemaOf = (name: string) => JSON.parse(readFileSync(join(packageRoot, "docs", name), "utf8")) as object;
const validAlert = ajv.compile(schemaOf("alert.schema.json"));
const validHealth = ajv.compile(schemaOf("source.schema.json"));

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const context: AlertContext = { site: "plant-7", format: "json", causedAt: NOW - 200, ageMs: 200 };

const evidence: Evidence = {
  condition: "see: dog",
  sourceId: "dock-cam",
  modality: "image",
  observationId: "0123456789abcdef",
  capturedAt: NOW - 1_000,
  durationMs: 200,
  offsetMs: 0,
  confidence: 0.9,
  region: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
};

const incident: Incident = {
  id: "f00d",
  ruleId: "break-in",
  groupId: "dock",
  severity: "critical",
  state: "firing",
  startedAt: NOW - 1_000,
  updatedAt: NOW,
  confidence: 0.95,
  calibrated: true,
  events: [{ id: "e1", revision: 3 }],
  evidence: [evidence, { ...evidence, modality: "text", text: "badge refused at door 3", confidence: 0.5 }],
  summary: "dog seen and heard",
};

/** Names that the configuration lets through, times of this century, anything else that the types let through. */
const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,30}$/);
const time = fc.integer({ min: 946_684_800_000, max: 4_000_000_000_000 });
const probability = fc.double({ min: 0, max: 1, noNaN: true });
const text = fc.string({ unit: "binary", maxLength: 3_000 });
const someEvidence: fc.Arbitrary<Evidence> = fc.record(
  {
    condition: text,
    sourceId: token,
    modality: fc.constantFrom(...MODALITIES),
    observationId: token,
    eventId: token,
    capturedAt: time,
    durationMs: fc.nat(60_000),
    offsetMs: fc.integer(),
    confidence: probability,
    region: fc.record({ x: probability, y: probability, width: probability, height: probability }),
    text,
  },
  { requiredKeys: ["condition", "sourceId", "modality", "observationId", "capturedAt", "durationMs", "offsetMs", "confidence"] },
);
const someIncident: fc.Arbitrary<Incident> = fc.record(
  {
    id: token,
    ruleId: token,
    groupId: token,
    severity: fc.constantFrom(...SEVERITIES),
    state: fc.constantFrom("firing", "resolved"),
    startedAt: time,
    updatedAt: time,
    endedAt: time,
    confidence: probability,
    calibrated: fc.boolean(),
    unwitnessed: fc.boolean(),
    lastScanAt: time,
    reason: fc.constant("withdrawn" as const),
    supersedes: token,
    events: fc.array(fc.record({ id: token, revision: fc.nat() }), { maxLength: 300 }),
    evidence: fc.array(someEvidence, { maxLength: 30 }),
    summary: text,
  },
  { requiredKeys: ["id", "ruleId", "groupId", "severity", "state", "startedAt", "updatedAt", "confidence", "calibrated", "events", "evidence", "summary"] },
);

await t.test("alert: says all that the design promises, in the names of the wire", (t) => {
  const message = alertMessage({ incident, revision: 4 }, { ...context, stagesMs: { encode: 12.5, fuse: 1 } });
  t.match(message, { messageId: "f00d.4", key: "f00d", class: "alert", causedAt: NOW - 200, subject: "fusiond.v1.plant-7.alert.dock.critical.break-in" });
  t.same(parseBody(message.body).fields, {
    schema_version: 1,
    id: "f00d",
    revision: 4,
    state: "firing",
    site: "plant-7",
    group: "dock",
    rule: "break-in",
    severity: "critical",
    started_at: "2026-01-02T03:04:04.678Z",
    updated_at: "2026-01-02T03:04:05.678Z",
    confidence: 0.95,
    calibrated: true,
    delayed: false,
    summary: "dog seen and heard",
    events: [{ id: "e1", revision: 3 }],
    evidence: [
      {
        condition: "see: dog",
        source: "dock-cam",
        modality: "image",
        observation: "0123456789abcdef",
        captured_at: "2026-01-02T03:04:04.678Z",
        duration_ms: 200,
        offset_ms: 0,
        confidence: 0.9,
        region: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
      },
      {
        condition: "see: dog",
        source: "dock-cam",
        modality: "text",
        observation: "0123456789abcdef",
        captured_at: "2026-01-02T03:04:04.678Z",
        duration_ms: 200,
        offset_ms: 0,
        confidence: 0.5,
        region: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
        text: "badge refused at door 3",
      },
    ],
    stages_ms: { encode: 12.5, fuse: 1 },
  });
  t.end();
});

await t.test("alert: says in each evidence when the last complete look was, where an absence was concluded from one", (t) => {
  const { fields } = parseBody(alertMessage({ incident: { ...incident, lastScanAt: NOW - 5000 }, revision: 4 }, context).body);
  t.match(fields["evidence"], [{ last_scan_at: "2026-01-02T03:04:00.678Z" }, { last_scan_at: "2026-01-02T03:04:00.678Z" }]);
  t.end();
});

await t.test("alert: keeps to its schema and to 64 KiB in both formats, whatever the incident", (t) => {
  fc.assert(
    fc.property(someIncident, fc.constantFrom("json" as const, "msgpack" as const), (some, format) => {
      const message = alertMessage({ incident: some, revision: 1 }, { ...context, format });
      const { fields, format: found } = parseBody(message.body);
      const kept = (fields["evidence"] as unknown[]).length;
      const whole = found === format && message.body.byteLength <= ALERT_BYTES_MAX && kept <= Math.min(16, some.evidence.length);
      if (!validAlert(fields)) throw new Error(ajv.errorsText(validAlert.errors));
      return whole;
    }),
    { numRuns: 100 },
  );
  t.end();
});

await t.test("alert: leaves the weakest evidence out when it would be too long", (t) => {
  const long = Array.from({ length: 16 }, (_, i) => ({ ...evidence, observationId: `o${i}`, confidence: (i + 1) / 20, text: "€".repeat(1_000), condition: "ß".repeat(1_000) }));
  const message = alertMessage({ incident: { ...incident, evidence: long }, revision: 1 }, context);
  const kept = (parseBody(message.body).fields["evidence"] as { observation: string }[]).map((e) => e.observation);
  t.ok(kept.length > 0 && kept.length < 16);
  t.same(kept, long.slice(16 - kept.length).map((e) => e.observationId));
  t.end();
});

await t.test("alert: is marked as delayed at delivery without another change, in both formats", (t) => {
  for (const format of ["json", "msgpack"] as const) {
    const message = alertMessage({ incident, revision: 1 }, { ...context, format });
    const before = parseBody(message.body);
    const after = parseBody(markDelayed(message.body));
    t.equal(after.format, format);
    t.same(after.fields, { ...before.fields, delayed: true });
  }
  t.equal(parseBody(alertMessage({ incident, revision: 1 }, { ...context, ageMs: 60_001 }).body).fields["delayed"], true);
  t.end();
});

await t.test("alert: crashes on an id that would open another subject", (t) => {
  t.throws(() => alertMessage({ incident: { ...incident, ruleId: "a.>" }, revision: 1 }, context), /invariant/);
  t.end();
});

await t.test("health: keeps to its schema", (t) => {
  const full = healthMessage({ sourceId: "dock-cam", state: "alarmed", at: NOW, detail: "x".repeat(2_000), seq: 7, witnesses: [{ modality: "image", healthy: false, at: NOW - 5, why: "no answer" }] }, "plant-7", "json");
  t.match(parseBody(full.body).fields, { blind: [{ modality: "image", since: new Date(NOW - 5).toISOString(), why: "no answer" }] });
  t.match(full, { messageId: "dock-cam.7", key: "dock-cam", class: "health", subject: "fusiond.v1.plant-7.source.dock-cam" });
  const short = healthMessage({ sourceId: "dock-cam", state: "healthy", at: NOW, seq: 8, witnesses: [{ modality: "image", healthy: true, at: NOW }] }, "plant-7", "msgpack");
  for (const { body } of [full, short]) t.ok(validHealth(parseBody(body).fields), ajv.errorsText(validHealth.errors));
  t.end();
});

await t.test("health: numbers rise within a run and over restarts", (t) => {
  t.equal(nextHealthSeq(0, NOW), NOW);
  t.equal(nextHealthSeq(NOW, NOW), NOW + 1);
  t.equal(nextHealthSeq(NOW, NOW - 5_000), NOW + 1, "a clock that goes back changes nothing");
  t.end();
});
