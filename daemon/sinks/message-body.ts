// How the fields of a message become bytes, in JSON or msgpack, and back.
import { decode, encode } from "../codec/msgpack.js";

/** How a body is written: the same fields either way. */
export type BodyFormat = "json" | "msgpack";

/** The fields of a body, as they are on the wire. */
export type BodyFields = Readonly<Record<string, unknown>>;

/** The body of a message, freshly allocated. */
export function serialiseBody(fields: BodyFields, format: BodyFormat): Uint8Array {
  return format === "json" ? Uint8Array.from(Buffer.from(JSON.stringify(fields))) : encode(fields);
}

/** The fields of a body and the format that it has: no msgpack map begins with the byte of a brace. */
export function parseBody(body: Uint8Array): { readonly fields: BodyFields; readonly format: BodyFormat } {
  const format = body[0] === "{".charCodeAt(0) ? "json" : "msgpack";
  const fields = format === "json" ? (JSON.parse(Buffer.from(body).toString("utf8")) as unknown) : decode(body);
  return { fields: fields as BodyFields, format };
}

/** JSON leaves undefined fields out by itself; msgpack would write nil, which no schema here knows. */
export function withoutUndefined(fields: BodyFields): BodyFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** RFC 3339 in UTC with milliseconds. */
export function timestamp(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/** At most `max` characters, the last one an ellipsis where it was cut; never half a character. */
export function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  const characters = [...text.slice(0, 2 * max)];
  return characters.length <= max ? text.slice(0, 2 * max) : `${characters.slice(0, max - 1).join("")}…`;
}
