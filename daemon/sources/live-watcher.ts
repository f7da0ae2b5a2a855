// What a live picture or sound says about the health of its source: frozen, silent.
import { Anomaly } from "./anomaly.js";
import { FrozenPicture } from "./frozen-picture.js";
import type { Link } from "./connection.js";
import type { IntakeWatcher } from "./media-intake.js";
import type { SourceTelemetry } from "./source.js";

/** What is taken for an anomaly, ms. */
export interface AnomalyOptions {
  /** One picture for so long is a frozen camera. */
  readonly frozenMs: number;
  /** Digital silence for so long is a dead microphone. */
  readonly silentMs: number;
}

/** Anomalies as they are taken by default. */
export const defaultAnomalies: AnomalyOptions = { frozenMs: 30_000, silentMs: 60_000 };

/** Below half a step of 16 bits: what a microphone that is plugged in never gives for long. */
const SILENT_PEAK = 0.5 / 32768;

/** How long there must be sound again before a microphone counts as alive, ms. */
const SOUND_AGAIN_MS = 3_000;

/** Watches over all connections of one source; a frozen picture outlives the connection that showed it. */
export class LiveWatcher {
  readonly #sourceId: string;
  readonly #telemetry: SourceTelemetry;
  readonly #frozen: FrozenPicture;
  readonly #silent: Anomaly;
  readonly #silentMs: number;
  readonly #frozenMs: number;

  constructor(sourceId: string, options: AnomalyOptions, telemetry: SourceTelemetry) {
    this.#sourceId = sourceId;
    this.#telemetry = telemetry;
    this.#frozen = new FrozenPicture(options.frozenMs);
    this.#silent = new Anomaly(options.silentMs, SOUND_AGAIN_MS);
    this.#frozenMs = options.frozenMs;
    this.#silentMs = options.silentMs;
  }

  /** The watcher of a new connection. */
  watch(link: Link): IntakeWatcher {
    this.#frozen.connecting();
    return {
      frame: async (checksum, nowMs, time) => {
        if (this.#frozen.observe(checksum, nowMs, time)) {
          this.#telemetry.anomaly(this.#sourceId, "frozen", this.#frozen.active);
        }
        if (!this.#frozen.active) return link.shown("image", time);
        const why = `the same picture for ${this.#frozenMs / 1000} s`;
        await link.blind("image", why, this.#frozen.since);
        if (this.#frozen.reconnectDue(nowMs)) link.end("frozen", why);
      },
      sound: async (samples, nowMs, time, startedAt) => {
        const silent = samples.every((sample) => Math.abs(sample) < SILENT_PEAK);
        if (this.#silent.observe(silent, nowMs, startedAt)) this.#telemetry.anomaly(this.#sourceId, "silent", this.#silent.active);
        if (!this.#silent.active) return link.shown("audio", time);
        await link.blind("audio", `digital silence for ${this.#silentMs / 1000} s`, this.#silent.since);
      },
      gap: () => {
        this.#telemetry.dropped(this.#sourceId, "skew", 1);
        this.#telemetry.note(this.#sourceId, "info", "sound has a gap: counting starts anew");
      },
      outlier: () => this.#telemetry.dropped(this.#sourceId, "outlier", 1),
    };
  }

  /** The source is no longer watched: what it was accused of no longer counts. */
  close(): void {
    this.#telemetry.unwatched(this.#sourceId);
  }
}
