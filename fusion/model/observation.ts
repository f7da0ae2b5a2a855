// One sample of a source, encoded: an image region, a window of sound, a line of text.
import { createHash } from "node:crypto";
import type { Modality } from "./modality.js";
import { roundedVector, unitVector } from "./vector.js";

/**
 * A vector of a shared space, rounded: once, when it is made, so that whatever is written down and folded again is what was
 * folded first.
 *
 * Shape: `codes` have the space's dimensions, see `roundedVector`; `vector` is what they come to, of unit length. Owner: never
 * written after they were made. Vectors of two spaces never meet: whoever compares two checks `space`.
 */
export interface Embedding {
  readonly space: string;
  readonly codes: Int8Array;
  readonly vector: Float32Array;
}

/** The rounded vector nearest to a tower's, whatever its length. */
export function embeddingOf(space: string, vector: Float32Array): Embedding {
  return embeddingOfCodes(space, roundedVector(vector));
}

/** The vector that codes stand for. */
export function embeddingOfCodes(space: string, codes: Int8Array): Embedding {
  return { space, codes, vector: unitVector(codes) };
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

/** The longest text of an observation, and of one of its fields, characters: what is longer is cut before it is one. */
export const TEXT_CHARS_MAX = 64 * 1024;

/**
 * One encoded sample. The sample itself (pixels, sound) is gone by now.
 *
 * Units: `capturedAt` is its start in Unix ms (event time), `durationMs` how long it lasts.
 * Order: see `compareObservations`.
 */
export interface Observation {
  /** `<source>.<modality>.<run>.<seq>`, see `observationId`. */
  readonly id: string;
  readonly sourceId: string;
  readonly modality: Modality;
  /** Which time it was that perception of the source began, raised with each; 0 in a replay. */
  readonly run: number;
  /** Never twice the same within a run of the source and modality. */
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
  /** Same value = the gate followed this region from picture to picture. Only meaningful within one run of one source. */
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

/** A sample that was encoded and not yet told: it has no number. */
export type Unnumbered = Omit<Observation, "id" | "run" | "seq">;

/** What makes an observation's place in the canonical order. */
export type ObservationKey = Pick<Observation, "sourceId" | "modality" | "run" | "seq" | "capturedAt" | "durationMs">;

/** The end of an observation in event time, Unix ms: when all of it had happened. */
export function endedAt(o: Pick<Observation, "capturedAt" | "durationMs">): number {
  return o.capturedAt + o.durationMs;
}

/** `<source>.<modality>.<run>.<seq>`: unique for ever, the same in every replay of a file, and read by people. */
export function observationId({ sourceId, modality, run, seq }: Pick<Observation, "sourceId" | "modality" | "run" | "seq">): string {
  return `${sourceId}.${modality}.${run}.${seq}`;
}

/** 64 bits of SHA-256 over the parts, as 16 hexadecimal digits: short enough for a subject, long enough for years. */
export function shortHash(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/**
 * The canonical order: (endedAt, sourceId, modality, capturedAt, run, seq).
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
    a.run - b.run ||
    a.seq - b.seq
  );
}

/** Code point order, the same on every machine (localeCompare is not). */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
