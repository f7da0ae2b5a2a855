// The binary form of everything fusiond writes down or sends: portable msgpack. The one file that imports msgpackr.
import { Packr } from "msgpackr";
import { checkShape } from "./msgpack-shape.js";

// Records, undefined and typed arrays as extensions would be readable by this library only.
const packr = new Packr({
  useRecords: false,
  moreTypes: false,
  mapsAsObjects: false,
  useToJSON: false,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  int64AsType: "number",
  copyBuffers: true,
});

/**
 * Portable msgpack of a plain value: any msgpack library reads it.
 *
 * Shapes: null, booleans, finite numbers, strings, Uint8Array (as bin), arrays, plain objects (as maps with string
 * keys); vectors go through `vectorToBytes` first. Every key of an object is data, `toJSON`, `constructor` and
 * `__proto__` too. Owner: the result is exactly as long as it needs to be and belongs to the caller.
 */
export function encode(value: unknown): Uint8Array {
  return new Uint8Array(packr.pack(withMaps(value)));
}

/** The value of one whole msgpack document; what is in it is the caller's to check. Throws if it is cut short or goes on. */
export function decode(bytes: Uint8Array): unknown {
  return withObjects(packr.unpack(bytes) as unknown);
}

/** What a map that is written field by field may hold: maps stay maps, so that nothing is walked through twice. */
export type MapValue = null | boolean | number | string | Uint8Array | readonly MapValue[] | ReadonlyMap<string, MapValue>;

/** Portable msgpack of a map, for what is written field by field: faster than `encode`, and read by `decode` too. */
export function encodeMap(map: ReadonlyMap<string, MapValue>): Uint8Array {
  return new Uint8Array(packr.pack(map));
}

/**
 * The map of one whole msgpack document, its inner maps as maps: for what is read field by field, from whoever sent it.
 * Errors: RangeError that says what is wrong with the bytes, "it is cut short"; whatever they are, they cost no more than
 * some ten times their own memory.
 */
export function decodeMap(bytes: Uint8Array, depthMax: number): ReadonlyMap<unknown, unknown> {
  checkShape(bytes, depthMax);
  const value = packr.unpack(bytes) as unknown;
  if (!(value instanceof Map)) throw new RangeError("it is no map");
  return value;
}

/** The library looks into objects for keys that mean something to it, but takes the keys of a map as they are. */
function withMaps(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withMaps);
  const entries = value instanceof Map ? [...(value as ReadonlyMap<unknown, unknown>)] : Object.entries(value);
  return new Map(entries.map(([key, inner]) => [key, withMaps(inner)]));
}

function withObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withObjects);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...(value as ReadonlyMap<string, unknown>)].map(([key, inner]) => [key, withObjects(inner)]));
}

/** A vector as little-endian float32 bytes, freshly allocated: 4 bytes a dimension. */
export function vectorToBytes(vector: Float32Array): Uint8Array {
  const bytes = new Uint8Array(vector.length * 4);
  const view = new DataView(bytes.buffer);
  vector.forEach((value, i) => view.setFloat32(i * 4, value, true));
  return bytes;
}

/** The vector of little-endian float32 bytes, freshly allocated, so that any alignment will do. Throws if a byte is over. */
export function bytesToVector(bytes: Uint8Array): Float32Array {
  if (bytes.byteLength % 4 !== 0) throw new RangeError(`${bytes.byteLength} bytes are no float32 vector`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
}
