// The binary form of everything fusiond writes down or sends: portable msgpack. The one file that imports msgpackr.
import { Packr } from "msgpackr";

// Records, undefined and typed arrays as extensions would be readable by this library only.
const packr = new Packr({
  useRecords: false,
  moreTypes: false,
  mapsAsObjects: true,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  int64AsType: "number",
  copyBuffers: true,
});

/**
 * Portable msgpack of a plain value: any msgpack library reads it.
 *
 * Shapes: null, booleans, finite numbers, strings, Uint8Array (as bin), arrays, plain objects (as maps with string
 * keys); vectors go through `vectorToBytes` first. Owner: the result is exactly as long as it needs to be and belongs
 * to the caller.
 */
export function encode(value: unknown): Uint8Array {
  return Uint8Array.from(packr.pack(value));
}

/** The value of one whole msgpack document; what is in it is the caller's to check. Throws if it is cut short or goes on. */
export function decode(bytes: Uint8Array): unknown {
  return packr.unpack(bytes) as unknown;
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
