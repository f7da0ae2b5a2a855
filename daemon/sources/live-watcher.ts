// What a live picture or sound says about the health of its source: whether it shows what is there.
import { Anomaly } from "./anomaly.js";
import { BLINDING, type AnomalyOptions } from "./anomalies.js";
import type { Link } from "./connection.js";
import { FrozenPicture } from "./frozen-picture.js";
import { greyGrid, isBlack, isUniform, type GreyGrid } from "./grey-grid.js";
import type { IntakeWatcher, WatchedFrame } from "./media-intake.js";
import { soundLevels } from "./sound-levels.js";
import { ANOMALIES_OF, type AnomalyKind, type SourceTelemetry } from "./source.js";

/** How long it must be well again before an anomaly is over, ms. */
const RELEASE_MS = 3_000;

/** Frames are looked into at most this often, ms: bounds what the analysis costs. */
const LOOK_EVERY_MS = 150;

/** Watches over all connections of one source; an anomaly outlives the connection that showed it. */
export class LiveWatcher {
  readonly #sourceId: string;
  readonly #options: AnomalyOptions;
  readonly #telemetry: SourceTelemetry;
  readonly #frozen: FrozenPicture;
  readonly #others: ReadonlyMap<AnomalyKind, Anomaly>;
  #lookedMs = -Infinity;

  constructor(sourceId: string, options: AnomalyOptions, telemetry: SourceTelemetry) {
    this.#sourceId = sourceId;
    this.#options = options;
    this.#telemetry = telemetry;
    this.#frozen = new FrozenPicture(options.frozen);
    const kinds = [...ANOMALIES_OF.image, ...ANOMALIES_OF.audio].filter((kind) => kind !== "frozen");
    this.#others = new Map(kinds.map((kind) => [kind, new Anomaly(options[kind], RELEASE_MS)]));
  }

  /** The watcher of a new connection. */
  watch(link: Link): IntakeWatcher {
    this.#frozen.connecting();
    return {
      frame: async (frame, nowMs, time) => {
        const grid = nowMs - this.#lookedMs < LOOK_EVERY_MS ? undefined : greyGrid(frame.pixels, frame.width, frame.height);
        this.#lookInto(frame, grid, nowMs, time);
        await this.#tell(link, "image", time);
        if (this.#frozen.reconnectDue(nowMs)) link.end("frozen", this.#why("frozen"));
      },
      sound: async ({ samples, isOutOfPhase }, nowMs, time, startedAt) => {
        const { isConstant, isOffset, isClipped } = soundLevels(samples);
        this.#observe("silent", isConstant && !isOffset, nowMs, startedAt);
        this.#observe("dc", isOffset, nowMs, startedAt);
        this.#observe("clipping", isClipped, nowMs, startedAt);
        this.#observe("out_of_phase", isOutOfPhase, nowMs, startedAt);
        await this.#tell(link, "audio", time);
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

  #lookInto(frame: WatchedFrame, grid: GreyGrid | undefined, nowMs: number, time: number): void {
    const changed = this.#frozen.observe({ checksum: frame.checksum, ...(grid && { grid }) }, nowMs, time);
    if (changed) this.#telemetry.anomaly(this.#sourceId, "frozen", this.#frozen.active);
    if (grid === undefined) return;
    this.#lookedMs = nowMs;
    const black = isBlack(grid);
    this.#observe("black", black, nowMs, time);
    this.#observe("covered", !black && isUniform(grid), nowMs, time);
  }

  #observe(kind: AnomalyKind, holds: boolean, nowMs: number, time: number): void {
    const anomaly = this.#others.get(kind);
    if (anomaly?.observe(holds, nowMs, time) === true) this.#telemetry.anomaly(this.#sourceId, kind, anomaly.active);
  }

  /** Whether the modality shows what is there now: an anomaly that blinds takes its word away from its own start on. */
  async #tell(link: Link, modality: "image" | "audio", time: number): Promise<void> {
    const kinds: readonly AnomalyKind[] = ANOMALIES_OF[modality];
    const blinding = kinds.filter((kind) => kind in BLINDING && this.#anomaly(kind)?.active === true);
    const [kind] = blinding;
    if (kind === undefined) return link.shown(modality, time);
    await link.blind(modality, this.#why(kind), Math.min(...blinding.map((one) => this.#anomaly(one)?.since ?? time)));
  }

  #anomaly(kind: AnomalyKind): { readonly active: boolean; readonly since: number } | undefined {
    return kind === "frozen" ? this.#frozen : this.#others.get(kind);
  }

  #why(kind: AnomalyKind): string {
    return `${BLINDING[kind] ?? kind} (for ${this.#options[kind] / 1000} s; write ${kind}: off if that is normal here)`;
  }
}
