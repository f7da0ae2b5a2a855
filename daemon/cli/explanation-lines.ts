// How a rule stands, as lines for people. What comes from outside is neutralised where it is printed.
import { probabilityText } from "../../fusion/model/likelihood.js";
import { gapInWords, seconds, whyHeldBack } from "../../rules/suppression.js";
import { SUPPRESSION_REASONS } from "../../rules/episode.js";
import type { RuleStanding } from "../../rules/explanation.js";
import type { BlindNow, GroupAnswer, RuleAnswer } from "../compose/explain.js";
import { localTime } from "../tail/render-alert.js";

const NEEDS: Readonly<Record<GroupAnswer["needs"], string>> = {
  all: "needed, all",
  any: "needed, one of these",
  nested: "needed, as the rule puts them together,",
};

/** Writes a moment, Unix ms. */
type WriteTime = (atMs: number) => string;

/** The answer in plain words; times are local, those of today without the date. `timeZone`: another than the machine's. */
export function explanationLines({ ruleId, nowMs, groups }: RuleAnswer, timeZone?: string): string[] {
  const today = localTime(nowMs, timeZone).slice(0, "2026-11-27".length);
  const time: WriteTime = (atMs) => localTime(atMs, timeZone).replace(`${today} `, "");
  if (groups.length === 0) return [`${ruleId} watches no group that has a running source`];
  return groups.flatMap((group) => groupLines(group, nowMs, time));
}

function groupLines(group: GroupAnswer, nowMs: number, time: WriteTime): string[] {
  const of = (role: "needed" | "absent"): string[] => group.conditions.filter((one) => one.role === role).map((one) => `    ${conditionLine(one, group, nowMs, time)}`);
  const absent = of("absent");
  return [
    `${group.ruleId} in ${group.groupId}, at ${time(nowMs)}: ${standingInWords(group.standing, group, nowMs, time)}`,
    `  ${NEEDS[group.needs]} within ${seconds(group.withinMs)}${group.sameEvent ? ", in one event" : ""}:`,
    ...of("needed"),
    ...(absent.length === 0 ? [] : ["  must not be:", ...absent]),
    `  ${lastFired(group, time)}`,
    ...heldBackLines(group, time),
  ];
}

function standingInWords(standing: RuleStanding, { holdForMs }: GroupAnswer, nowMs: number, time: WriteTime): string {
  switch (standing.state) {
    case "idle":
      return "idle, its conditions are not met";
    case "cooling_down":
      return `cooling down for ${seconds(standing.until - nowMs)} more, until ${time(standing.until)}`;
    case "firing":
      return `firing since ${time(standing.since)}`;
    case "held_back":
      return `held back (${standing.reason}) what began at ${time(standing.since)} and still goes on`;
    case "pending":
      if (standing.waitsFor !== undefined) return `pending since ${time(standing.since)}, until all sources have told what was up to ${time(standing.waitsFor)}`;
      return `pending since ${time(standing.since)}, met for ${seconds(standing.heldMs)} of ${seconds(holdForMs)}`;
  }
}

function conditionLine(condition: GroupAnswer["conditions"][number], group: GroupAnswer, nowMs: number, time: WriteTime): string {
  const { happened, met, role, from, blind, lastScanAt, settled } = condition;
  const truth = { true: "yes", false: "no", unknown: "unknown" }[happened];
  const lookedAt = role === "absent" ? ` in the last ${seconds(nowMs - from)}` : "";
  const when = met === undefined ? "" : `, ${met.start === met.end ? `at ${time(met.start)}` : `from ${time(met.start)} to ${time(met.end)}`}`;
  const looked = happened === "false" && lastScanAt !== undefined ? [`all of the picture was last looked at at ${time(lastScanAt)}`] : [];
  const stands = settled === undefined ? [] : [`${settled.sourceId} shows it at ${time(settled.at)}, but has shown it there for longer than settle_after, so it is told no more`];
  const gaps = blind.map((gap) => blindInWords(gap, time));
  return [`${condition.condition}${lookedAt}: ${truth}${when}`, ...looked, ...stands, ...gaps, bestInWords(condition, group, time)].join("; ");
}

function blindInWords(gap: BlindNow, time: WriteTime): string {
  return gapInWords(gap, time) + (gap.why === undefined ? "" : ` (${gap.why})`);
}

function bestInWords({ best, confidence }: GroupAnswer["conditions"][number], { confirmations }: GroupAnswer, time: WriteTime): string {
  if (best === undefined) return "nothing ever spoke for it";
  const from = `${best.sourceId} at ${time(best.at)}`;
  if (confidence === undefined) return `said last by ${from}`;
  const alone = best.confirmed ? "" : `, but by fewer looks than the ${confirmations} it takes`;
  return `best lately ${probabilityText(best.confidence)} where it takes ${probabilityText(confidence)}, by ${from}${alone}`;
}

function lastFired({ lastFired: last }: GroupAnswer, time: WriteTime): string {
  if (last === undefined) return "fired: not that it remembers";
  return `fired last: ${time(last.startedAt)}${last.endedAt === undefined ? ", still firing" : ` to ${time(last.endedAt)}`}`;
}

function heldBackLines({ heldBack: { counts, lately } }: GroupAnswer, time: WriteTime): string[] {
  const said = SUPPRESSION_REASONS.flatMap((reason) => (counts[reason] === undefined ? [] : [`${reason} ${counts[reason]}`]));
  if (said.length === 0) return ["  held back since fusiond started: nothing"];
  const lines = lately.map((one) => `    ${time(one.at)} held back (${one.reason}): ${whyHeldBack(one, time)}; it was ${one.summary}`);
  return [`  held back since fusiond started: ${said.join(", ")}; lately:`, ...lines];
}
