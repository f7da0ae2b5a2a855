// How steps and states are written down, each with the version of its form. An observation is written as in a report.
import { bytesToVector, decode, decodeMap, encode, encodeMap, vectorToBytes, type MapValue } from "../codec/msgpack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { embeddingOf, embeddingOfCodes, type Embedding, type Observation } from "../../fusion/model/observation.js";
import type { GroupCheckpoint, JournalValue, WrittenBackground } from "../groups/journal.js";
import { putObservation, takeObservation } from "../report/observation-fields.js";
import { ReportFields } from "../report/report-fields.js";

/**
 * The version that is written; raised when anything in a journal, a checkpoint or a background changes its meaning or goes.
 * 0 had no version in it, and vectors that were not rounded.
 */
const VERSION = 1;

/** Lists and maps within one another: far more than any state has. */
const DEPTH_MAX = 64;

/**
 * The bytes of a journal entry.
 * Errors: FusiondError "report_invalid" of an observation that could not be read back: it must not be taken in.
 */
export function encodeEntry(entry: JournalValue): Uint8Array {
  if (!("kind" in entry) || entry.kind !== "observation") return encodeValue(entry);
  const map = new Map<string, MapValue>([["v", VERSION], ["kind", entry.kind]]);
  putObservation(map, entry.observation);
  if (observationOf(map).id !== entry.observation.id) map.set("id", entry.observation.id);
  return encodeMap(map);
}

/**
 * The journal entry of bytes that `encodeEntry` made, today's or an older fusiond's.
 * Errors: FusiondError "store_version" if a newer one did.
 */
export function decodeEntry(bytes: Uint8Array): JournalValue {
  const fields = decodeMap(bytes, DEPTH_MAX);
  if (versionOf(fields) === 0) return entryOfOlder(bytes);
  if (fields.get("kind") !== "observation") return decodeValue(bytes) as JournalValue;
  return { kind: "observation", observation: observationOf(fields) };
}

/** The bytes of a checkpoint. */
export function encodeCheckpoint(checkpoint: GroupCheckpoint): Uint8Array {
  return encodeValue(checkpoint);
}

/** The checkpoint of bytes that `encodeCheckpoint` made; see `decodeEntry`. */
export function decodeCheckpoint(bytes: Uint8Array): GroupCheckpoint {
  const checkpoint = decodeValue(bytes) as GroupCheckpoint;
  return { ...checkpoint, state: { ...checkpoint.state, cohorts: withSamples(checkpoint.state.cohorts) } };
}

/** The bytes of a background. */
export function encodeBackground(background: WrittenBackground): Uint8Array {
  return encodeValue(background);
}

/** The background of bytes that `encodeBackground` made; see `decodeEntry`. */
export function decodeBackground(bytes: Uint8Array): WrittenBackground {
  return decodeValue(bytes) as WrittenBackground;
}

function encodeValue(value: unknown): Uint8Array {
  return encode({ v: VERSION, value: toPlain(value) });
}

function decodeValue(bytes: Uint8Array): unknown {
  const document = decode(bytes) as Readonly<Record<string, unknown>>;
  return versionOf(new Map(Object.entries(document))) === 0 ? fromPlain(document) : fromPlain(document["value"]);
}

/** 0 where there is none: an older fusiond wrote it. */
function versionOf(fields: ReadonlyMap<unknown, unknown>): number {
  const version = fields.get("v") ?? 0;
  if (version === 0 || version === VERSION) return version;
  throw new FusiondError(
    "store_version",
    `the state of a group was written by a newer fusiond (form ${JSON.stringify(version)}, this one knows ${VERSION}): run that one, or choose another state folder`,
  );
}

function toPlain(value: unknown): unknown {
  if (value instanceof Float32Array) return { $f32: vectorToBytes(value) };
  if (value instanceof Int8Array) return { $i8: bytesOf(value) };
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [key as unknown, toPlain(item)]) };
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== "object" || value === null) return value;
  if (isEmbedding(value)) return { $embedding: [value.space, bytesOf(value.codes)] };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}

function fromPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value !== "object" || value === null) return value;
  const { $f32, $i8, $map, $embedding } = value as Record<string, unknown>;
  if ($f32 instanceof Uint8Array) return bytesToVector($f32);
  if ($i8 instanceof Uint8Array) return codesOf($i8);
  if (Array.isArray($map)) return new Map($map.map(([key, item]: readonly [unknown, unknown]) => [key, fromPlain(item)]));
  if (Array.isArray($embedding)) return embeddingOfCodes($embedding[0] as string, codesOf($embedding[1] as Uint8Array));
  const object = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPlain(item)]));
  return isUnrounded(object) ? embeddingOf(object["space"], object["vector"]) : object;
}

function isEmbedding(value: object): value is Embedding {
  return "codes" in value && value.codes instanceof Int8Array && "vector" in value;
}

/** A vector as an older fusiond wrote it. */
function isUnrounded(value: Readonly<Record<string, unknown>>): value is Record<"space", string> & Record<"vector", Float32Array> {
  return typeof value["space"] === "string" && value["vector"] instanceof Float32Array;
}

function bytesOf(codes: Int8Array): Uint8Array {
  return new Uint8Array(codes.buffer, codes.byteOffset, codes.length);
}

/** A copy: the bytes are a part of the whole document's. */
function codesOf(bytes: Uint8Array): Int8Array {
  return Int8Array.from(bytes);
}

/** One that an older fusiond took in has an id of its own: the events and incidents that it founded are known by it. */
function observationOf(map: ReadonlyMap<unknown, unknown>): Observation {
  const fields = new ReportFields(map);
  const observation = takeObservation(fields);
  return fields.has("id") ? { ...observation, id: fields.name("id") } : observation;
}

/** What an older fusiond wrote: its observations were of no run, and their fields an object at first. */
function entryOfOlder(bytes: Uint8Array): JournalValue {
  const entry = decodeValue(bytes) as JournalValue;
  if (!("kind" in entry) || entry.kind !== "observation") return entry;
  const { run = 0, fields, ...rest } = entry.observation as Omit<Observation, "run"> & { readonly run?: number };
  return { kind: "observation", observation: { ...rest, run, ...(fields === undefined ? {} : { fields: fields instanceof Map ? fields : new Map(Object.entries(fields)) }) } };
}

/** Cohorts are samples; an older fusiond kept moments, of which no samples can be made: those begin anew, within a minute. */
function withSamples(cohorts: GroupCheckpoint["state"]["cohorts"]): GroupCheckpoint["state"]["cohorts"] {
  return new Map([...cohorts].filter(([, cohort]) => Array.isArray(cohort.samples)));
}
