// Checks across sections: names that must exist, and rules that could never hold.
import { conditionsOf, isGrounded, neededTogether, senseOf, type Sense, type WrittenCondition } from "./conditions.js";
import type { Finding } from "./explain.js";
import { didYouMean } from "./nearest.js";
import type { ConfigPath } from "./problem.js";
import { entriesOf, hasKey, isSwitchedOff, itemsOf, valueAt } from "./raw.js";

/** What a rule does with a kind of condition, and who could serve it. */
const NEEDS = {
  hear: { verb: "listens", giver: "microphone, nor a camera with audio: true" },
  see: { verb: "looks", giver: "camera" },
  read: { verb: "reads", giver: "text source" },
  field: { verb: "reads a field", giver: "text source with json: true" },
} as const satisfies Record<Sense, object>;

const SENSES: readonly Sense[] = ["hear", "see", "read", "field"];

/**
 * Every broken reference of a configuration as it was written, other mistakes or not.
 *
 * A disabled source still exists and still counts as able to see, hear or read: switching one off for a night must not
 * make a configuration invalid. A disabled rule may refer to what is gone.
 */
export function checkReferences(raw: unknown): Finding[] {
  const sources = new Map(entriesOf(valueAt(raw, "sources")));
  const groups = new Map(entriesOf(valueAt(raw, "groups")));
  const members = new Map<string, readonly string[]>([...groups].map(([id, group]) => [id, textsOf(valueAt(group, "sources")).map(([, name]) => name)]));
  const findings = [...checkGroups(groups, new Set(sources.keys()))];
  const grouped = new Set([...members.values()].flat());
  for (const id of sources.keys()) {
    if (grouped.has(id)) continue;
    if (members.has(id)) {
      findings.push(finding(["groups", id], `group "${id}" has the name of a source that is in no group: put the source into it or rename one`, "key"));
    } else {
      members.set(id, [id]);
    }
  }
  for (const [id, rule] of entriesOf(valueAt(raw, "rules"))) {
    if (isSwitchedOff(rule)) continue;
    findings.push(...checkRule(id, rule, members, sources));
  }
  return findings;
}

function* checkGroups(groups: ReadonlyMap<string, unknown>, sourceIds: ReadonlySet<string>): Generator<Finding> {
  const homes = new Map<string, string>();
  for (const [id, group] of groups) {
    for (const [index, source] of textsOf(valueAt(group, "sources"))) {
      const path = ["groups", id, "sources", index];
      const home = homes.get(source);
      homes.set(source, id);
      if (!sourceIds.has(source)) {
        yield finding(path, `there is no source "${source}"${hint(source, sourceIds, "sources")}`);
      } else if (home === id) {
        yield finding(path, `source "${source}" stands twice in group "${id}": remove one`);
      } else if (home !== undefined) {
        yield finding(path, `source "${source}" is already in group "${home}": a source is in one group only`);
      }
    }
  }
}

function* checkRule(
  id: string,
  rule: unknown,
  members: ReadonlyMap<string, readonly string[]>,
  sources: ReadonlyMap<string, unknown>,
): Generator<Finding> {
  const path = ["rules", id];
  const named = textsOf(valueAt(rule, "groups"));
  for (const [index, group] of named) {
    if (members.has(group)) continue;
    yield finding([...path, "groups", index], `there is no group "${group}"${hint(group, members.keys(), "groups")}`);
  }
  const conditions = [...conditionsOf(rule, path)];
  for (const condition of conditions) {
    if (condition.absence === undefined || condition.kind !== "read" || condition.phrase === undefined) continue;
    yield finding(
      condition.path,
      `a phrase to read cannot stand in "${condition.absence}", for its opposite reads nearly the same: use read: {field: …, equals: …}`,
    );
  }
  for (const { absence, within, path: at } of conditions) {
    if (absence === undefined || !hasKey(within, "at_most")) continue;
    yield finding(
      [...at.slice(0, -1), "at_most"],
      `"at_most" cannot stand in "${absence}": there it costs to miss something, not to find it too often; remove it, or say a confidence`,
    );
  }
  for (const top of ["all", "any"]) {
    if (isGrounded({ [top]: valueAt(rule, top) })) continue;
    yield finding([...path, top], `rule "${id}" could hold where nothing happens: beside "not" it needs something to hear, see or read`);
  }
  const known = (named.length > 0 ? named.map(([, group]) => group) : [...members.keys()]).filter((group) => members.has(group));
  if (known.length === 0) return;
  const able = known.map((group) => ({ id: group, senses: new Set((members.get(group) ?? []).flatMap((source) => sensesOf(sources.get(source)))) }));
  yield* checkSenses(id, rule, conditions, able);
}

function* checkSenses(
  id: string,
  rule: unknown,
  conditions: readonly WrittenCondition[],
  groups: readonly { readonly id: string; readonly senses: ReadonlySet<Sense> }[],
): Generator<Finding> {
  const missing = SENSES.filter((sense) => !groups.some((group) => group.senses.has(sense)));
  const lone = groups.length === 1 ? groups[0] : undefined;
  const where = lone === undefined ? "none of its groups has a" : `group "${lone.id}" has no`;
  let served = true;
  for (const sense of missing) {
    const first = conditions.find((condition) => senseOf(condition) === sense);
    if (first === undefined) continue;
    served = false;
    yield finding(first.path, `rule "${id}" ${NEEDS[sense].verb}, but ${where} ${NEEDS[sense].giver}`);
  }
  const together = [...neededTogether(rule)];
  if (!served || groups.some((group) => together.every((sense) => group.senses.has(sense)))) return;
  const verbs = together.map((sense) => NEEDS[sense].verb).join(" and ");
  yield finding(["rules", id, "all"], `rule "${id}" ${verbs}, but none of its groups has the sources for all of that: put them into one group`);
}

/** What a source, as it was written, can serve. A source of no known kind may be meant for anything. */
function sensesOf(source: unknown): Sense[] {
  if (hasKey(source, "camera")) return valueAt(source, "audio") === true ? ["see", "hear"] : ["see"];
  if (hasKey(source, "microphone")) return ["hear"];
  if (!hasKey(source, "text")) return ["hear", "see", "read", "field"];
  return valueAt(valueAt(source, "text"), "json") === true ? ["read", "field"] : ["read"];
}

function hint(word: string, candidates: Iterable<string>, what: string): string {
  const valid = [...candidates];
  return didYouMean(word, valid) || (valid.length === 0 ? `: there are no ${what}` : `; valid ${what}: ${valid.join(", ")}`);
}

function textsOf(list: unknown): [number, string][] {
  return itemsOf(list).filter((entry): entry is [number, string] => typeof entry[1] === "string");
}

function finding(path: ConfigPath, message: string, part: Finding["part"] = "value"): Finding {
  return { path, part, message };
}
