// The HTTP benchmark: the real daemon makes alerts while clients misuse its pages, one load after the other.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { ProcessUsageMeter } from "../../daemon/demo/process-usage.js";
import { endChild } from "../../daemon/runtime/child-process.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { describeMachine } from "../machine.js";
import type { BenchOutput } from "../pipeline/bench-pipeline.js";
import { AlertProbe, pause } from "./alert-probe.js";
import type { ClientsOptions, Load } from "./hostile-clients.js";
import { renderLoads, summaryOf, type LoadResult } from "./report.js";

/** What is measured. */
export interface BenchHttpOptions {
  readonly loads: readonly Load[];
  /** How long each load lasts. */
  readonly measureMs: number;
  /** One JSON document instead of the table. */
  readonly json: boolean;
}

const SITE = "bench";
/** So many that a source's turn comes again when its last event has closed. */
const SOURCES = 60;
const LIVEZ_EVERY_MS = 500;
const LIVEZ_TIMEOUT_MS = 5000;
const SAMPLE_EVERY_MS = 250;

/** Runs every load against one daemon and prints the table. Errors: what the daemon says if it cannot start. */
export async function benchHttp(options: BenchHttpOptions, output: BenchOutput): Promise<readonly LoadResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-bench-"));
  const daemon = startDaemon(folder);
  try {
    const port = await portOf(daemon);
    const probe = new AlertProbe(SITE, SOURCES, join(folder, "state", "nats", "credentials.json"));
    await probe.start();
    const results: LoadResult[] = [];
    for (const load of options.loads) {
      output.note(`${load}: ${options.measureMs / 1000} s`);
      results.push(await measure(load, port, daemon.pid ?? -1, probe, options.measureMs));
    }
    await probe.stop();
    const table = [describeMachine(), "alert: from a line on NATS to its alert at a subscriber; livez: a client that behaves, twice a second", "", ...renderLoads(results)];
    output.print(options.json ? JSON.stringify({ machine: describeMachine(), loads: results.map(summaryOf) }, undefined, 2) : table.join("\n"));
    return results;
  } finally {
    await endChild(daemon, 20_000);
    rmSync(folder, { recursive: true, force: true });
  }
}

function startDaemon(folder: string): ChildProcess {
  const ids = Array.from({ length: SOURCES }, (_, n) => `line-${n}`);
  const config = {
    site: SITE,
    state_dir: "state",
    nats: { embedded: true, port: 0 },
    http: { listen: "127.0.0.1:0" },
    sources: Object.fromEntries(ids.map((id) => [id, { text: { subject: `bench.line.${id}`, json: true } }])),
    rules: { door: { within: "1s", all: [{ read: { field: "door", equals: "open" } }], resolve_after: "500ms" } },
  };
  const file = join(folder, "bench.yaml");
  writeFileSync(file, JSON.stringify(config));
  return spawn(process.execPath, [join(packageRoot, "dist/daemon/main.js"), "run", "--config", file], { stdio: ["ignore", "ignore", "pipe"] });
}

/** Resolves with the port of its pages once it runs. */
function portOf(daemon: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    createInterface({ input: daemon.stderr! }).on("line", (line) => {
      said.push(line);
      const entry = line.startsWith("{") ? (JSON.parse(line) as { msg?: string; http?: number }) : {};
      if (entry.msg === "fusiond is running") resolve(entry.http ?? -1);
    });
    daemon.once("exit", () => reject(new Error(`the daemon of the benchmark ended: ${said.slice(-3).join(" | ")}`)));
  });
}

async function measure(load: Load, port: number, pid: number, probe: AlertProbe, measureMs: number): Promise<LoadResult> {
  const meter = new ProcessUsageMeter(pid);
  const sampling = setInterval(() => meter.sample(), SAMPLE_EVERY_MS);
  const clients = new Worker(new URL("./hostile-clients.js", import.meta.url), { workerData: { port, load } satisfies ClientsOptions });
  const livezMs: number[] = [];
  const asked: Promise<boolean>[] = [];
  const asking = setInterval(() => asked.push(askLivez(port, livezMs)), LIVEZ_EVERY_MS);
  await once(clients, "online");
  const { alertMs, missing } = await probe.measure(measureMs);
  clearInterval(asking);
  const answers = await Promise.all(asked);
  await clients.terminate();
  clearInterval(sampling);
  const rssPeakBytes = meter.usage().find(({ role }) => role === "daemon")?.rssPeakBytes ?? 0;
  await pause(1000); // what the load left behind is closed
  return { load, alertMs, missing, livezMs, livezUnanswered: answers.filter((answered) => !answered).length, rssPeakBytes };
}

/** Whether /livez answered; its time is noted. */
async function askLivez(port: number, livezMs: number[]): Promise<boolean> {
  const startedAt = performance.now();
  try {
    const response = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(LIVEZ_TIMEOUT_MS), headers: { connection: "close" } });
    await response.text();
    livezMs.push(performance.now() - startedAt);
    return true;
  } catch {
    return false; // what the count of unanswered ones says
  }
}
