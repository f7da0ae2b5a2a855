// What the bus and the queues tell.
import type { OutboxClass } from "../store/store.js";

/** Why a publication failed and is tried again: the codes of a sink's errors. */
export const PUBLISH_ERRORS = ["sink_unavailable", "sink_rejected"] as const;
/** One of the closed set of reasons for which a publication fails. */
export type PublishError = (typeof PUBLISH_ERRORS)[number];

/** A queue as it stands; asked at every scrape. BoundedQueue is one. */
export interface QueueGauge {
  readonly capacity: number;
  readonly size: number;
  oldestAgeMs(): number;
}

/** A group's fold as it stands; asked at every scrape. */
export interface GroupGauge {
  openEvents(): number;
  /** How far the watermark is behind the wall clock, ms; undefined while there is none. */
  watermarkLagMs(): number | undefined;
}

/** What the bus and the publisher tell. */
export interface BusTelemetry {
  connected(server: string): void;
  disconnected(reason: string): void;
  reconnected(server: string): void;
  publishFailed(reason: PublishError, error: unknown): void;
  /** The broker acknowledged a message; its latency counts from the end of the newest observation that caused it. */
  acknowledged(outboxClass: OutboxClass, latencyMs: number, duplicate: boolean): void;
  /** The stream is behind what it had acknowledged, or is another one. */
  streamRegressed(stream: string): void;
}
