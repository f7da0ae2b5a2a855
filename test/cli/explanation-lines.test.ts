// A rule's standing in plain words.
import t from "tap";
import { explanationLines } from "../../daemon/cli/explanation-lines.js";
import type { GroupAnswer } from "../../daemon/compose/explain.js";
import type { RuleStanding } from "../../rules/explanation.js";

const NOW = Date.UTC(2026, 10, 27, 21, 4, 12);
const ago = (seconds: number): number => NOW - seconds * 1000;

const answer: GroupAnswer = {
  ruleId: "break-in",
  groupId: "yard",
  standing: { state: "idle" },
  needs: "all",
  withinMs: 5000,
  sameEvent: true,
  holdForMs: 10_000,
  confirmations: 2,
  conditions: [
    { leaf: 0, condition: "hear: glass", role: "needed", modality: "audio", from: ago(5), to: NOW, happened: "true", met: { start: ago(4), end: ago(2) }, confidence: 0.7, best: { confidence: 0.93, sourceId: "yard-mic", at: ago(3), confirmed: true }, blind: [] },
    { leaf: 1, condition: "see: person", role: "needed", modality: "image", from: ago(5), to: NOW, happened: "false", confidence: 0.7, best: { confidence: 0.81, sourceId: "yard-cam", at: ago(90_000), confirmed: false }, blind: [{ sourceId: "side-cam", modality: "image", reason: "not_watching", since: ago(22), why: "no answer" }] },
    { leaf: 2, condition: "read: badge = ok", role: "absent", modality: "text", from: ago(30), to: NOW, happened: "unknown", blind: [{ sourceId: "badges", modality: "text", reason: "not_watching", until: ago(10) }] },
  ],
  lastFired: { id: "1", startedAt: ago(60), endedAt: ago(50) },
  heldBack: { counts: { blind: 1, cooldown: 2 }, lately: [] },
};

const linesOf = (more: Partial<GroupAnswer>): string[] => explanationLines({ ruleId: "break-in", nowMs: NOW, groups: [{ ...answer, ...more }] }, "UTC");

void t.test("explanation lines: say what holds, what does not, who is blind and how near it came", (t) => {
  t.strictSame(linesOf({}), [
    "break-in in yard, at 21:04:12: idle, its conditions are not met",
    "  needed, all within 5 s, in one event:",
    "    hear: glass: yes, from 21:04:08 to 21:04:10; best lately 0.93 where it takes 0.70, by yard-mic at 21:04:09",
    "    see: person: no; side-cam has not been watching since 21:03:50 (no answer); best lately 0.81 where it takes 0.70, by yard-cam at 2026-11-26 20:04:12, but by fewer looks than the 2 it takes",
    "  must not be:",
    "    read: badge = ok in the last 30 s: unknown; badges was not reading before 21:04:02; nothing ever spoke for it",
    "  fired last: 21:03:12 to 21:03:22",
    "  held back since fusiond started: cooldown 2, blind 1; lately:",
  ]);
  t.end();
});

void t.test("explanation lines: say how an absence is known, and who is not told because they have always stood there", (t) => {
  const [, seen, read] = answer.conditions as [GroupAnswer["conditions"][number], GroupAnswer["conditions"][number], GroupAnswer["conditions"][number]];
  const lines = linesOf({
    conditions: [
      { ...seen, blind: [], settled: { sourceId: "yard-cam", at: ago(7) } },
      { ...read, condition: "see: person", modality: "image", happened: "false", blind: [], lastScanAt: ago(3) },
      { ...read, condition: "see: dog", modality: "image", blind: [{ sourceId: "yard-cam", modality: "image", reason: "no_complete_look", since: ago(90) }] },
      { ...read, condition: "see: cat", modality: "image", blind: [{ sourceId: "yard-cam", modality: "image", reason: "no_complete_look" }] },
    ],
  });
  t.match(lines[2], "see: person: no; yard-cam shows it at 21:04:05, but has shown it there for longer than settle_after, so it is told no more; best lately 0.81");
  t.match(lines[4], "see: person in the last 30 s: no; all of the picture was last looked at at 21:04:09; nothing ever");
  t.match(lines[5], "see: dog in the last 30 s: unknown; yard-cam last looked at all of its picture at 21:02:42, which is too long ago; nothing");
  t.match(lines[6], "see: cat in the last 30 s: unknown; yard-cam never looked at all of its picture; nothing");
  t.end();
});

void t.test("explanation lines: every standing has its words", (t) => {
  const said = (standing: RuleStanding): string | undefined => linesOf({ standing })[0]?.split("21:04:12: ")[1];
  t.equal(said({ state: "cooling_down", until: NOW + 8500 }), "cooling down for 8.5 s more, until 21:04:20");
  t.equal(said({ state: "firing", since: ago(3) }), "firing since 21:04:09");
  t.equal(said({ state: "held_back", since: ago(3), reason: "blind" }), "held back (blind) what began at 21:04:09 and still goes on");
  t.equal(said({ state: "pending", since: ago(3), heldMs: 2000 }), "pending since 21:04:09, met for 2 s of 10 s");
  t.equal(said({ state: "pending", since: ago(3), heldMs: 0, waitsFor: NOW + 2000 }), "pending since 21:04:09, until all sources have told what was up to 21:04:14");
  t.match(linesOf({ lastFired: { id: "1", startedAt: ago(3) } }), { 6: "  fired last: 21:04:09, still firing" });
  t.match(linesOf({ needs: "any" })[1], "needed, one of these within 5 s");
  t.match(linesOf({ needs: "nested" })[1], "needed, as the rule puts them together, within 5 s");
  t.strictSame(explanationLines({ ruleId: "break-in", nowMs: NOW, groups: [] }), ["break-in watches no group that has a running source"]);
  t.end();
});
