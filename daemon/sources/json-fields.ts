// A line of JSON as fields: every value as text, exactly as the line writes it.
import { toUSVString } from "node:util";
import { parse } from "lossless-json";
import type { Fields } from "../../fusion/model/observation.js";

/** What a line of JSON says. */
export interface JsonFields {
  readonly fields: Fields;
  /** How much the line has beyond the bounds: fields, or objects and lists with all that is in them. It is left out. */
  readonly cut: number;
}

/** Beside the fields that are asked for, so many of a line are kept, of so many characters together, names included. */
const FIELDS_MAX = 256;
const FIELDS_CHARS_MAX = 16 * 1024;

/** What has a longer name is left out, with all that is nested in it: names repeat what they are nested in. */
const NAME_CHARS_MAX = 1024;

/**
 * The fields of a JSON object; nothing if the line is no JSON object.
 *
 * Nested values are fields of their own, named "a.b" and "list.0"; null, {} and [] are none. Numbers keep their digits
 * (`1.0`, 9007199254740993, 1e400), true and false are words, and half a surrogate becomes U+FFFD. Of a name that stands
 * twice the last counts. Values are whole or not there, never cut. `asked` are kept before all others.
 */
export function jsonFields(line: string, asked: ReadonlySet<string> = new Set()): JsonFields | undefined {
  let value: unknown;
  try {
    value = parse(line, undefined, { parseNumber: (written) => written, onDuplicateKey: ({ newValue }) => newValue });
  } catch {
    return undefined; // not JSON: the caller counts it
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = new Map<string, string>();
  let charsLeft = FIELDS_CHARS_MAX;
  let othersLeft = FIELDS_MAX;
  let cut = 0;
  const take = (path: string, value: unknown): void => {
    if (value === null) return;
    if (path.length > NAME_CHARS_MAX) return void (cut += 1);
    if (typeof value === "object") return Object.entries(value).forEach(([key, inner]) => take(`${path}.${key}`, inner));
    const name = toUSVString(path);
    const text = toUSVString(`${value as string | boolean}`);
    if (!asked.has(name)) {
      charsLeft -= name.length + text.length;
      othersLeft -= 1;
      if (charsLeft < 0 || othersLeft < 0) return void (cut += 1);
    }
    fields.set(name, text);
  };
  for (const [key, inner] of Object.entries(value)) take(key, inner);
  return { fields, cut };
}
