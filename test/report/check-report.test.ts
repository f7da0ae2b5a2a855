// Whether a report is of what its taker knows: each fault by its reason, and nothing is thrown.
import fc from "fast-check";
import t from "tap";
import { AHEAD_MS_MAX, checkReport, readReport, REPORT_FAULTS, type Known } from "../../daemon/report/check-report.js";
import { encodeReport } from "../../daemon/report/report-codec.js";
import type { Report } from "../../daemon/report/report.js";
import type { Modality } from "../../fusion/model/modality.js";
import { embeddingOfCodes } from "../../fusion/model/observation.js";
import { holds } from "../support/property.js";
import { anyReport, SAMPLES } from "./reports.js";

const known: Known = {
  site: "plant-7",
  encoders: "embedded-3@0123456789abcdef",
  space: "embedded-3",
  dimensions: 4,
  sources: new Map<string, readonly Modality[]>([["dock-cam", ["image", "audio"]], ["badges", ["text"]]]),
  nowMs: 1_764_309_712_345,
};
const look = SAMPLES["a look"] as Extract<Report, { kind: "observation" }>;

void t.test("check report: what is of what is known is taken in", (t) => {
  for (const [name, report] of Object.entries(SAMPLES)) {
    t.equal(checkReport(report, known), undefined, name);
    t.strictSame(readReport(encodeReport(report), known), { report }, name);
  }
  t.end();
});

void t.test("check report: each fault has its reason and its sentence", (t) => {
  const vector = (space: string, codes: Int8Array): Report => ({ ...look, observation: { ...look.observation, embedding: embeddingOfCodes(space, codes) } });
  const ahead = known.nowMs + AHEAD_MS_MAX + 1;
  const cases: readonly (readonly [Report, (typeof REPORT_FAULTS)[number]])[] = [
    [{ ...look, site: "plant-8" }, "site"],
    [{ ...look, sourceId: "constructor" }, "source"],
    [{ ...look, modality: "text" }, "source"],
    [{ ...look, encoders: "embedded-3@another" }, "encoders"],
    [vector("another", Int8Array.of(127, 0, 0, 0)), "space"],
    [vector("embedded-3", Int8Array.of(127, 0, 0)), "dimensions"],
    [{ ...look, observation: { ...look.observation, capturedAt: ahead - 5, durationMs: 5 } }, "future"],
    [{ ...(SAMPLES["a scan"] as Extract<Report, { kind: "scan" }>), to: ahead }, "future"],
    [{ ...(SAMPLES["how far all was told"] as Extract<Report, { kind: "progress" }>), time: ahead }, "future"],
    [{ ...(SAMPLES["blind from now on"] as Extract<Report, { kind: "witness" }>), at: ahead }, "future"],
    [{ ...(SAMPLES["how the source is"] as Extract<Report, { kind: "health" }>), witnesses: [{ modality: "image", healthy: true, at: ahead }] }, "future"],
  ];
  for (const [report, fault] of cases) {
    const refusal = checkReport(report, known);
    t.equal(refusal?.fault, fault);
    t.match(refusal?.why, /^a report .*: (give|run|use|set) .+$/, refusal?.why ?? "");
  }
  t.equal(checkReport({ ...look, observation: { ...look.observation, capturedAt: ahead } }, { ...known, nowMs: Infinity }), undefined, "a recording has its own time");
  t.match(readReport(Uint8Array.of(0x81, 0xa1, 0x76, 2), known), { fault: "version" });
  t.match(readReport(new Uint8Array(7), known), { fault: "unreadable" });
  const seen = new Set([...cases.map(([, fault]) => fault), "version", "unreadable"]);
  t.strictSame([...REPORT_FAULTS].sort(), [...seen].sort(), "every reason is met");
  t.end();
});

void t.test("check report: nothing that can be sent throws", (t) => {
  const sent = fc.oneof(anyReport.map(encodeReport), fc.uint8Array({ maxLength: 200 }));
  holds(t, "a report or a reason", fc.property(sent, (bytes) => {
    const what = readReport(bytes, known);
    return "report" in what || (REPORT_FAULTS.includes(what.fault) && what.why.length > 0);
  }), 1_000);
  t.end();
});
