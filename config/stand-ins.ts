// Rules without the place that they are for: what else a configuration must have is filled in.
import { entriesOf, isMap, valueAt } from "./raw.js";

/** The id of the camera that stands for any: it has the file's gate, or the default one. */
export const STAND_IN_CAMERA = "camera";

/**
 * A configuration with the rules, the gate and the encoders of another, whose every group can see, hear and read: so that
 * rules can be tried on recordings. Where the value is no map it is left as it is.
 */
export function withStandIns(value: unknown): unknown {
  if (!isMap(value)) return value;
  const kept = Object.fromEntries(entriesOf(value).filter(([key]) => key === "gate" || key === "encoders"));
  const rules = valueAt(value, "rules");
  return {
    ...kept,
    site: "score",
    nats: { embedded: true },
    sources: { [STAND_IN_CAMERA]: { camera: "http://recording.invalid/", audio: true }, text: { text: { subject: "score.text", json: true } } },
    groups: { score: { sources: [STAND_IN_CAMERA, "text"] } },
    rules: isMap(rules) ? Object.fromEntries(entriesOf(rules).map(([id, rule]) => [id, isMap(rule) ? withoutGroups(rule) : rule])) : rules,
  };
}

function withoutGroups({ groups: _groups, ...rule }: Readonly<Record<string, unknown>>): unknown {
  return rule;
}
