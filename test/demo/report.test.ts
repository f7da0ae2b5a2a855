// The demo's table, letter by letter.
import t from "tap";
import { scoreRows, type ReportedIncident } from "../../daemon/demo/match-rows.js";
import { percentile, renderReport, type RunStatistics } from "../../daemon/demo/report.js";
import type { ExpectedRow } from "../../daemon/demo/scene.js";

const run: RunStatistics = {
  durationMs: 140_000,
  observations: { image: 412, audio: 139 },
  events: 37,
  incidents: 3,
  drops: [
    { source: "yard-cam", reason: "queue_full", count: 2 },
    { source: "yard-mic", reason: "too_late", count: 0 },
  ],
  latenciesMs: [30, 10, 20, 250],
  usage: [
    { role: "daemon", cpuSeconds: 7, rssPeakBytes: 120 * 2 ** 20 },
    { role: "nats-server", cpuSeconds: 0.7, rssPeakBytes: 18.4 * 2 ** 20 },
  ],
};

const rows: ExpectedRow[] = [
  { label: "dog barks, people in view", fromMs: 12_000, toMs: 12_900, expect: "incident", ruleId: "dog-with-person" },
  { label: "bell sounds, people in view", fromMs: 24_000, toMs: 24_200, expect: "nothing" },
  { label: "dog barks, nobody in view", fromMs: 61_000, toMs: 61_900, expect: "nothing" },
  { label: "dog walks by and barks", fromMs: 95_500, toMs: 96_400, expect: "incident", ruleId: "dog-seen-and-heard" },
  { label: "dog walks by and barks", fromMs: 95_500, toMs: 96_400, expect: "either", ruleId: "dog-with-person" },
];

const incident = (onsetMs: number, fields: Partial<ReportedIncident> = {}): ReportedIncident => ({
  ...{ id: String(onsetMs), ruleId: "dog-with-person", onsetMs, latencyMs: 61, confidence: 0.93, modalities: ["audio", "image"] },
  ...{ eventCount: 2, alertCount: 1, withdrawn: false },
  ...fields,
});

const statistics = [
  "",
  "ran for         140 s",
  "observations    412 image, 139 audio",
  "events          37",
  "incidents       3",
  "drops           yard-cam queue_full 2",
  "capture to ack  p50 20 ms, p95 250 ms, p99 250 ms (4 alerts)",
  "",
  "process      CPU time  of one core  memory, peak",
  "daemon          7.0 s        5.0 %       120 MiB",
  "nats-server     0.7 s        0.5 %        18 MiB",
  "all             7.7 s        5.5 %       138 MiB",
];

void t.test("report: shows found, missed, false and repeated rows, each with its latency", (t) => {
  const incidents = [
    incident(11_400),
    incident(14_000, { latencyMs: 1_300 }),
    incident(61_200, { ruleId: "dog-seen-and-heard", eventCount: 1 }),
    incident(80_000, { withdrawn: true }),
    incident(95_500),
    incident(130_000),
  ];
  t.same(renderReport({ outcome: scoreRows(rows, incidents), run }, { colour: false }), [
    "    at  what happens                 expected            reported                       latency  confidence  evidence",
    "0:12.0  dog barks, people in view    dog-with-person     found                            61 ms        0.93  audio + image of 2 events",
    "0:14.0  -                            -                   REPEATED   dog-with-person     1300 ms        0.93  audio + image of 2 events",
    "0:24.0  bell sounds, people in view  nothing             nothing",
    "1:01.0  dog barks, nobody in view    nothing             FALSE      dog-seen-and-heard    61 ms        0.93  audio + image of 1 event",
    "1:20.0  -                            -                   withdrawn  dog-with-person       61 ms        0.93  audio + image of 2 events",
    "1:35.5  dog walks by and barks       dog-seen-and-heard  MISSED",
    "1:35.5  dog walks by and barks       (dog-with-person)   found too                        61 ms        0.93  audio + image of 2 events",
    "2:10.0  -                            -                   FALSE      dog-with-person       61 ms        0.93  audio + image of 2 events",
    "",
    "1 of 2 expected found, 1 missed, 2 false, 1 repeated, 1 withdrawn",
    ...statistics,
  ]);
  t.end();
});

void t.test("report: lists what was found in one's own media", (t) => {
  const found = [incident(2_000), incident(-1_500, { withdrawn: true, modalities: ["a\u001b[2Jb"] })];
  t.same(renderReport({ outcome: found, run }, { colour: false }), [
    "     at  rule             reported   latency  confidence  evidence",
    " 0:02.0  dog-with-person  found        61 ms        0.93  audio + image of 2 events",
    "-0:01.5  dog-with-person  withdrawn    61 ms        0.93  a\ufffd[2Jb of 2 events",
    ...statistics,
  ]);
  t.same(renderReport({ outcome: [], run }, { colour: false }), ["nothing was found", ...statistics]);
  t.end();
});

void t.test("report: says so where nothing was lost and no alert came", (t) => {
  const lines = renderReport({ outcome: [], run: { ...run, drops: [], latenciesMs: [], usage: [], durationMs: 0 } }, { colour: false });
  t.ok(lines.includes("drops           none"));
  t.ok(lines.includes("capture to ack  no alerts"));
  t.equal(lines.at(-1), "all         0.0 s            -         0 MiB");
  t.end();
});

void t.test("report: colour changes nothing but colour", (t) => {
  const outcome = scoreRows(rows, [incident(11_400), incident(61_200)]);
  const coloured = renderReport({ outcome, run }, { colour: true });
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  const bare = coloured.map((line) => line.replace(/\u001b\[\d+m/g, ""));
  t.same(bare, renderReport({ outcome, run }, { colour: false }));
  t.ok(coloured.some((line) => line.includes("\u001b[31mMISSED\u001b[0m")));
  t.end();
});

void t.test("percentile: nearest rank", (t) => {
  t.equal(percentile([], 0.5), undefined);
  t.equal(percentile([5], 0.99), 5);
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  t.same([0, 0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share)), [1, 50, 95, 99, 100]);
  t.end();
});
