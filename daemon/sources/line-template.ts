// What a line of text says: JSON flattened to fields, fields rendered as a sentence.
import type { Fields } from "../../fusion/model/observation.js";

/** A line of JSON gives at most so many fields, each of at most so many characters. */
const FIELDS_MAX = 64;
const VALUE_CHARS_MAX = 256;

/** The fields of a JSON object, nested ones as "a.b" and "list.0", values as text; nothing if the line is no JSON object. */
export function jsonFields(line: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // not JSON: the caller counts it
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = new Map<string, string>();
  flatten("", value, fields);
  return Object.fromEntries(fields);
}

/** The text of fields: each `{name}` of the template replaced, by nothing where there is no such field; without a template all values. */
export function renderLine(template: string | undefined, fields: Fields): string {
  if (template === undefined) return Object.values(fields).join(" ");
  return template.replace(/\{([^{}]+)\}/g, (_all, name: string) => (Object.hasOwn(fields, name) ? (fields[name] ?? "") : ""));
}

function flatten(path: string, value: unknown, fields: Map<string, string>): void {
  if (fields.size >= FIELDS_MAX || value === null || value === undefined) return;
  if (typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) flatten(path === "" ? key : `${path}.${key}`, inner, fields);
  } else {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    fields.set(path, text.slice(0, VALUE_CHARS_MAX));
  }
}
