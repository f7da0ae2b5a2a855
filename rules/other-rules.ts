// What of a group's past goes on under rules that are not those of before: no id of an incident is given twice. Pure.
import { incidentId } from "./episode.js";
import type { Incident } from "./incident.js";
import { goesOn, type RuleEngineData, type RuleEngineOptions } from "./rule-engine.js";
import { newRuleState, type RuleStateData } from "./rule-state.js";

/**
 * The state that these rules start from. One that looks for something else now, or was not there, starts anew; but what it
 * told stays told: where it finds the founding event of one of those incidents again, it makes the next of that event.
 */
export function underRules(options: RuleEngineOptions, data: RuleEngineData, told: readonly Incident[]): RuleEngineData {
  const rules = options.rules.map((rule): [string, RuleStateData] => {
    const before = data.rules.get(rule.id);
    if (before !== undefined && goesOn(rule, before)) return [rule.id, before];
    const own = told.filter(({ ruleId }) => ruleId === rule.id);
    return [rule.id, { ...newRuleState(rule), episodes: countedOn(before?.episodes ?? new Map(), own, options, rule.id) }];
  });
  return { ...data, rules: new Map(rules) };
}

/** The counts of incidents by founding event, those that were told included. */
function countedOn(counts: ReadonlyMap<string, number>, told: readonly Incident[], options: RuleEngineOptions, ruleId: string): ReadonlyMap<string, number> {
  const ids = new Set(told.map(({ id }) => id));
  const after = new Map(counts);
  for (const founding of told.flatMap(({ events }) => events[0]?.id ?? [])) {
    let number = after.get(founding) ?? 0;
    while (ids.has(incidentId(options, ruleId, founding, number))) number += 1;
    after.set(founding, number);
  }
  return after;
}
