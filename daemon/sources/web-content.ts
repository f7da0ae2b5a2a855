// What a web address gives, by its type and its first bytes: pure.

/**
 * "multipart": pictures without end, each with a header; "snapshot": one picture a request; "motion_jpeg": pictures without
 * end and without headers; "stream": anything else without end; "file": something with an end; "playlist": a list of
 * further places.
 */
export type WebContent = "multipart" | "snapshot" | "motion_jpeg" | "stream" | "file" | "playlist";

/** What is known of an answer. */
export interface WebLook {
  /** Of the Content-Type header; "" without one. */
  readonly type: string;
  readonly hasLength: boolean;
  /** Some bytes; at least the first few dozen, unless there are no more. */
  readonly start: Uint8Array;
}

const LISTS = ["application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl", "application/dash+xml"];
/** How much is looked at, bytes. */
const LOOK_BYTES = 512;

/** What it is, or why it is nothing that can be seen or heard: the rest of a sentence that starts with "the camera". */
export function webContent({ type, hasLength, start }: WebLook): WebContent | { readonly refused: string } {
  const media = type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const head = Buffer.from(start.subarray(0, LOOK_BYTES));
  if (head.length === 0) return { refused: "gave nothing" };
  if (head[0] === 0xff && head[1] === 0xd8) return media.startsWith("video/") && !hasLength ? "motion_jpeg" : "snapshot";
  const text = head.toString("latin1").replace(/^\xef\xbb\xbf/, "").trimStart();
  if (media.startsWith("multipart/") || text.startsWith("--")) return "multipart";
  if (LISTS.includes(media) || text.startsWith("#EXTM3U") || text.includes("<MPD")) return "playlist";
  if (/^<(?:!doctype html|html|head|body|script|meta)\b/i.test(text) || media === "text/html") return { refused: "gives a web page instead of pictures or sound: name the address of its stream" };
  if (media.startsWith("image/")) return { refused: `gives ${media}: of single pictures only JPEG is read` };
  if (isText(head)) return { refused: `gives text (${media === "" ? "of no type" : media}) instead of pictures or sound: name the address of its stream` };
  return hasLength ? "file" : "stream";
}

/** No byte that text does not have. */
function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d || byte === 0x1b);
}
