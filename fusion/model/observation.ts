// One sample of a source, encoded: an image region, a window of sound, a line of text.
import { createHash } from "node:crypto";
import type { Modality } from "./modality.js";

/**
 * A vector of a shared space.
 *
 * Shape: `vector` has the space's dimensions and unit length. Owner: never written after it was made.
 * Vectors of two spaces never meet: whoever compares two checks `space`.
 */
export interface Embedding {
  readonly space: string;
  readonly vector: Float32Array;
}

/** A part of a frame, in fractions of its width and height, 0..1, from the top left corner. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Exact values of a text line that came as JSON, for `read: {field, equals}`, in the order of the line. A map and no
 * object: whatever a line calls its fields is data, and no name may mean something to an object.
 */
export type Fields = ReadonlyMap<string, string>;

/**
 * One encoded sample. The sample itself (pixels, sound) is gone by now.
 *
 * Units: `capturedAt` is its start in Unix ms (event time), `durationMs` how long it lasts.
 * Order: (endedAt, sourceId, modality, seq) is the canonical order, see `compareObservations`.
 */
export interface Observation {
  readonly id: string;
  readonly sourceId: string;
  readonly modality: Modality;
  /** Per source and modality, never twice the same within one `capturedAt`. */
  readonly seq: number;
  readonly capturedAt: number;
  readonly durationMs: number;
  /** "closed": a sample for the source's cohort, taken while nothing happened; never fused. */
  readonly gate: "open" | "closed";
  /** Absent: a text line without a known word. */
  readonly embedding?: Embedding;
  /** 0..1: how far the encoder can be trusted here (share of words known, size of the region). */
  readonly quality: number;
  /** Where in the picture. */
  readonly region?: Region;
  /** Same value = the gate followed this region from picture to picture. Only meaningful within one source. */
  readonly track?: number;
  /**
   * 0..63: found by looking at this fixed square of the picture in its turn, not because something moved. The same number
   * is the same square of one source for as long as its picture and masks stay as they are.
   */
  readonly place?: number;
  /** Of a look at a place: something moved there, which is looked at for itself; absent otherwise. */
  readonly moving?: true;
  readonly text?: string;
  readonly fields?: Fields;
}

/** What makes an observation's id and place in time. */
export type ObservationKey = Pick<Observation, "sourceId" | "modality" | "seq" | "capturedAt" | "durationMs">;

/** The end of an observation in event time, Unix ms: when all of it had happened. */
export function endedAt(o: Pick<Observation, "capturedAt" | "durationMs">): number {
  return o.capturedAt + o.durationMs;
}

/** The same id for the same sample in every replay. 16 hexadecimal digits. */
export function observationId(key: ObservationKey): string {
  return shortHash(key.capturedAt, key.durationMs, key.sourceId, key.modality, key.seq);
}

/** 64 bits of SHA-256 over the parts, as 16 hexadecimal digits: short enough for a subject, long enough for years. */
export function shortHash(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/**
 * The canonical order: (endedAt, sourceId, modality, seq).
 *
 * An observation is known when it has ended, so this is nearly the order of arrival even where a window of sound
 * started two seconds before the frame it arrives with; ordering by start would refold on every window.
 */
export function compareObservations(a: ObservationKey, b: ObservationKey): number {
  return (
    endedAt(a) - endedAt(b) ||
    compareText(a.sourceId, b.sourceId) ||
    compareText(a.modality, b.modality) ||
    a.capturedAt - b.capturedAt ||
    a.seq - b.seq
  );
}

/** Code point order, the same on every machine (localeCompare is not). */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
