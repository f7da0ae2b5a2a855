// The return benchmark: a real RTSP camera is lost and comes back, again and again; how long until the daemon sees it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../config/load.js";
import { Daemon } from "../../daemon/compose/daemon.js";
import { buildTelemetry } from "../../daemon/compose/telemetry.js";
import { versionOf } from "../../daemon/compose/version.js";
import { RtspServer } from "../../test/support/rtsp.js";
import { describeMachine } from "../machine.js";
import type { BenchOutput } from "../pipeline/bench-pipeline.js";
import { renderReturns, summaryOf, type Return } from "./report.js";

/** What is measured. */
export interface BenchReturnOptions {
  readonly rounds: number;
  /** Lengths of the outages, in turn, ms. */
  readonly outagesMs: readonly number[];
  readonly json: boolean;
}

/** How long the camera works between two outages, ms: pictures flow, but it need not be called healthy yet. */
const WORKS_MS = 6_000;
/** A camera that is not seen within so long counts with this time, ms. */
const SEEN_WITHIN_MS = 120_000;
const SOURCE = "cam";

/** Runs every round on one daemon and prints the table. Errors: missing media or programs, and what the daemon refuses. */
export async function benchReturn(options: BenchReturnOptions, output: BenchOutput): Promise<readonly Return[]> {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-return-"));
  const seen = new Seen();
  let camera: RtspServer | undefined;
  let daemon: Daemon | undefined;
  try {
    camera = await RtspServer.start();
    daemon = await startDaemon(folder, camera.url, seen);
    await seen.next("observation");
    const returns: Return[] = [];
    for (let round = 0; round < options.rounds; round++) {
      await pause(WORKS_MS);
      const outageMs = options.outagesMs[round % options.outagesMs.length] ?? 0;
      await camera.kill();
      await pause(outageMs);
      camera = await RtspServer.start(camera.port);
      const backMs = performance.now();
      const [pictureMs, observationMs] = await Promise.all([seen.next("picture"), seen.next("observation")]);
      returns.push({ outageMs, pictureMs: pictureMs - backMs, observationMs: observationMs - backMs });
      output.note(`round ${round + 1} of ${options.rounds}: out for ${outageMs / 1_000} s, first observation after ${Math.round(observationMs - backMs)} ms`);
    }
    const machine = describeMachine();
    output.print(options.json ? JSON.stringify({ machine, rounds: returns, summary: summaryOf(returns) }) : [machine, "", ...renderReturns(returns)].join("\n"));
    return returns;
  } finally {
    for (const stage of daemon?.stages ?? []) await stage.stop(new AbortController().signal);
    await camera?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startDaemon(folder: string, url: string, seen: Seen): Promise<Daemon> {
  const file = join(folder, "return.yaml");
  const config = { site: "bench", state_dir: folder, nats: { embedded: true, port: 0 }, http: { enabled: false }, sources: { [SOURCE]: { camera: url } } };
  writeFileSync(file, JSON.stringify(config));
  const loaded = parseConfig(JSON.stringify(config), file);
  const telemetry = buildTelemetry(versionOf(), "error");
  const { pipeline } = telemetry.events;
  const told = { ...pipeline };
  pipeline.observed = (...args) => {
    told.observed(...args);
    seen.happened("observation");
  };
  pipeline.sourceState = (sourceId, transition) => {
    told.sourceState(sourceId, transition);
    if (transition.state === "recovering") seen.happened("picture");
  };
  const onFailure = (what: string, error: unknown): void => seen.failed(new Error(what, { cause: error }));
  const daemon = new Daemon({ loaded, telemetry, onFailure });
  await daemon.start(new AbortController().signal);
  return daemon;
}

/** Waits for the next time that something happens. */
class Seen {
  readonly #waiting = new Map<string, (atMs: number) => void>();
  #reject: (error: Error) => void = () => undefined;

  happened(what: "picture" | "observation"): void {
    this.#waiting.get(what)?.(performance.now());
    this.#waiting.delete(what);
  }

  failed(error: Error): void {
    this.#reject(error);
  }

  /** When it happened, monotonic ms; after the longest wait: that. */
  next(what: "picture" | "observation"): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.happened(what), SEEN_WITHIN_MS);
      this.#reject = reject;
      this.#waiting.set(what, (atMs) => {
        clearTimeout(timer);
        resolve(atMs);
      });
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
