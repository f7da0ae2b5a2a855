// `${NAME}` where nothing replaces it: better refused than taken as it stands.
import { hasVariables } from "./expand.js";
import { nameOf, type Finding } from "./explain.js";
import type { ConfigPath } from "./problem.js";
import { entriesOf, itemsOf, valueAt } from "./raw.js";

/** Every address, subject and user that holds a variable. Paths may: those are left to resolvePaths. */
export function checkVariables(raw: unknown): Finding[] {
  return placesOf(raw).flatMap(([path, value]) =>
    typeof value === "string" && hasVariables(value)
      ? [{ path, part: "value" as const, message: `${nameOf(path)} holds a variable, which is replaced in paths only: write the value itself` }]
      : [],
  );
}

function placesOf(raw: unknown): [ConfigPath, unknown][] {
  const nats = valueAt(raw, "nats");
  return [
    ...itemsOf(valueAt(nats, "servers")).map(([index, value]): [ConfigPath, unknown] => [["nats", "servers", index], value]),
    [["nats", "user"], valueAt(nats, "user")],
    ...entriesOf(valueAt(raw, "sources")).flatMap(([id, source]): [ConfigPath, unknown][] => [
      ...["camera", "microphone"].map((key): [ConfigPath, unknown] => [["sources", id, key], urlOf(valueAt(source, key))]),
      [["sources", id, "text", "subject"], valueAt(valueAt(source, "text"), "subject")],
    ]),
  ];
}

/** The value if it is a URL: anything else may be a path. */
function urlOf(value: unknown): unknown {
  return typeof value === "string" && value.includes("://") ? value : undefined;
}
