// The demo's scene over many seeds: what it promises of itself.
import t, { type Test } from "tap";
import fc from "fast-check";
import { FOOTAGE_MS, PEOPLE_CLEARLY_IN_VIEW, PEOPLE_OFF_THE_LAWN, type Stretch } from "../../daemon/demo/footage.js";
import {
  composeScene,
  RULE_DOG_SEEN_AND_HEARD,
  RULE_DOG_WITH_PERSON,
  SCENE_PICTURE,
  SCENE_SECONDS_MIN,
  type Playing,
  type Scene,
} from "../../daemon/demo/scene.js";
import { FusiondError } from "../../fusion/model/errors.js";

const seeds = fc.integer({ min: 0, max: 0x7fffffff });
const lengths = fc.oneof(fc.constant(SCENE_SECONDS_MIN), fc.integer({ min: SCENE_SECONDS_MIN, max: 600 }));

/** Checks something of scenes of many seeds and lengths. */
function everyScene(t: Test, check: (scene: Scene) => void): void {
  const property = fc.property(seeds, lengths, (seed, seconds) => check(composeScene({ seed, seconds })));
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
}

function ensure(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** What plays of the footage at a time of the scene; undefined where nobody is in view. */
function footageAt(scene: Scene, atMs: number): number | undefined {
  const segment = scene.segments.find((s) => s.startMs <= atMs && atMs < s.startMs + s.durationMs);
  ensure(segment !== undefined, `no segment at ${atMs}`);
  return segment?.kind === "footage" ? segment.footageFromMs + atMs - segment.startMs : undefined;
}

function allWithin(scene: Scene, fromMs: number, toMs: number, stretches: readonly Stretch[]): boolean {
  for (let atMs = fromMs; atMs < toMs; atMs += 100) {
    const footageMs = footageAt(scene, atMs);
    if (footageMs === undefined || !stretches.some((s) => s.startMs <= footageMs && footageMs < s.endMs)) return false;
  }
  return true;
}

const barksOf = (scene: Scene): readonly Playing[] => scene.sounds.filter((playing) => playing.sound === "dog");
const emptyOf = (scene: Scene) => scene.segments.filter((segment) => segment.kind === "empty");
const endOf = (span: { readonly startMs: number; readonly durationMs: number }): number => span.startMs + span.durationMs;

void t.test("scene: holds the same sounds, pictures and rows for every seed and length", (t) => {
  everyScene(t, (scene) => {
    const others = scene.sounds.filter((playing) => playing.sound !== "dog");
    ensure(barksOf(scene).length === 6, "six barks");
    ensure(others.length === 4 && new Set(others.map((o) => o.sound)).size === 4, "four other sounds");
    ensure(others.some((o) => o.sound === "cow" || o.sound === "rooster"), "an animal among them");
    ensure(others.some((o) => o.sound === "alarm" || o.sound === "bell"), "a ringing among them");
    ensure([...scene.passings].map((p) => p.picture).sort().join() === "cow,dog,firetruck,rooster", "each photograph once");
    const rows = (expect: string, ruleId?: string) => scene.rows.filter((r) => r.expect === expect && r.ruleId === ruleId).length;
    ensure(rows("incident", RULE_DOG_WITH_PERSON) === 3, "three rows of (ii)");
    ensure(rows("incident", RULE_DOG_SEEN_AND_HEARD) === 1, "one row of (i)");
    ensure(rows("either", RULE_DOG_WITH_PERSON) === 1, "the dog that walks by barks with people in view too");
    ensure(rows("nothing") === 6 && scene.rows.length === 11, "two barks without people and four other sounds give nothing");
  });
  t.end();
});

void t.test("scene: segments cover it whole, in frames, from footage that exists", (t) => {
  everyScene(t, (scene) => {
    let atMs = 0;
    for (const segment of scene.segments) {
      ensure(segment.startMs === atMs && segment.durationMs > 0 && segment.durationMs % 100 === 0, "no gap or overlap");
      if (segment.kind === "footage") {
        ensure(segment.footageFromMs >= 0 && segment.footageFromMs + segment.durationMs <= FOOTAGE_MS, "within the footage");
      }
      atMs = endOf(segment);
    }
    ensure(atMs === scene.durationMs && emptyOf(scene).length === 1, "to the end, with one empty stretch");
  });
  t.end();
});

void t.test("scene: keeps sounds apart, and barks 12 s and more", (t) => {
  everyScene(t, (scene) => {
    scene.sounds.forEach((playing, i) => {
      const next = scene.sounds[i + 1];
      ensure(next === undefined || next.startMs - endOf(playing) >= 8_000, "8 s from the end of one to the next");
      ensure(playing.gainDb >= -14 && playing.gainDb <= -2, "within 6 dB of -8 dB");
    });
    barksOf(scene).forEach((bark, i, all) => ensure(i === 0 || bark.startMs - (all[i - 1] as Playing).startMs >= 12_000, "12 s"));
    ensure(endOf(scene.sounds.at(-1) as Playing) + 6_000 <= scene.durationMs, "time to end in");
  });
  t.end();
});

void t.test("scene: two barks at the empty place, 10 s from anybody, and nothing passes there", (t) => {
  everyScene(t, (scene) => {
    const empty = emptyOf(scene)[0] as Scene["segments"][number];
    const inside = scene.sounds.filter((playing) => playing.startMs >= empty.startMs && playing.startMs < endOf(empty));
    ensure(inside.length === 2 && inside.every((playing) => playing.sound === "dog"), "two barks");
    ensure(inside.every((bark) => bark.startMs - empty.startMs >= 10_000 && endOf(empty) - endOf(bark) >= 10_000), "10 s margins");
    ensure(scene.passings.every((p) => endOf(p) <= empty.startMs || p.startMs >= endOf(empty)), "nothing passes");
  });
  t.end();
});

void t.test("scene: people are clearly in view around every other sound", (t) => {
  everyScene(t, (scene) => {
    const empty = emptyOf(scene)[0] as Scene["segments"][number];
    for (const playing of scene.sounds.filter((p) => p.startMs < empty.startMs || p.startMs >= endOf(empty))) {
      const passing = scene.passings.find((p) => p.startMs <= playing.startMs && playing.startMs < endOf(p));
      if (passing !== undefined) continue;
      ensure(allWithin(scene, playing.startMs - 3_000, endOf(playing) + 3_000, PEOPLE_CLEARLY_IN_VIEW), `people at ${playing.startMs}`);
    }
  });
  t.end();
});

void t.test("scene: photographs pass one at a time over a lawn that nobody walks on, the dog while it barks", (t) => {
  everyScene(t, (scene) => {
    scene.passings.forEach((passing, i) => {
      ensure(allWithin(scene, passing.startMs, endOf(passing), PEOPLE_OFF_THE_LAWN), `lawn free at ${passing.startMs}`);
      ensure(passing.durationMs >= 5_000 && passing.durationMs <= 7_000, "over some seconds");
      ensure(passing.heightPx >= 90 && passing.heightPx <= 160 && passing.feetPx <= SCENE_PICTURE.height, "a plausible size");
      ensure(i === 0 || passing.startMs >= endOf(scene.passings[i - 1] as (typeof scene.passings)[number]), "one at a time");
    });
    const dog = scene.passings.find((p) => p.picture === "dog") as Scene["passings"][number];
    const during = barksOf(scene).filter((bark) => bark.startMs >= dog.startMs && endOf(bark) <= endOf(dog));
    ensure(during.length === 1, "one bark while the dog passes");
    const row = scene.rows.find((r) => r.ruleId === RULE_DOG_SEEN_AND_HEARD);
    ensure(row?.fromMs === during[0]?.startMs, "which is the row of (i)");
  });
  t.end();
});

void t.test("scene: is the same for the same seed, and differs between seeds", (t) => {
  t.same(composeScene({ seed: 7 }), composeScene({ seed: 7 }));
  const starts = Array.from({ length: 50 }, (_, seed) => JSON.stringify(composeScene({ seed }).sounds));
  t.equal(new Set(starts).size, 50);
  t.end();
});

void t.test("scene: refuses a seed or length that it cannot make", (t) => {
  for (const options of [{ seed: -1 }, { seed: 1.5 }, { seed: Number.NaN }, { seed: 1, seconds: 60 }, { seed: 1, seconds: 4_000 }, { seed: 1, seconds: Number.NaN }]) {
    t.throws(() => composeScene(options), FusiondError, JSON.stringify(options));
  }
  t.end();
});
