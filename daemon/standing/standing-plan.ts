// Scenes in which somebody stands still, as values: what is shown when, and when it is asked who is there. Pure.
import { seededRandom, type SeededRandom } from "../../fusion/simulator/random.js";
import type { Span } from "../score/spans.js";

/** A fixed camera's footage, ms from its start. */
export interface StandingFootage {
  /** Tells scenes apart; letters, digits and dashes. */
  readonly name: string;
  readonly lengthMs: number;
  /** When somebody is in clear view, in order. */
  readonly stands: readonly Span[];
  /** Whether there is a picture of the place without anybody. */
  readonly hasEmpty: boolean;
}

/** A picture of a thing that somebody leaves behind, and where: fractions of the scene's picture. */
export interface LeftThing {
  /** Index into the things that were given. */
  readonly thing: number;
  readonly left: number;
  readonly bottom: number;
  readonly height: number;
}

/** What is shown for a time: footage as it is, one moment of it held (`live`: with a camera's noise), or the empty place. */
export type Shown =
  | { readonly kind: "footage"; readonly fromMs: number }
  | { readonly kind: "held"; readonly atMs: number; readonly live: boolean }
  | { readonly kind: "empty"; readonly thing?: LeftThing };

/** A part of a scene. */
export interface StandingSegment {
  readonly shown: Shown;
  readonly durationMs: number;
}

/**
 * What is true of a time: somebody stands still, for less or more than ten seconds; nobody is there; nobody is there but a
 * thing that was left; the picture is frozen, so that nobody can know.
 */
export const MOMENTS = ["first 10 s", "standing", "empty", "thing left", "frozen"] as const;
/** What is true of a time. */
export type StandingMoment = (typeof MOMENTS)[number];

/** A scene of one camera. Times are ms from its start. */
export interface StandingScene {
  readonly name: string;
  readonly footage: StandingFootage;
  readonly segments: readonly StandingSegment[];
  /** When it is asked whether anybody is there, in order. */
  readonly asks: readonly { readonly atMs: number; readonly moment: StandingMoment }[];
  /** When what is told is told of the place as it is, and of nobody who has just come or gone. */
  readonly settled: readonly (Span & { readonly moment: StandingMoment })[];
}

/** How scenes are made. */
export interface StandingOptions {
  readonly seed: number;
  /** How long somebody stands still, ms. */
  readonly standMs: number;
  /** How many things can be left behind. */
  readonly things: number;
}

/** It is asked this long after the start of standing still, with a rule that looks as far to both sides: ten seconds. */
const FIRST_ASK_MS = 5_000;
/** From one question to the next, ms. */
const ASK_EVERY_MS = 15_000;
/** How long after something ended it is told of no more. */
const SETTLING_MS = 20_000;
const BEFORE_MS = 20_000;
const AFTER_MS = 50_000;
/** How much of somebody's coming and going is shown at most. */
const COMING_MS = 10_000;
const GOING_MS = 5_000;
/** A picture that stays the same for so long is taken for frozen, with room. */
const FROZEN_MS = 45_000;
const THINGS_EACH = 2;

/** The scenes of some footage; the same arguments give the same scenes. */
export function planStanding(footage: readonly StandingFootage[], options: StandingOptions): StandingScene[] {
  const random = seededRandom(options.seed);
  return footage.flatMap((one) => {
    const stands = one.stands.map((stand, i) => ({ hold: moment(random, stand), ...comingAndGoing(one, i) }));
    const still = stands.map(({ hold }, i) => scene(one, `${one.name}-still-${i + 1}`, [held(hold, options.standMs)]));
    if (!one.hasEmpty) return still;
    const frozen = stands.slice(0, 1).map(({ hold, from }) =>
      scene(one, `${one.name}-frozen`, [...shown(Math.max(from, hold - COMING_MS), hold), { shown: { kind: "held", atMs: hold, live: false }, durationMs: FROZEN_MS + AFTER_MS }]),
    );
    const come = stands.map(({ hold, from, gone }, i) =>
      scene(one, `${one.name}-come-${i + 1}`, [
        empty(BEFORE_MS),
        ...shown(Math.max(from, hold - COMING_MS), hold),
        held(hold, options.standMs),
        ...shown(Math.max(hold, gone - GOING_MS), gone),
        empty(AFTER_MS),
      ]),
    );
    const left = options.things === 0 ? [] : stands.slice(0, THINGS_EACH).map(({ hold, from, gone }, i) =>
      scene(one, `${one.name}-left-${i + 1}`, [
        empty(BEFORE_MS),
        ...shown(Math.max(from, hold - COMING_MS), hold),
        ...shown(Math.max(hold, gone - GOING_MS), gone),
        { shown: { kind: "empty", thing: thing(random, options.things) }, durationMs: AFTER_MS },
      ]),
    );
    return [...still, ...come, ...frozen, ...left, scene(one, `${one.name}-empty`, [empty(AFTER_MS)])];
  });
}

function moment(random: SeededRandom, { fromMs, toMs }: Span): number {
  const third = (toMs - fromMs) / 3;
  return Math.round(random.between(fromMs + third, toMs - third) / 100) * 100;
}

/** From when until when this stand alone is in the footage. */
function comingAndGoing({ stands, lengthMs }: StandingFootage, i: number): { from: number; gone: number } {
  return { from: stands[i - 1]?.toMs ?? 0, gone: Math.min(stands[i + 1]?.fromMs ?? lengthMs, (stands[i] as Span).toMs + GOING_MS) };
}

function thing(random: SeededRandom, things: number): LeftThing {
  return {
    thing: Math.floor(random.between(0, things)),
    left: random.between(0.1, 0.7),
    bottom: random.between(0.75, 0.95),
    height: random.between(0.15, 0.3),
  };
}

function shown(fromMs: number, toMs: number): StandingSegment[] {
  return toMs - fromMs < 500 ? [] : [{ shown: { kind: "footage", fromMs }, durationMs: toMs - fromMs }];
}

function held(atMs: number, durationMs: number): StandingSegment {
  return { shown: { kind: "held", atMs, live: true }, durationMs };
}

function empty(durationMs: number): StandingSegment {
  return { shown: { kind: "empty" }, durationMs };
}

function scene(footage: StandingFootage, name: string, segments: readonly StandingSegment[]): StandingScene {
  const asks: { atMs: number; moment: StandingMoment }[] = [];
  const settled: (Span & { moment: StandingMoment })[] = [];
  let startMs = 0;
  for (const { shown: what, durationMs } of segments) {
    const endMs = startMs + durationMs;
    const truth = momentOf(what);
    if (truth === "standing") asks.push({ atMs: startMs + FIRST_ASK_MS, moment: "first 10 s" });
    if (truth !== undefined) {
      const fromMs = startMs + (truth === "frozen" ? FROZEN_MS : SETTLING_MS);
      for (let atMs = fromMs; atMs <= endMs - FIRST_ASK_MS; atMs += ASK_EVERY_MS) asks.push({ atMs, moment: truth });
      if (endMs > fromMs) settled.push({ fromMs, toMs: endMs, moment: truth });
    }
    startMs = endMs;
  }
  return { name, footage, segments, asks, settled };
}

function momentOf(what: Shown): StandingMoment | undefined {
  if (what.kind === "footage") return undefined;
  if (what.kind === "held") return what.live ? "standing" : "frozen";
  return what.thing === undefined ? "empty" : "thing left";
}
