// The start after a long outage: how long until the store has been opened, by how many alerts wait in it.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteStore } from "../../daemon/store/sqlite-store.js";
import { STATE_FILE } from "../../daemon/store/state-file.js";
import type { CommitBatch, StoreTelemetry } from "../../daemon/store/store.js";
import { describeMachine } from "../machine.js";
import type { BenchOutput } from "../pipeline/bench-pipeline.js";
import { renderTable } from "../table.js";

/** What an alert takes with a handful of evidence, bytes. */
const BODY_BYTES = 2_500;
const BATCH_ROWS = 500;

/** One size of outbox. */
export interface StartResult {
  readonly rows: number;
  readonly megabytes: number;
  /** Median time until the store was open and had given the first rows to send, ms. */
  readonly openMs: number;
}

const silent: StoreTelemetry = { committed: () => undefined, corrupt: () => undefined, place: () => undefined, note: () => undefined };

/** Fills an outbox of each size, opens it `times` times and prints the medians. */
export async function benchStart(options: { readonly rows: readonly number[]; readonly times: number; readonly json: boolean }, output: BenchOutput): Promise<readonly StartResult[]> {
  const results: StartResult[] = [];
  for (const rows of options.rows) {
    output.note(`${rows} alerts that wait`);
    results.push(await measured(rows, options.times));
  }
  if (options.json) output.print(JSON.stringify(results));
  else {
    const table = results.map(({ rows, megabytes, openMs }) => [String(rows), megabytes.toFixed(0), openMs.toFixed(0)]);
    output.print([describeMachine(), `opening the store, median of ${options.times}`, "", ...renderTable([["rows", "MB", "ms"], ...table])].join("\n"));
  }
  return results;
}

async function measured(rows: number, times: number): Promise<StartResult> {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-bench-start-"));
  try {
    await fill(folder, rows);
    const openMs: number[] = [];
    for (let i = 0; i < times; i++) openMs.push(await openOnce(folder));
    const megabytes = statSync(join(folder, STATE_FILE)).size / 1e6;
    return { rows, megabytes, openMs: openMs.sort((a, b) => a - b)[Math.floor(times / 2)] ?? NaN };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const storeOf = (folder: string): SqliteStore => new SqliteStore({ folder, maxBytes: 2 ** 40 }, silent);

async function fill(folder: string, rows: number): Promise<void> {
  const store = storeOf(folder);
  await store.open();
  for (let i = 0; i < rows; i += BATCH_ROWS) await store.commit(alerts(i, Math.min(BATCH_ROWS, rows - i)));
  await store.close();
}

function alerts(from: number, count: number): CommitBatch {
  const outbox = Array.from({ length: count }, (_, i) => ({
    messageId: `incident${from + i}.1`,
    key: `incident${from + i}`,
    subject: "fusiond.v1.bench.alert.dock.info.rule",
    body: new Uint8Array(BODY_BYTES).fill(65),
    class: "alert" as const,
    causedAt: Date.now(),
  }));
  return { checkpoints: [], journal: [], outbox };
}

async function openOnce(folder: string): Promise<number> {
  const store = storeOf(folder);
  const startedAtMs = performance.now();
  await store.open();
  await store.claim(64, []);
  const tookMs = performance.now() - startedAtMs;
  await store.close();
  return tookMs;
}
