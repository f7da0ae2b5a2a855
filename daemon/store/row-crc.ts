// The checksum that every row carries, so that a flipped bit is found before it is acted on.
import { crc32 } from "node:zlib";

/** CRC-32 over the parts in order; each is preceded by its length, so that no two lists of parts look alike. */
export function rowCrc(...parts: readonly (string | number | Uint8Array)[]): number {
  let crc = 0;
  for (const part of parts) {
    const bytes = part instanceof Uint8Array ? part : Buffer.from(String(part));
    crc = crc32(`${bytes.byteLength}:`, crc);
    if (bytes.byteLength > 0) crc = crc32(bytes, crc); // of no bytes zlib gives 0 or the sum so far, by where they lie
  }
  return crc;
}
