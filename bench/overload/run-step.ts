// One step of the overload benchmark: a daemon of its own, lines for a while, and what it says of itself then.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProcessUsageMeter } from "../../daemon/demo/process-usage.js";
import { endChild } from "../../daemon/runtime/child-process.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { DROP_REASONS } from "../../daemon/sources/source.js";
import { loadAverage } from "../machine.js";
import { overloadConfigText } from "./config-text.js";
import { sayLines, type FeedLogin } from "./line-feed.js";
import { bucketQuantile, sumOf } from "./samples.js";

/** What a step is. */
export interface OverloadOptions {
  readonly sources: number;
  /** Lines a second of each source. */
  readonly rate: number;
  readonly durationMs: number;
  readonly fires: boolean;
  readonly profileFolder?: string;
}

/** What one step saw. Counts are of the daemon's own metrics; times in ms. */
export interface OverloadStep {
  readonly linesPerSecond: number;
  readonly load: number;
  readonly said: number;
  readonly observed: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Lines that are in no counter. */
  readonly unaccounted: number;
  readonly acceptedAlerts: number;
  /** Alerts acknowledged while lines came. */
  readonly acknowledged: number;
  /** Messages that waited in the outbox when the lines ended. */
  readonly pending: number;
  /** How long it took until none waited any more; undefined: longer than was waited. */
  readonly drainedMs: number | undefined;
  /** Upper bounds of the histogram's buckets; Infinity beyond the last. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly rssPeakMiB: number;
  /** The longest answer of readyz, and what it said first that was not "ok". */
  readonly readyzMaxMs: number;
  readonly readyz: string;
}

const SAID_CHARS_MAX = 256 * 1024;
const LOOK_EVERY_MS = 1_000;
const READY_WITHIN_MS = 60_000;
const DRAIN_WITHIN_MS = 60_000;
/** An answer that takes longer counts as this long. */
const ANSWER_WITHIN_MS = 30_000;

/** Runs one step in a state folder of its own. Errors: what the daemon says if it cannot start. */
export async function runStep(options: OverloadOptions): Promise<OverloadStep> {
  const { profileFolder } = options;
  const stateFolder = mkdtempSync(join(tmpdir(), "fusiond-overload-"));
  const configFile = join(stateFolder, "overload.yaml");
  writeFileSync(configFile, overloadConfigText({ ...options, stateFolder }));
  const profiled = profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  const child = spawn(process.execPath, [...profiled, join(packageRoot, "dist/daemon/main.js"), "run", "--config", configFile], { stdio: ["ignore", "ignore", "pipe"] });
  try {
    const url = `http://127.0.0.1:${await httpPort(child)}`;
    const login = JSON.parse(readFileSync(join(stateFolder, "nats/credentials.json"), "utf8")) as FeedLogin;
    return await measure(url, child.pid ?? 0, login, options);
  } finally {
    await endChild(child, 10_000);
    rmSync(stateFolder, { recursive: true, force: true });
  }
}

async function measure(url: string, pid: number, login: FeedLogin, { sources, rate, durationMs }: OverloadOptions): Promise<OverloadStep> {
  const meter = new ProcessUsageMeter(pid);
  const ready = new ReadyzWatch(`${url}/readyz`);
  const looking = setInterval(() => {
    meter.sample();
    void ready.look();
  }, LOOK_EVERY_MS);
  const before = await answer(`${url}/metrics`);
  const said = await sayLines(login, sources, rate, durationMs);
  const at = await answer(`${url}/metrics`);
  const endedAtMs = performance.now();
  const drainedMs = await drained(url, endedAtMs);
  clearInterval(looking);
  const after = await answer(`${url}/metrics`);
  const acknowledgedBy = (scrape: string): number => sumOf(scrape, "fusiond_alert_latency_seconds_count");
  const observed = sumOf(after, "fusiond_source_observations_total");
  const dropped = Object.fromEntries(
    DROP_REASONS.map((reason) => [reason, sumOf(after, "fusiond_source_dropped_total", `reason="${reason}"`)] as const).filter(([, count]) => count > 0),
  );
  return {
    linesPerSecond: rate * sources,
    load: loadAverage(),
    said,
    observed,
    dropped,
    unaccounted: said - observed - sumOf(after, "fusiond_source_dropped_total"),
    acceptedAlerts: sumOf(at, "fusiond_outbox_accepted_total") - sumOf(before, "fusiond_outbox_accepted_total"),
    acknowledged: acknowledgedBy(at),
    pending: sumOf(at, "fusiond_outbox_pending"),
    drainedMs,
    latencyMs: { p50: bucketQuantile(at, "fusiond_alert_latency_seconds", 0.5) * 1000, p99: bucketQuantile(at, "fusiond_alert_latency_seconds", 0.99) * 1000 },
    rssPeakMiB: Math.round((meter.usage().find(({ role }) => role === "daemon")?.rssPeakBytes ?? 0) / 2 ** 20),
    readyzMaxMs: Math.round(ready.maxMs),
    readyz: ready.worst,
  };
}

/** Asks readyz and keeps the slowest and the worst answer. One question at a time. */
class ReadyzWatch {
  maxMs = 0;
  worst = "ok";
  readonly #url: string;
  #asking = false;

  constructor(url: string) {
    this.#url = url;
  }

  async look(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const askedAtMs = performance.now();
    const line = await answer(this.#url).then((text) => text.trim(), () => "no answer");
    this.maxMs = Math.max(this.maxMs, performance.now() - askedAtMs);
    if (this.worst === "ok" && line !== "ok") this.worst = line;
    this.#asking = false;
  }
}

async function drained(url: string, sinceMs: number): Promise<number | undefined> {
  while (performance.now() - sinceMs < DRAIN_WITHIN_MS) {
    const scrape = await answer(`${url}/metrics`);
    if (sumOf(scrape, "fusiond_outbox_pending") === 0 && sumOf(scrape, "fusiond_queue_items") === 0) return Math.round(performance.now() - sinceMs);
    await new Promise((resolve) => void setTimeout(resolve, 200));
  }
  return undefined;
}

async function answer(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  return response.text();
}

/** The port that the daemon says it listens on. Errors: what it said instead. */
function httpPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    const late = setTimeout(() => reject(new Error(`the daemon did not start: ${said}`)), READY_WITHIN_MS);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-SAID_CHARS_MAX);
      const port = /"http":(\d+)[^\n]*"msg":"fusiond is running"/.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(late);
      resolve(Number(port));
    });
    child.once("exit", () => reject(new Error(`the daemon has ended: ${said}`)));
  });
}
