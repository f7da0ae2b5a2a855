// How steps and states are written down: plain values, typed arrays and maps as tagged bytes and lists.
import { bytesToVector, decode, encode, vectorToBytes } from "../codec/msgpack.js";
import type { Observation } from "../../fusion/model/observation.js";
import type { GroupCheckpoint, JournalValue, WrittenBackground } from "../groups/journal.js";

/** The bytes of a journal entry. */
export function encodeEntry(entry: JournalValue): Uint8Array {
  return encode(toPlain(entry));
}

/** The journal entry of bytes that `encodeEntry` made, today's or an older fusiond's. */
export function decodeEntry(bytes: Uint8Array): JournalValue {
  const entry = fromPlain(decode(bytes)) as JournalValue;
  return "kind" in entry && entry.kind === "observation" ? { ...entry, observation: withFieldsAsMap(entry.observation) } : entry;
}

/** The bytes of a checkpoint. */
export function encodeCheckpoint(checkpoint: GroupCheckpoint): Uint8Array {
  return encode(toPlain(checkpoint));
}

/** The checkpoint of bytes that `encodeCheckpoint` made, today's or an older fusiond's. */
export function decodeCheckpoint(bytes: Uint8Array): GroupCheckpoint {
  const checkpoint = fromPlain(decode(bytes)) as GroupCheckpoint;
  return { ...checkpoint, state: { ...checkpoint.state, cohorts: withSamples(checkpoint.state.cohorts) } };
}

/** The bytes of a background. */
export function encodeBackground(background: WrittenBackground): Uint8Array {
  return encode(toPlain(background));
}

/** The background of bytes that `encodeBackground` made. */
export function decodeBackground(bytes: Uint8Array): WrittenBackground {
  return fromPlain(decode(bytes)) as WrittenBackground;
}

function toPlain(value: unknown): unknown {
  if (value instanceof Float32Array) return { $f32: vectorToBytes(value) };
  if (value instanceof Int8Array) return { $i8: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) };
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [key as unknown, toPlain(item)]) };
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}

function fromPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value !== "object" || value === null) return value;
  const { $f32, $i8, $map } = value as Record<string, unknown>;
  if ($f32 instanceof Uint8Array) return bytesToVector($f32);
  if ($i8 instanceof Uint8Array) return Int8Array.from($i8); // a copy: the bytes are a part of the whole document's
  if (Array.isArray($map)) return new Map($map.map(([key, item]: readonly [unknown, unknown]) => [key, fromPlain(item)]));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPlain(item)]));
}

/** Fields are a map; an older fusiond wrote them as an object. */
function withFieldsAsMap(observation: Observation): Observation {
  const { fields } = observation;
  return fields === undefined || fields instanceof Map ? observation : { ...observation, fields: new Map(Object.entries(fields)) };
}

/** Cohorts are samples; an older fusiond kept moments, of which no samples can be made: those begin anew, within a minute. */
function withSamples(cohorts: GroupCheckpoint["state"]["cohorts"]): GroupCheckpoint["state"]["cohorts"] {
  return new Map([...cohorts].filter(([, cohort]) => Array.isArray(cohort.samples)));
}
