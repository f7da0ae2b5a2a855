// fusiond demo: the real daemon on a scene whose happenings are known, with a table at the end.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseConfig } from "../../config/load.js";
import { messageOf } from "../../fusion/model/errors.js";
import { Daemon } from "../compose/daemon.js";
import { buildTelemetry, type DaemonTelemetry } from "../compose/telemetry.js";
import { versionOf } from "../compose/version.js";
import { buildScene } from "../demo/build-scene.js";
import { DEMO_CAMERA, DEMO_MICROPHONE, demoConfigText } from "../demo/demo-config.js";
import { incidentsOf, rowsPlayed, scoreRows, type ReceivedAlert } from "../demo/match-rows.js";
import { ProcessUsageMeter } from "../demo/process-usage.js";
import { renderReport, type RunStatistics } from "../demo/report.js";
import { statisticsOf } from "../demo/run-statistics.js";
import { defaultCacheFolder } from "../demo/scene-media.js";
import { composeScene, type Scene } from "../demo/scene.js";
import { systemClock, delay } from "../runtime/clock.js";
import { Shutdown } from "../runtime/shutdown.js";
import { parseBody } from "../sinks/message-body.js";
import { readAlert } from "../tail/alert-view.js";
import { wantsColour } from "../tail/terminal-text.js";
import { EXIT, exitCodeOf } from "./exit-codes.js";
import { readerLeft, shown, write } from "./output.js";

/** What the demo is asked for. */
export interface DemoOptions {
  readonly seed: number;
  readonly seconds?: number;
  readonly loop?: true;
  readonly video?: string;
  readonly audio?: string;
  readonly silent?: true;
  readonly blank?: true;
  readonly keep?: true;
}

/** After the last frame: gaps, resolutions and acknowledgements, ms. */
const AFTERGLOW_MS = 15_000;
const STOP_DEADLINE_MS = 10_000;
const SAMPLE_EVERY_MS = 1000;

/** Runs the demo and prints its table on stdout, all else on stderr. Resolves with the exit code. */
export async function demo(options: DemoOptions): Promise<number> {
  const own = options.video !== undefined || options.audio !== undefined;
  const scene = own ? undefined : composeScene({ seed: options.seed, ...(options.seconds === undefined ? {} : { seconds: options.seconds }) });
  const media = scene === undefined ? ownMedia(options) : await sceneMedia(scene, options);
  const stateFolder = mkdtempSync(join(tmpdir(), "fusiond-demo-"));
  try {
    return await new DemoRun(options, scene, demoConfigText({ stateFolder, ...media, loop: options.loop ?? false })).run();
  } finally {
    if (options.keep) process.stderr.write(`state kept in ${stateFolder}\n`);
    else rmSync(stateFolder, { recursive: true, force: true });
  }
}

/** One run of the daemon and what is learnt from it. */
class DemoRun {
  readonly #options: DemoOptions;
  readonly #scene: Scene | undefined;
  readonly #config: string;
  readonly #received: ReceivedAlert[] = [];
  readonly #latenciesMs: number[] = [];
  #startedAt = Infinity;

  constructor(options: DemoOptions, scene: Scene | undefined, config: string) {
    this.#options = options;
    this.#scene = scene;
    this.#config = config;
  }

  async run(): Promise<number> {
    const loaded = parseConfig(this.#config, "demo.yaml");
    const telemetry = buildTelemetry(versionOf(), "warn");
    const meter = new ProcessUsageMeter();
    const shutdown: Shutdown = new Shutdown({
      stages: () => daemon.stages,
      deadlineMs: STOP_DEADLINE_MS,
      clock: systemClock,
      signals: process,
      telemetry: telemetry.events.life,
    });
    const fail = (what: string, error: unknown): void => {
      if (readerLeft(error)) return shutdown.begin("nobody reads the demo any more", EXIT.ok);
      process.stderr.write(`${what}: ${messageOf(error)}\n`);
      shutdown.begin(what, exitCodeOf(error));
    };
    const daemon = new Daemon({ loaded, telemetry, onFailure: fail, onlooker: this.#onlooker() });
    const stopped = new AbortController();
    const ended = shutdown.wait().finally(() => stopped.abort());
    const sampling = sample(meter, stopped.signal);
    let run: RunStatistics | undefined;
    try {
      await daemon.start(stopped.signal);
      process.stderr.write(`running in real time; metrics: http://127.0.0.1:${daemon.httpPort}/metrics; Ctrl-C ends it\n`);
      this.#listen(daemon, stopped.signal).catch((error: unknown) => fail("the demo cannot go on", error));
      await Promise.race([this.#mediaEnded(daemon, stopped.signal), ended]);
      run = await this.#statistics(telemetry, meter);
      shutdown.begin("the demo has ended", EXIT.ok);
    } catch (error) {
      fail("the demo cannot go on", error);
    }
    const exitCode = await ended;
    await sampling;
    await telemetry.logger.flush();
    if (run !== undefined) await this.#report({ ...run, usage: meter.usage(), latenciesMs: this.#latenciesMs });
    return exitCode;
  }

  #onlooker(): { alertAcknowledged(latencyMs: number): void; sourceState(id: string, state: string, at: number): void } {
    return {
      alertAcknowledged: (latencyMs) => void this.#latenciesMs.push(latencyMs),
      sourceState: (_id, state, at) => {
        if (state === "healthy") this.#startedAt = Math.min(this.#startedAt, at);
      },
    };
  }

  async #listen(daemon: Daemon, signal: AbortSignal): Promise<void> {
    for await (const { body } of daemon.broker?.bus.subscribe("fusiond.v1.demo.alert.>", signal) ?? []) {
      const alert = readAlert(parseBody(body).fields);
      if (alert === undefined) continue;
      this.#received.push({ alert, latencyMs: Date.now() - alert.updatedAt });
      await write(shown(alert));
    }
  }

  /** Resolves a little after the last frame and sound; with --loop when it is stopped. */
  async #mediaEnded(daemon: Daemon, signal: AbortSignal): Promise<void> {
    await daemon.sourcesEnded();
    if (!signal.aborted) await delay(systemClock, AFTERGLOW_MS, signal);
  }

  async #statistics(telemetry: DaemonTelemetry, meter: ProcessUsageMeter): Promise<RunStatistics> {
    meter.sample();
    const durationMs = Date.now() - Math.min(this.#startedAt, Date.now());
    return statisticsOf(await telemetry.metrics.scrape(), { durationMs, incidents: new Set(this.#received.map(({ alert }) => alert.id)).size });
  }

  async #report(run: RunStatistics): Promise<void> {
    const incidents = incidentsOf(this.#received, this.#startedAt);
    const playedMs = this.#options.loop ? run.durationMs : (this.#scene?.durationMs ?? 0);
    const rows = this.#scene === undefined ? undefined : rowsPlayed(this.#scene, Math.min(playedMs, run.durationMs));
    const outcome = rows === undefined ? incidents : scoreRows(this.#nothingFused() ? rows.map(expectNothing) : rows, incidents);
    await write(`\n${renderReport({ outcome, run }, { colour: wantsColour(process.stdout.isTTY) }).join("\n")}\n`);
  }

  #nothingFused(): boolean {
    return this.#options.silent === true || this.#options.blank === true;
  }
}

/** Without sound, or without a picture, nothing of the scene may be fused. */
function expectNothing(row: ReturnType<typeof rowsPlayed>[number]): ReturnType<typeof rowsPlayed>[number] {
  const { ruleId: _rule, ...rest } = row;
  return { ...rest, expect: "nothing" };
}

async function sample(meter: ProcessUsageMeter, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    meter.sample();
    await delay(systemClock, SAMPLE_EVERY_MS, signal);
  }
}

function ownMedia({ video, audio }: DemoOptions): { video?: string; audio?: string } {
  return { ...(video === undefined ? {} : { video: resolve(video) }), ...(audio === undefined ? {} : { audio: resolve(audio) }) };
}

async function sceneMedia(scene: Scene, { silent, blank }: DemoOptions): Promise<{ video: string; audio: string }> {
  const cache = defaultCacheFolder();
  process.stderr.write(`building scene ${scene.seed} (${scene.durationMs / 1000} s) from real footage and sound\n`);
  const progress = (step: string, share: number): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r${step} ${Math.round(share * 100)} %   `);
  };
  const folders = { debianFolder: join(cache, "debian"), sceneFolder: join(cache, "scenes") };
  const built = await buildScene({ scene, ...folders, ...(silent ? { silent } : {}), ...(blank ? { blank } : {}) }, { progress }, new AbortController().signal);
  if (process.stderr.isTTY) process.stderr.write("\r");
  process.stderr.write(`${DEMO_CAMERA}: ${built.video}\n${DEMO_MICROPHONE}: ${built.audio}\n`);
  return built;
}
