// The tables of the benchmarks.
import t from "tap";
import { busySeconds } from "../../bench/machine.js";
import { jsonOf, renderSteps } from "../../bench/pipeline/report.js";
import type { StepResult } from "../../bench/pipeline/run-step.js";
import { renderTable } from "../../bench/table.js";

void t.test("table: names stand to the left, numbers to the right", (t) => {
  t.same(renderTable([["N", "cores"], ["16", "0.5"], ["1"]]), ["N   cores", "16    0.5", "1"]);
  t.same(renderTable([]), []);
  t.end();
});

void t.test("report: gives rates a second, cores, percentiles and MiB", (t) => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  const step = {
    pairs: 8,
    scans: true,
    durationMs: 10_000,
    encodedMs: { image: hundred, audio: [7] },
    alertMs: [],
    captures: 560,
    drops: { queue_full: 3 },
    lateDropped: 2,
    loopDelayP99Ms: 4.25,
    gcShare: 0.0123,
    usage: [
      { role: "daemon", cpuSeconds: 5, rssPeakBytes: 100 * 2 ** 20 },
      { role: "ffmpeg", cpuSeconds: 2, rssPeakBytes: 30 * 2 ** 20 },
    ],
    pssBytes: new Map([
      ["daemon" as const, 90 * 2 ** 20],
      ["ffmpeg" as const, 12 * 2 ** 20],
    ]),
    bare: { ffmpegASecond: 0.1, gateAFrame: 0.002, towerARegion: 0.004, towerAWindow: 0.05, gateAStillFrame: 0.001 },
    machineSeconds: 12,
    load: 1.5,
  } satisfies StepResult;
  const lines = renderSteps([step]);
  const rows = lines.map((line) => line.split(/ +/)).filter((cells) => cells[0] === "8");
  t.same(rows, [
    ["8", "56.0", "10.0", "0.1", "0.0", "3", "queue_full", "2"],
    ["8", "0.50", "0.00", "0.20", "0.00", "0.70", "1.20", "1.5"],
    ["8", "50", "95", "99", "7", "7", "7", "-", "-", "-", "0", "4.3"],
    ["8", "90", "0", "12", "0", "102"],
    ["8", "0.70", "0.26", "2.73", "0.10", "0.11", "0.04", "0.50", "1.2"],
  ]);
  t.match(JSON.parse(jsonOf(step)), { n: 8, drops: 3, late: 2, cores: 0.7, bare_cores: 0.257, ratio: 2.726, alert_p99_ms: null, pss_mib: 102, gc_share: 0.0123, still_gate_cores: 0.005, frames_per_s: 55.9 });
  const half = step.usage.map((use) => ({ ...use, cpuSeconds: use.cpuSeconds / 2 }));
  const both = renderSteps([{ ...step, scans: false, usage: half }, step]);
  t.ok(both.some((line) => line.startsWith("8, scan off")));
  t.equal(both.at(-1), "scan on / off, cores at N = 8: 2.00");
  t.end();
});

void t.test("machine: idle time and waiting for disks are not busy", (t) => {
  t.equal(busySeconds("cpu  100 200 300 9999 9999 10 20 70 5 5\ncpu0 1 1 1 1\n"), 7);
  t.end();
});
