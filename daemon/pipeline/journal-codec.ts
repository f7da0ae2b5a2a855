// How steps and states are written down: plain values, typed arrays and maps as tagged bytes and lists.
import { decode, encode } from "../codec/msgpack.js";
import type { Told } from "../../rules/publication.js";
import type { GroupCheckpoint } from "./group-runner.js";
import type { Step } from "./group-state.js";

/** An entry of a group's journal: a step, or a revision that was told. */
export type JournalValue = Step | Told;

/** The bytes of a journal entry. */
export function encodeEntry(entry: JournalValue): Uint8Array {
  return encode(toPlain(entry));
}

/** The journal entry of bytes that `encodeEntry` made. */
export function decodeEntry(bytes: Uint8Array): JournalValue {
  return fromPlain(decode(bytes)) as JournalValue;
}

/** The bytes of a checkpoint. */
export function encodeCheckpoint(checkpoint: GroupCheckpoint): Uint8Array {
  return encode(toPlain(checkpoint));
}

/** The checkpoint of bytes that `encodeCheckpoint` made. */
export function decodeCheckpoint(bytes: Uint8Array): GroupCheckpoint {
  return fromPlain(decode(bytes)) as GroupCheckpoint;
}

function toPlain(value: unknown): unknown {
  if (value instanceof Float32Array) return { $f32: bytesOf(value) };
  if (value instanceof Float64Array) return { $f64: bytesOf(value) };
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [key as unknown, toPlain(item)]) };
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}

function fromPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value !== "object" || value === null) return value;
  const tagged = value as { $f32?: Uint8Array; $f64?: Uint8Array; $map?: readonly (readonly [unknown, unknown])[] };
  if (tagged.$f32 !== undefined) return new Float32Array(aligned(tagged.$f32));
  if (tagged.$f64 !== undefined) return new Float64Array(aligned(tagged.$f64));
  if (tagged.$map !== undefined) return new Map(tagged.$map.map(([key, item]) => [key, fromPlain(item)]));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPlain(item)]));
}

function bytesOf(array: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** A copy of its own: typed arrays want their bytes aligned. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
