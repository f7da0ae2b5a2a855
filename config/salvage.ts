// What can be made of a configuration that has mistakes: so that all of them are told, those of named files too.
import { entriesOf, isMap, valueAt } from "./raw.js";
import { configSchema, type ParsedConfig } from "./schema.js";
import { SOURCE_KINDS, sourceSchema } from "./schema/sources.js";

/** Keys that name files, and those that must stand beside them. What is left of a source suits what its file is, too. */
const NATS_KEYS = ["embedded", "servers", "credentials_file", "nkey_file", "user", "password_file", "tls"];
const FEED_KEYS = ["file", "subject"];

/**
 * The folders and files that a configuration names, as a configuration with nothing else in it; never to be run. What is
 * wrong even so is left out: nothing at all where that is every source.
 */
export function salvage(raw: unknown): ParsedConfig | undefined {
  const { shape } = configSchema.in;
  const sections = { state_dir: valueAt(raw, "state_dir"), nats: only(valueAt(raw, "nats"), NATS_KEYS), encoders: only(valueAt(raw, "encoders"), ["pack"]) };
  const sound = Object.entries(sections).filter(([key, value]) => value !== undefined && shape[key as keyof typeof sections].safeParse(value).success);
  const sources = entriesOf(valueAt(raw, "sources"))
    .map(([id, source]) => [id, soundKeys(source)] as const)
    .filter(([id, source]) => shape.sources.safeParse({ [id]: source }).success);
  const kept = { site: "salvaged", nats: { embedded: true }, ...Object.fromEntries(sound), sources: Object.fromEntries(sources) };
  return configSchema.safeParse(kept).data;
}

/** A source without those of its keys that are wrong by themselves; of a feed only where its lines come from. */
function soundKeys(source: unknown): unknown {
  const kinds: readonly string[] = SOURCE_KINDS;
  const keys = entriesOf(source);
  const given = keys.filter(([key]) => kinds.includes(key)).map(([key, value]) => [key, key === "text" ? only(value, FEED_KEYS) : value]);
  const kind = Object.fromEntries(given) as Readonly<Record<string, unknown>>;
  const isSound = ([key, value]: [string, unknown]): boolean => !kinds.includes(key) && sourceSchema.safeParse({ ...kind, [key]: value }).success;
  return isMap(source) ? { ...kind, ...Object.fromEntries(keys.filter(isSound)) } : source;
}

/** A map with only those keys of it; whatever is no map as it is. */
function only(value: unknown, keys: readonly string[]): unknown {
  return isMap(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key))) : value;
}
