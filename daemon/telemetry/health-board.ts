// What stages write their state on, for livez and readyz to be judged from.
import { systemClock, type Clock } from "../runtime/clock.js";
import type { Modality } from "../../fusion/model/modality.js";
import type { DeliveryState } from "../sinks/delivery-check.js";
import { SHED_REASONS, type DropReason, type ShedReason, type SourceTransition } from "../sources/source.js";
import type { AstraySource, HealthSnapshot, Readiness, SourceHealth } from "./health.js";
import type { StoreFault } from "../store/store.js";
import type { Redactor } from "./redact.js";

/** For how long a source counts as giving too much after something of it was dropped, ms. */
const SHED_SHOWN_MS = 15_000;

/** The daemon's present state. Bound: one entry per tower and per configured source. */
export class HealthBoard {
  readonly #clock: Clock;
  readonly #redactor: Redactor;
  readonly #towers = new Map<string, Readiness>();
  readonly #perception = new Map<string, Readiness>();
  readonly #sources = new Map<string, SourceHealth>();
  readonly #shed = new Map<ShedReason, Map<string, number>>(SHED_REASONS.map((reason) => [reason, new Map()]));
  readonly #blind = new Map<string, { readonly sourceId: string; readonly modality: Modality; readonly why: string; readonly sinceMs: number }>();
  #outbox: Readiness = { state: "starting" };
  #broker: Readiness = { state: "starting" };
  #delivery: Readiness = { state: "starting" };
  #place: readonly StoreFault[] = [];
  #stopping = false;
  #waitingItems: () => number = () => 0;
  #astray: () => readonly AstraySource[] = () => [];
  #progressedAtMs = -Infinity;
  /** When something was first seen to wait; undefined while nothing does. */
  #busySinceMs: number | undefined;

  constructor(redactor: Redactor, clock: Clock = systemClock) {
    this.#redactor = redactor;
    this.#clock = clock;
  }

  towerProved(tower: string): void {
    this.#towers.set(tower, { state: "ready" });
  }

  towerFailed(tower: string, reason: string): void {
    this.#towers.set(tower, { state: "failed", detail: this.#redactor.text(reason) });
  }

  /** A perception process is expected from now on. */
  perceptionStarting(process: string): void {
    this.#perception.set(process, { state: "starting" });
  }

  /** Whether a perception process perceives: undefined, or why it does not. */
  perception(process: string, fault: string | undefined): void {
    this.#perception.set(process, fault === undefined ? { state: "ready" } : { state: "failed", detail: this.#redactor.text(fault) });
  }

  /** The store is open, or a commit went through. */
  outboxWritable(): void {
    this.#outbox = { state: "ready" };
  }

  /** A commit was refused; the next one that goes through takes it back. */
  outboxRefused(reason: string): void {
    this.#outbox = { state: "failed", detail: this.#redactor.text(reason) };
  }

  source(sourceId: string, { state, detail, witnesses }: Pick<SourceTransition, "state" | "detail" | "witnesses">): void {
    const blind = witnesses.filter(({ healthy }) => !healthy).map(({ modality, why = "" }) => ({ modality, why: this.#redactor.text(why) }));
    this.#sources.set(sourceId, { state, blind, ...(detail === undefined ? {} : { why: this.#redactor.text(detail) }) });
  }

  /** A source that is not healthy was tried again in vain, and this is why. */
  sourceTriedInVain(sourceId: string, why: string): void {
    const source = this.#sources.get(sourceId);
    if (source !== undefined && source.state !== "healthy") this.#sources.set(sourceId, { ...source, why: this.#redactor.text(why) });
  }

  /** Something of a source was dropped. */
  dropped(sourceId: string, reason: DropReason): void {
    this.#shed.get(reason as ShedReason)?.set(sourceId, this.#clock.monotonicNowMs());
  }

  /** Why captures of a healthy source are lost; undefined: they are looked at. */
  blind(sourceId: string, modality: Modality, why: string | undefined): void {
    const key = `${sourceId} ${modality}`;
    const sinceMs = this.#blind.get(key)?.sinceMs ?? this.#clock.monotonicNowMs();
    if (why === undefined) this.#blind.delete(key);
    else this.#blind.set(key, { sourceId, modality, why: this.#redactor.text(why), sinceMs });
  }

  removeSource(sourceId: string): void {
    this.#sources.delete(sourceId);
    for (const shed of this.#shed.values()) shed.delete(sourceId);
    for (const [key, blind] of this.#blind) if (blind.sourceId === sourceId) this.#blind.delete(key);
  }

  brokerConnected(): void {
    this.#broker = { state: "ready" };
  }

  brokerMissing(reason: string): void {
    this.#broker = { state: "failed", detail: this.#redactor.text(reason) };
  }

  /** What is wrong with the state folder and its disk. */
  place(faults: readonly StoreFault[]): void {
    this.#place = faults;
  }

  /** Whether the broker stores what it is given. */
  delivery(state: DeliveryState): void {
    if (state.state === "degraded") this.#delivery = { state: "failed", detail: this.#redactor.text(state.detail) };
    else this.#delivery = { state: state.state === "deliverable" ? "ready" : "starting" };
  }

  /** The daemon is going down: not ready from now on. */
  stopping(): void {
    this.#stopping = true;
  }

  /** Asked at every look: how many items the pipeline holds and has not finished, in queues and in work. */
  watchWaiting(waitingItems: () => number): void {
    this.#waitingItems = waitingItems;
  }

  /** Asked at every look: which sources tell times that are far from the clock. */
  watchTimes(astray: () => readonly AstraySource[]): void {
    this.#astray = astray;
  }

  /** The pipeline finished an item. Cheap; called for every one. */
  progressed(): void {
    this.#progressedAtMs = this.#clock.monotonicNowMs();
  }

  /** How things stand now. */
  snapshot(): HealthSnapshot {
    const nowMs = this.#clock.monotonicNowMs();
    const waitingItems = this.#waitingItems();
    // Waiting counts from the look that first saw it: after an idle hour, the last progress is an hour old.
    this.#busySinceMs = waitingItems === 0 ? undefined : (this.#busySinceMs ?? nowMs);
    const movingSinceMs = Math.max(this.#progressedAtMs, this.#busySinceMs ?? nowMs);
    return {
      stopping: this.#stopping,
      towers: new Map(this.#towers),
      perception: new Map(this.#perception),
      outbox: this.#outbox,
      sources: new Map(this.#sources),
      blind: [...this.#blind.values()].map(({ sinceMs, ...blind }) => ({ ...blind, forMs: nowMs - sinceMs })),
      broker: this.#broker,
      astray: this.#astray(),
      delivery: this.#delivery,
      shed: new Map([...this.#shed].map(([reason, shed]) => [reason, lately(shed, nowMs)])),
      place: this.#place,
      pipeline: { waitingItems, stalledMs: nowMs - movingSinceMs },
    };
  }
}

function lately(shed: ReadonlyMap<string, number>, nowMs: number): readonly string[] {
  return [...shed].flatMap(([sourceId, lastMs]) => (nowMs - lastMs <= SHED_SHOWN_MS ? [sourceId] : []));
}
