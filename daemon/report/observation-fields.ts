// How an observation is written, in a report and in a journal alike: field by field, and read back as it was.
import type { MapValue } from "../codec/msgpack.js";
import { MODALITIES } from "../../fusion/model/modality.js";
import { embeddingOfCodes, observationId, TEXT_CHARS_MAX, type Embedding, type Observation, type Region } from "../../fusion/model/observation.js";
import { PLACES_MAX } from "../../fusion/model/scan.js";
import { isRounded } from "../../fusion/model/vector.js";
import type { ReportFields } from "./report-fields.js";

/** The longest sample, ms. */
const DURATION_MS_MAX = 3_600_000;

/** The most dimensions of a space. Source: what a pack's manifest may say. */
const DIMENSIONS_MAX = 4096;

const GATES = ["open", "closed"] as const;

/** A region may reach beyond its picture by so much: fractions are rounded. */
const REGION_SLACK = 1e-6;

/** Adds an observation's fields to a map that is to be written. Its vector is written as the codes that it was made of. */
export function putObservation(map: Map<string, MapValue>, observation: Observation): void {
  const { embedding, region, track, place, moving, text, fields } = observation;
  map.set("source", observation.sourceId);
  map.set("modality", observation.modality);
  map.set("run", observation.run);
  map.set("seq", observation.seq);
  map.set("captured_at", observation.capturedAt);
  map.set("duration_ms", observation.durationMs);
  map.set("gate", observation.gate);
  map.set("quality", observation.quality);
  if (embedding !== undefined) {
    const { codes } = embedding;
    map.set("space", embedding.space);
    map.set("vector", new Uint8Array(codes.buffer, codes.byteOffset, codes.length));
  }
  if (region !== undefined) map.set("region", [region.x, region.y, region.width, region.height]);
  if (track !== undefined) map.set("track", track);
  if (place !== undefined) map.set("place", place);
  if (moving !== undefined) map.set("moving", true);
  if (text !== undefined) map.set("text", text);
  if (fields !== undefined) map.set("fields", fields);
}

/** The observation of fields that `putObservation` wrote, or of any other: errors as those of `ReportFields`. */
export function takeObservation(fields: ReportFields): Observation {
  const key = { sourceId: fields.token("source"), modality: fields.oneOf("modality", MODALITIES), run: fields.whole("run"), seq: fields.whole("seq") };
  return {
    id: observationId(key),
    ...key,
    capturedAt: fields.time("captured_at"),
    durationMs: fields.whole("duration_ms", 0, DURATION_MS_MAX),
    gate: fields.oneOf("gate", GATES),
    quality: fields.number("quality", 0, 1),
    ...(fields.has("vector") ? { embedding: embedding(fields) } : {}),
    ...(fields.has("region") ? { region: region(fields) } : {}),
    ...(fields.has("track") ? { track: fields.whole("track") } : {}),
    ...(fields.has("place") ? { place: fields.whole("place", 0, PLACES_MAX - 1) } : {}),
    ...(fields.has("moving") && fields.boolean("moving") ? { moving: true } : {}),
    ...(fields.has("text") ? { text: fields.text("text", TEXT_CHARS_MAX) } : {}),
    ...(fields.has("fields") ? { fields: fields.texts("fields", TEXT_CHARS_MAX) } : {}),
  };
}

function embedding(fields: ReportFields): Embedding {
  const bytes = fields.bytes("vector", 1, DIMENSIONS_MAX);
  const codes = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isRounded(codes)) throw fields.invalid("vector", "codes from -127 to 127, the largest of them 127");
  return embeddingOfCodes(fields.name("space"), codes);
}

function region(fields: ReportFields): Region {
  const [x, y, width, height] = fields.numbers("region", 4, -REGION_SLACK, 1 + REGION_SLACK) as readonly [number, number, number, number];
  return { x, y, width, height };
}
