import t from "tap";
import { emptyArgs, emptyTimes, standingArgs } from "../../daemon/standing/standing-args.js";
import { planStanding, type StandingFootage, type StandingMoment } from "../../daemon/standing/standing-plan.js";

const hall: StandingFootage = { name: "hall", lengthMs: 60_000, stands: [{ fromMs: 10_000, toMs: 22_000 }, { fromMs: 40_000, toMs: 46_000 }], hasEmpty: true };
const room: StandingFootage = { name: "room", lengthMs: 6_000, stands: [{ fromMs: 1_000, toMs: 4_000 }], hasEmpty: false };
const options = { seed: 1, standMs: 120_000, things: 3 };
const scenes = planStanding([hall, room], options);

function scene(name: string) {
  const found = scenes.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no scene ${name}`);
  return found;
}

void t.test("standing plan: gives every stand a still scene, and one with coming and going where there is an empty place", (t) => {
  t.same(scenes.map(({ name }) => name), ["hall-still-1", "hall-still-2", "hall-come-1", "hall-come-2", "hall-frozen", "hall-left-1", "hall-left-2", "hall-empty", "room-still-1"]);
  t.same(scene("hall-come-1").segments.map(({ shown }) => shown.kind), ["empty", "footage", "held", "footage", "empty"]);
  const { shown } = scene("hall-come-1").segments[2] ?? { shown: undefined };
  t.ok(shown?.kind === "held" && shown.live && shown.atMs >= 14_000 && shown.atMs <= 18_000, "held where he is well in view");
  t.end();
});

void t.test("standing plan: asks within ten seconds of standing still, then again and again, and says what is so then", (t) => {
  const asked = (name: string, moment: StandingMoment): number[] => scene(name).asks.flatMap((ask) => (ask.moment === moment ? [ask.atMs] : []));
  t.same(asked("room-still-1", "first 10 s"), [5_000]);
  t.same(asked("room-still-1", "standing"), [20_000, 35_000, 50_000, 65_000, 80_000, 95_000, 110_000]);
  t.same(asked("hall-frozen", "standing"), [], "whoever is in a frozen picture may be gone");
  t.same(asked("hall-empty", "empty"), [20_000, 35_000]);
  const [held] = asked("hall-come-1", "first 10 s");
  const startMs = scene("hall-come-1").segments.slice(0, 2).reduce((sum, { durationMs }) => sum + durationMs, 0);
  t.equal(held, startMs + 5_000);
  t.ok(asked("hall-left-1", "thing left").length > 0 && asked("hall-left-1", "standing").length === 0);
  t.end();
});

void t.test("standing plan: the same seed gives the same scenes, another one others", (t) => {
  t.same(planStanding([hall, room], options), scenes);
  t.notSame(planStanding([hall, room], { ...options, seed: 2 }), scenes);
  t.notOk(planStanding([hall], { ...options, things: 0 }).some(({ name }) => name.includes("left")));
  t.end();
});

void t.test("standing plan: the empty place is made of the time around which nobody is there, or of footage in which people pass", (t) => {
  t.same(emptyTimes(60_000, hall.stands), [{ fromMs: 0, toMs: 8_000 }, { fromMs: 24_000, toMs: 38_000 }, { fromMs: 48_000, toMs: 60_000 }]);
  t.same(emptyTimes(79_000, [{ fromMs: 0, toMs: 79_000 }]), [{ fromMs: 0, toMs: 79_000 }]);
  t.equal(emptyTimes(6_000, room.stands), undefined);
  t.match(emptyArgs("x.mp4", [{ fromMs: 0, toMs: 8_000 }]).join(" "), /between\(t,0\.000,8\.000\).*tmedian=radius=6,/);
  t.end();
});

void t.test("standing args: what is held lives, unless it is to be a dead camera", (t) => {
  const paths = { footage: "f.mp4", empty: "e.png", things: ["a.png", "b.png", "c.png"] };
  const graphOf = (name: string): string => standingArgs(scene(name), paths).join(" ");
  t.match(graphOf("room-still-1"), /loop=loop=-1:size=1,noise=.*eq=brightness/);
  t.notMatch(graphOf("hall-frozen"), /size=1,noise|eq=brightness/);
  t.match(graphOf("hall-left-1"), /overlay=/);
  t.end();
});
