// The tables of the benchmarks.
import t from "tap";
import { busySeconds } from "../../bench/machine.js";
import { renderSteps } from "../../bench/pipeline/report.js";
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
    usage: [
      { role: "daemon", cpuSeconds: 5, rssPeakBytes: 100 * 2 ** 20 },
      { role: "ffmpeg", cpuSeconds: 2, rssPeakBytes: 30 * 2 ** 20 },
    ],
    machineSeconds: 12,
    load: 1.5,
  } satisfies StepResult;
  const lines = renderSteps([step]);
  const rows = lines.map((line) => line.split(/ +/)).filter((cells) => cells[0] === "8");
  t.same(rows, [
    ["8", "56.0", "10.0", "0.1", "0.0", "3", "queue_full", "2"],
    ["8", "0.50", "0.00", "0.20", "0.00", "0.70", "1.20", "1.5"],
    ["8", "50", "95", "99", "7", "7", "7", "-", "-", "-", "0", "4.3"],
    ["8", "100", "0", "30", "0", "130"],
  ]);
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
