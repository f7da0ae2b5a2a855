// What the first bytes of a text say about how it is written.

/** Bytes that are looked at. */
export const ENCODING_BYTES = 256;

/** Fewer bytes say nothing without a byte-order mark. */
const BYTES_MIN = 8;

/** Whether a text that begins like this is UTF-16: by its byte-order mark, or by every other byte being NUL. */
export function isUtf16(head: Uint8Array): boolean {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  if (head.length < BYTES_MIN) return false;
  const bytes = [...head.subarray(0, ENCODING_BYTES)];
  const nulShare = (odd: number): number => bytes.filter((byte, i) => i % 2 === odd && byte === 0).length / (bytes.length / 2);
  const [even, odd] = [nulShare(0), nulShare(1)];
  return Math.max(even, odd) > 0.7 && Math.min(even, odd) < 0.2;
}
