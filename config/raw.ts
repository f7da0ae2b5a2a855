// Careful looks into a configuration of which nothing is known yet: checks that must run although other keys are wrong.

/** Whether the value is a map of keys, not a list. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A map's entries; none if the value is no map. */
export function entriesOf(value: unknown): [string, unknown][] {
  return isMap(value) ? Object.entries(value) : [];
}

/** The value behind a key; undefined if the value is no map or lacks the key. */
export function valueAt(value: unknown, key: string): unknown {
  return hasKey(value, key) ? value[key] : undefined;
}

/** Whether the value is a map that has the key. */
export function hasKey(value: unknown, key: string): value is Readonly<Record<string, unknown>> {
  return isMap(value) && Object.hasOwn(value, key);
}

/** A list's items with their indices; none if the value is no list. */
export function itemsOf(value: unknown): [number, unknown][] {
  return Array.isArray(value) ? [...(value as unknown[]).entries()] : [];
}

/** Whether a source or rule says `enabled: false`. */
export function isSwitchedOff(value: unknown): boolean {
  return valueAt(value, "enabled") === false;
}

/** What a value is, in a sentence: texts are not repeated, for they may be secrets. */
export function describe(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return "a text";
  return Array.isArray(value) ? "a list" : value === null ? "empty" : "a map of keys";
}
