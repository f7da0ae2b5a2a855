// What sources tell, as metrics, log lines and health.
import type { Modality } from "../../fusion/model/modality.js";
import { ANOMALIES_OF, DROP_REASONS, LINE_FAULTS, RESTART_REASONS, SOURCE_STATES, type DropReason, type LineFault, type RestartReason, type SourceTelemetry, type SourceTransition, type AnomalyKind } from "../sources/source.js";
import type { HealthBoard } from "./health-board.js";
import { REPORT_REFUSALS, type ReportRefusal } from "../intake/intake-telemetry.js";
import { LabelValues, OTHER } from "./labels.js";
import type { Logger, LogFields } from "./logger.js";
import type { CounterMetric, GaugeMetric, Metrics } from "./metrics.js";

const NOT_STARTED = "it was not started yet";

/** So much of what a line says goes to the log, characters. */
const WRITTEN_CHARS_MAX = 64;

/** What a line's fault means to whoever reads the log. */
const FAULT_SENTENCES: Readonly<Record<LineFault, string>> = {
  fields_cut: "a line of JSON has more fields than are kept: those that no rule and no template names were left out",
  time_unreadable: "the time of a line cannot be read: it counts when it arrives, or in a replay right after the line before; say what it is in the key time",
  time_ahead: "the time of a recorded line lies more than an hour ahead of the lines after it: it counts right after the line before",
  time_back: "the time of a recorded line lies before one that came earlier: it counts right after the line before",
  not_utf8: "a line was not all UTF-8: what was not became U+FFFD",
};

/** A configured source, as far as labels go. */
export interface SourceLabels {
  readonly id: string;
  readonly modalities: readonly Modality[];
}

/** Counts what sources tell and notes it. */
export class SourceEvents implements SourceTelemetry {
  readonly #metrics: Metrics;
  readonly #logger: Logger;
  readonly #health: HealthBoard;
  readonly #ids = new LabelValues([]);
  /** The anomalies that a configured source can have. */
  readonly #accused = new Map<string, readonly string[]>();
  readonly #up: GaugeMetric;
  readonly #state: GaugeMetric;
  readonly #witness: GaugeMetric;
  readonly #anomaly: GaugeMetric;
  readonly #observations: CounterMetric;
  readonly #dropped: CounterMetric;
  readonly #refused: CounterMetric;
  readonly #lineFaults: CounterMetric;
  readonly #restarts: CounterMetric;
  readonly #lastObservation: GaugeMetric;
  readonly #lastScan: GaugeMetric;
  readonly #scanLooks: CounterMetric;
  readonly #scanSeconds: GaugeMetric;
  readonly #scansPutOff: CounterMetric;
  /** Cameras of which it was noted how long their first scan took. */
  readonly #scanned = new Set<string>();
  readonly #clockSkew: GaugeMetric;
  readonly #calibrationWarm: GaugeMetric;
  readonly #healthy = new Set<string>();
  /** Modalities of which captures are lost, by source. */
  readonly #blind = new Map<string, Set<Modality>>();

  constructor(metrics: Metrics, logger: Logger, health: HealthBoard) {
    this.#metrics = metrics;
    this.#logger = logger;
    this.#health = health;
    this.#up = metrics.gauge({ name: "source_up", help: "1 while the source is healthy and what it gives is looked at.", labels: ["source"] });
    this.#state = metrics.gauge({ name: "source_state", help: "1 for the state that the source is in.", labels: ["source", "state"] });
    this.#witness = metrics.gauge({ name: "source_witness", help: "1 while absence may be concluded from this modality of the source.", labels: ["source", "modality"] });
    this.#anomaly = metrics.gauge({ name: "source_anomaly", help: "1 while what the source gives cannot be what is there.", labels: ["source", "kind"] });
    this.#observations = metrics.counter({ name: "source_observations_total", help: "Observations made.", labels: ["source", "modality"] });
    this.#refused = metrics.counter({ name: "reports_refused_total", help: "Reports of a source that were not taken in.", labels: ["source", "reason"] });
    this.#dropped = metrics.counter({ name: "source_dropped_total", help: "Captures lost before they were observations.", labels: ["source", "reason"] });
    this.#lineFaults = metrics.counter({ name: "source_line_faults_total", help: "Lines of text taken in, but not wholly as written.", labels: ["source", "reason"] });
    this.#restarts = metrics.counter({ name: "source_restarts_total", help: "Times that the source was started again.", labels: ["source", "reason"] });
    this.#lastObservation = metrics.gauge({
      name: "source_last_observation_timestamp_seconds",
      help: "End of the newest observation, Unix time.",
      labels: ["source", "modality"],
    });
    this.#lastScan = metrics.gauge({ name: "source_last_scan_timestamp_seconds", help: "When all of the picture had been looked at last, Unix time.", labels: ["source"] });
    this.#scanLooks = metrics.counter({ name: "source_scan_looks_total", help: "Squares of the camera's picture looked at in turn.", labels: ["source"] });
    this.#scanSeconds = metrics.gauge({ name: "source_scan_seconds", help: "How long the last look at the whole picture took, square after square.", labels: ["source"] });
    this.#scansPutOff = metrics.counter({ name: "source_scan_put_off_total", help: "Frames with which no square was looked at because the tower was behind.", labels: ["source"] });
    this.#clockSkew = metrics.gauge({ name: "source_clock_skew_seconds", help: "How far the source's clock is ahead.", labels: ["source"] });
    this.#calibrationWarm = metrics.gauge({
      name: "calibration_warm",
      help: "1 once enough is known of what goes on at a microphone; of pictures and text, which need none, always.",
      labels: ["source", "modality"],
    });
  }

  /** Makes a configured source known: its series exist from now on, at zero. */
  add(source: SourceLabels): void {
    const { id } = source;
    this.#ids.add(id);
    const at = 0;
    this.#setState(id, { state: "starting", at, witnesses: source.modalities.map((modality) => ({ modality, healthy: false, at, why: NOT_STARTED })) });
    for (const reason of DROP_REASONS) this.#dropped.increase({ source: id, reason }, 0);
    for (const reason of REPORT_REFUSALS) this.#refused.increase({ source: id, reason }, 0);
    for (const reason of RESTART_REASONS) this.#restarts.increase({ source: id, reason }, 0);
    for (const reason of source.modalities.includes("text") ? LINE_FAULTS : []) this.#lineFaults.increase({ source: id, reason }, 0);
    if (source.modalities.includes("image")) {
      this.#scanLooks.increase({ source: id }, 0);
      this.#scansPutOff.increase({ source: id }, 0);
    }
    for (const modality of source.modalities) {
      this.#observations.increase({ source: id, modality }, 0);
      this.#calibrationWarm.set(0, { source: id, modality });
      this.#witness.set(0, { source: id, modality });
      for (const kind of ANOMALIES_OF[modality]) this.#anomaly.set(0, { source: id, kind });
    }
    const rate = source.modalities.includes("text") ? [] : ["rate"];
    for (const kind of rate) this.#anomaly.set(0, { source: id, kind });
    this.#accused.set(id, [...source.modalities.flatMap((modality) => [...ANOMALIES_OF[modality]]), ...rate]);
  }

  /** Takes a source that is no longer configured out of metrics and health. */
  async remove(sourceId: string): Promise<void> {
    this.#ids.remove(sourceId);
    this.#accused.delete(sourceId);
    this.#healthy.delete(sourceId);
    this.#blind.delete(sourceId);
    this.#scanned.delete(sourceId);
    this.#health.removeSource(sourceId);
    await this.#metrics.forget("source", sourceId);
  }

  /** Places of its picture were looked at; `tookMs`: how long the scan took that was completed with them. */
  placesLooked(sourceId: string, looks: number, tookMs: number | undefined): void {
    const source = this.#ids.of(sourceId);
    this.#scanLooks.increase({ source }, looks);
    if (tookMs === undefined) return;
    this.#scanSeconds.set(tookMs / 1000, { source });
    if (this.#scanned.has(source)) return;
    this.#scanned.add(source);
    this.#logger.log("info", "the whole picture was looked at, square after square", { source: sourceId, seconds: tookMs / 1000 });
  }

  /** Its scan waited for what moves. */
  scanPutOff(sourceId: string): void {
    this.#scansPutOff.increase({ source: this.#ids.of(sourceId) });
  }

  /** A source changed its state, or one of its modalities became blind or sees again. */
  state(sourceId: string, transition: SourceTransition): void {
    this.#setState(sourceId, transition);
    const { state, detail, witnesses } = transition;
    const blind = state === "starting" || state === "ended" ? [] : witnesses.filter(({ healthy }) => !healthy);
    const bad = state === "escalated" || state === "failed" ? "error" : "warn";
    const level = (state === "healthy" && blind.length === 0) || state === "starting" || state === "ended" ? "info" : bad;
    this.#logger.change(level, "source changed its state", {
      ...{ source: sourceId, state },
      ...(detail === undefined ? {} : { detail }),
      ...(blind.length === 0 ? {} : { blind: blind.map(({ modality, why = "" }) => `${modality}: ${why}`) }),
    });
  }

  observed(sourceId: string, modality: Modality, endedAt: number): void {
    const labels = { source: this.#ids.of(sourceId), modality };
    this.#observations.increase(labels);
    this.#lastObservation.set(endedAt / 1000, labels);
  }

  scanned(sourceId: string, endedAt: number): void {
    this.#lastScan.set(endedAt / 1000, { source: this.#ids.of(sourceId) });
  }

  calibration(sourceId: string, modality: Modality, warm: boolean): void {
    this.#calibrationWarm.set(warm ? 1 : 0, { source: this.#ids.of(sourceId), modality });
  }

  /** Whether the source's silence proves an absence, and if what a healthy source gives is lost, why. */
  witnessing(sourceId: string, modality: Modality, witnesses: boolean, blind: string | undefined): void {
    const source = this.#ids.of(sourceId);
    if (source === OTHER) return;
    this.#witness.set(witnesses ? 1 : 0, { source, modality });
    const lost = this.#blind.get(source) ?? new Set();
    if (blind === undefined) lost.delete(modality);
    else lost.add(modality);
    this.#blind.set(source, lost);
    this.#setUp(source);
    this.#health.blind(source, modality, blind);
    if (blind === undefined) this.#logger.log("debug", "what the source gives is looked at", { source, modality, witnesses });
    else this.#logger.log("debug", "what the source gives is lost: its silence proves nothing", { source, modality, reason: blind });
  }

  dropped(sourceId: string, reason: DropReason, count: number): void {
    const source = this.#ids.of(sourceId);
    this.#dropped.increase({ source, reason }, count);
    if (source !== OTHER) this.#health.dropped(source, reason);
    this.#logger.log(reason === "shutdown" ? "info" : "error", "captures were dropped", { source: sourceId, reason, count });
  }

  refused(sourceId: string | undefined, reason: ReportRefusal, why?: string): void {
    this.#refused.increase({ source: sourceId === undefined ? OTHER : this.#ids.of(sourceId), reason });
    this.#logger.log("warn", "a report was not taken", { ...(sourceId === undefined ? {} : { source: sourceId }), reason, ...(why === undefined ? {} : { detail: why }) });
  }

  lineFault(sourceId: string, reason: LineFault, written?: string): void {
    this.#lineFaults.increase({ source: this.#ids.of(sourceId), reason });
    this.#logger.log("warn", FAULT_SENTENCES[reason], { source: sourceId, reason, ...(written === undefined ? {} : { written: written.slice(0, WRITTEN_CHARS_MAX) }) });
  }

  restarted(sourceId: string, reason: RestartReason, detail: string): void {
    this.#restarts.increase({ source: this.#ids.of(sourceId), reason });
    this.#health.sourceTriedInVain(sourceId, detail);
  }

  anomaly(sourceId: string, kind: AnomalyKind | "rate", active: boolean): void {
    this.#anomaly.set(active ? 1 : 0, { source: this.#ids.of(sourceId), kind });
    this.#logger.change(active ? "warn" : "info", `source anomaly ${active ? "began" : "is over"}`, { source: sourceId, kind });
  }

  unwatched(sourceId: string): void {
    const source = this.#ids.of(sourceId);
    for (const kind of this.#accused.get(source) ?? []) this.#anomaly.set(0, { source, kind });
  }

  clockSkew(sourceId: string, seconds: number): void {
    this.#clockSkew.set(seconds, { source: this.#ids.of(sourceId) });
  }

  note(sourceId: string, level: "info" | "warn" | "error", message: string, fields: LogFields = {}): void {
    this.#logger.log(level, message, { ...fields, source: sourceId });
  }

  #setState(sourceId: string, transition: SourceTransition): void {
    const source = this.#ids.of(sourceId);
    const { state } = transition;
    if (source !== OTHER) this.#health.source(sourceId, transition);
    if (state === "healthy") this.#healthy.add(source);
    else this.#healthy.delete(source);
    this.#setUp(source);
    for (const each of SOURCE_STATES) this.#state.set(each === state ? 1 : 0, { source, state: each });
  }

  #setUp(source: string): void {
    this.#up.set(this.#healthy.has(source) && (this.#blind.get(source)?.size ?? 0) === 0 ? 1 : 0, { source });
  }
}
