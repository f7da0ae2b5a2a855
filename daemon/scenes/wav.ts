// Samples as the bytes of a WAV file: 16 bits, one channel. Pure.

const HEADER_BYTES = 44;

/** Samples, float, -1 to 1, as a RIFF file. Source: "Multimedia Programming Interface and Data Specifications 1.0", 1991. */
export function wavOf(samples: Float32Array, rateHz: number): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES + 2 * samples.length);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20); // integers
  bytes.writeUInt16LE(1, 22); // channels
  bytes.writeUInt32LE(rateHz, 24);
  bytes.writeUInt32LE(2 * rateHz, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((x, i) => bytes.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(x * 32_768))), HEADER_BYTES + 2 * i));
  return bytes;
}
