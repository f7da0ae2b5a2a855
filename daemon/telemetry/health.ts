// Whether the daemon lives and whether it is ready, as pure judgements over a snapshot.
import { MODALITY_NOUNS, type Modality } from "../../fusion/model/modality.js";
import { SHED_REASONS, type ShedReason, type SourceState } from "../sources/source.js";
import type { StoreFault } from "../store/store.js";

/** "degraded" works with something missing and counts as ready. */
export type HealthStatus = "ok" | "degraded" | "failed";

/** One thing that was looked at, and what was seen. */
export interface HealthCheck {
  readonly name: string;
  readonly status: HealthStatus;
  /** One sentence for the operator. */
  readonly reason: string;
}

/** All checks; the status is the worst of them. */
export interface HealthReport {
  readonly status: HealthStatus;
  readonly checks: readonly HealthCheck[];
  /** The same on one line: for a page, and for systemd's status. */
  readonly line: string;
}

/** Something that is there, is not there yet, or failed. */
export interface Readiness {
  readonly state: "starting" | "ready" | "failed";
  readonly detail?: string;
}

/** A source whose times are far from the clock; `lagMs` negative: ahead of it. */
export interface AstraySource {
  readonly sourceId: string;
  readonly lagMs: number;
}

/** How a source is. */
export interface SourceHealth {
  readonly state: SourceState;
  /** Why it is not healthy, in an operator's words. */
  readonly why?: string;
  /** Modalities from which absence is not concluded, and why. */
  readonly blind: readonly { readonly modality: Modality; readonly why: string }[];
}

/** How the daemon stands at one moment. */
export interface HealthSnapshot {
  readonly stopping: boolean;
  readonly towers: ReadonlyMap<string, Readiness>;
  /** The perception processes; none where there is no camera and no microphone. */
  readonly perception: ReadonlyMap<string, Readiness>;
  readonly outbox: Readiness;
  readonly sources: ReadonlyMap<string, SourceHealth>;
  /** What healthy sources give and nobody looks at, and for how long, ms. */
  readonly blind: readonly { readonly sourceId: string; readonly modality: Modality; readonly why: string; readonly forMs: number }[];
  readonly broker: Readiness;
  /** Sources whose times are far from the clock: their groups cannot put them in order. */
  readonly astray: readonly AstraySource[];
  /** Whether the broker, while it is connected, stores what it is given. */
  readonly delivery: Readiness;
  /** Sources of which more came lately than was taken, by reason. */
  readonly shed: ReadonlyMap<ShedReason, readonly string[]>;
  /** What is wrong with the state folder and its disk while alerts can still be written. */
  readonly place: readonly StoreFault[];
  readonly pipeline: {
    readonly waitingItems: number;
    /** Since when nothing was finished although something waited, ms. */
    readonly stalledMs: number;
  };
}

/** Sources that a reason names. */
const NAMED_MAX = 3;

/** Longest time without progress while something waits. */
export const STALL_BOUND_MS = 30_000;

/** For how long all sources may be blind at once before it is a failure: a gate that learns a scene takes some seconds. */
export const BLIND_BOUND_MS = 10_000;

/**
 * Whether the process should be left alone: the event loop turns and the pipeline moves or has nothing to do.
 * Asks for nothing outside the process, so that a restart follows only where it helps.
 */
export function livez(snapshot: HealthSnapshot): HealthReport {
  // No measure of the loop's delay: a loop that stands still answers nobody, and a past delay is no reason for a restart.
  return report([{ name: "event_loop", status: "ok", reason: "it answers" }, checkPipeline(snapshot)]);
}

/** Whether an observation would reach the outbox. A missing broker only degrades: alerts wait on disk. */
export function readyz(snapshot: HealthSnapshot): HealthReport {
  const parts = [checkTowers, checkPerception, checkOutbox, checkPlace, checkSources, checkObservations, checkTimes, checkIntake, checkBroker, checkDelivery];
  const checks = parts.map((check) => check(snapshot));
  if (snapshot.stopping) checks.unshift({ name: "daemon", status: "failed", reason: "it is stopping" });
  return report(checks);
}

function report(checks: readonly HealthCheck[]): HealthReport {
  const bad = checks.filter((check) => check.status !== "ok");
  const status = bad.some((check) => check.status === "failed") ? "failed" : bad.length > 0 ? "degraded" : "ok";
  return { status, checks, line: [status, ...bad.map((check) => `${check.name}: ${check.reason}`)].join("; ") };
}

function checkPipeline({ pipeline }: HealthSnapshot): HealthCheck {
  const name = "pipeline";
  if (pipeline.waitingItems === 0) return { name, status: "ok", reason: "nothing waits" };
  if (pipeline.stalledMs <= STALL_BOUND_MS) return { name, status: "ok", reason: "it makes progress" };
  const seconds = Math.round(pipeline.stalledMs / 1000);
  return { name, status: "failed", reason: `${pipeline.waitingItems} items wait and none was finished for ${seconds} s` };
}

function checkTowers({ towers }: HealthSnapshot): HealthCheck {
  const name = "towers";
  const failed = [...towers].filter(([, tower]) => tower.state === "failed");
  if (failed.length > 0) {
    const status = [...towers.values()].some((tower) => tower.state === "ready") ? "degraded" : "failed";
    return { name, status, reason: failed.map(([id, { detail }]) => `${id} failed${detail === undefined ? "" : ` (${detail})`}`).join(", ") };
  }
  if (towers.size === 0) return { name, status: "failed", reason: "none is proved yet" };
  return { name, status: "ok", reason: `proved: ${[...towers.keys()].join(", ")}` };
}

function checkPerception({ perception }: HealthSnapshot): HealthCheck {
  const name = "perception";
  const down = [...perception].filter(([, { state }]) => state !== "ready");
  if (down.length === 0) return { name, status: "ok", reason: perception.size === 0 ? "nothing is looked at or listened to" : `every process runs: ${[...perception.keys()].join(", ")}` };
  const reason = down.map(([process, { state, detail }]) => (state === "starting" ? `${process} has not proved its towers yet` : (detail ?? `${process} failed`))).join(", ");
  return { name, status: down.length < perception.size ? "degraded" : "failed", reason };
}

function checkOutbox({ outbox }: HealthSnapshot): HealthCheck {
  const name = "outbox";
  if (outbox.state === "ready") return { name, status: "ok", reason: "it can be written" };
  if (outbox.state === "starting") return { name, status: "failed", reason: "it is not open yet" };
  return { name, status: "failed", reason: outbox.detail ?? "it cannot be written" };
}

function checkSources({ sources }: HealthSnapshot): HealthCheck {
  const name = "sources";
  if (sources.size === 0) return { name, status: "failed", reason: "there is none yet" };
  const down = [...sources].filter(([, { state }]) => state !== "healthy" && state !== "ended");
  const partly = [...sources].filter(([, { state, blind }]) => state === "healthy" && blind.length > 0);
  if (down.length + partly.length === 0) return { name, status: "ok", reason: "all are healthy or idle" };
  const reasons = [
    ...down.map(([id, { state, why }]) => `${id} is ${state}${why === undefined ? "" : ` (${why})`}`),
    ...partly.map(([id, { blind }]) => `${id} witnesses no ${blind.map(({ modality, why }) => `${modality} (${why})`).join(" and no ")}`),
  ];
  return { name, status: down.length < sources.size ? "degraded" : "failed", reason: reasons.join(", ") };
}

function checkTimes({ astray }: HealthSnapshot): HealthCheck {
  const name = "times";
  if (astray.length === 0) return { name, status: "ok", reason: "all sources keep to the clock" };
  const each = astray.map(({ sourceId, lagMs }) => `${sourceId} is ${Math.round(Math.abs(lagMs) / 1000)} s ${lagMs > 0 ? "behind" : "ahead of"} the clock`);
  return { name, status: "degraded", reason: each.join(", ") };
}

const SHED: Readonly<Record<ShedReason, string>> = {
  rate: "more lines than the limit of a source",
  queue_full: "more than can be encoded",
  overload: "more than can be taken of all sources together",
};

function checkIntake({ shed }: HealthSnapshot): HealthCheck {
  const name = "intake";
  const clauses = SHED_REASONS.flatMap((reason) => {
    const sources = shed.get(reason) ?? [];
    return sources.length === 0 ? [] : [`${SHED[reason]} (${reason}: ${someOf(sources)})`];
  });
  if (clauses.length === 0) return { name, status: "ok", reason: "all that comes is taken" };
  return { name, status: "degraded", reason: `${clauses.join(", and ")}: the rest is dropped` };
}

/** The first few names, and how many more there are. */
function someOf(names: readonly string[]): string {
  const first = names.slice(0, NAMED_MAX).join(", ");
  return names.length <= NAMED_MAX ? first : `${first} and ${names.length - NAMED_MAX} more`;
}

function checkObservations({ sources, blind }: HealthSnapshot): HealthCheck {
  const name = "observations";
  if (blind.length === 0) return { name, status: "ok", reason: "what healthy sources give is looked at" };
  const each = blind.slice(0, NAMED_MAX).map(({ sourceId, modality, why, forMs }) => `the ${MODALITY_NOUNS[modality]} of ${sourceId} is lost since ${Math.round(forMs / 1000)} s (${why})`);
  const reason = `${each.join(", ")}${blind.length > NAMED_MAX ? ` and that of ${blind.length - NAMED_MAX} more` : ""}`;
  const isBlind = (id: string): boolean => blind.some(({ sourceId, forMs }) => sourceId === id && forMs >= BLIND_BOUND_MS);
  const all = [...sources].every(([id, { state }]) => state !== "healthy" || isBlind(id));
  return { name, status: all ? "failed" : "degraded", reason };
}

function checkBroker({ broker }: HealthSnapshot): HealthCheck {
  if (broker.state === "ready") return { name: "broker", status: "ok", reason: "it is connected" };
  const detail = broker.detail === undefined ? "" : ` (${broker.detail})`;
  return { name: "broker", status: "degraded", reason: `it is not connected, alerts wait on disk${detail}` };
}

/** Degraded, not failed: what the broker does not take waits on disk, and the daemon tries again by itself. */
function checkDelivery({ broker, delivery }: HealthSnapshot): HealthCheck {
  const name = "delivery";
  if (broker.state !== "ready" || delivery.state === "starting") return { name, status: "ok", reason: "it is looked at once the broker is connected" };
  if (delivery.state === "ready") return { name, status: "ok", reason: "the broker stores what it is given" };
  return { name, status: "degraded", reason: delivery.detail ?? "the broker does not store what it is given" };
}

function checkPlace({ place }: HealthSnapshot): HealthCheck {
  if (place.length === 0) return { name: "state_folder", status: "ok", reason: "it is there, and the reserve for alerts is held" };
  return { name: "state_folder", status: "degraded", reason: place.map(({ detail }) => detail).join("; ") };
}
