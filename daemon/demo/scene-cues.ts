// When each sound of a scene plays: least gaps that keep two happenings apart, and seeded time on top.
import { assertInvariant } from "../../fusion/model/errors.js";
import { onGrid } from "./footage.js";
import { SOUNDS_BY_NAME, type PictureName, type SoundName } from "./scene-media.js";
import type { SeededRandom } from "../../fusion/simulator/random.js";

/** One sound, where it plays, and what passes through the picture meanwhile. */
export interface Cue {
  readonly sound: SoundName;
  readonly place: "people" | "empty";
  readonly passing?: PictureName;
}

/** A cue with its times, ms of the scene. `passStartMs` and `passMs` mean something only if something passes. */
export interface PlacedCue extends Cue {
  readonly startMs: number;
  readonly endMs: number;
  readonly passStartMs: number;
  readonly passMs: number;
  /** The time over which the footage must suit the cue. */
  readonly spanStartMs: number;
  readonly spanEndMs: number;
}

/** Where every cue lies, and the stretch in which nobody is in view. */
export interface PlacedCues {
  readonly cues: readonly PlacedCue[];
  readonly empty: { readonly startMs: number; readonly endMs: number };
}

/** Before the first sound, so that gates and cohorts have seen the place. */
const LEAD_IN_MS = 10_000;
const TAIL_MS = 6_000;
/** From the end of one sound to the start of the next: more than a rule's 5 s and a window of sound. */
const GAP_MS = 8_000;
const BARK_TO_BARK_MS = 12_000;
/** From a bark at the empty place to the nearest picture of a person. */
const EMPTY_MARGIN_MS = 10_000;
/** From a sound with people in view to the cut to the empty place, or from it. */
const PEOPLE_MARGIN_MS = 4_500;
/** How long people are in view before and after a sound without a passing photograph. */
const PEOPLE_AROUND_MS = 3_000;

/**
 * Places the cues in their order over the whole duration; time beyond the least gaps is spread by the seed.
 * All times are whole frames. Throws if the duration is too short for the least gaps.
 */
export function placeCues(cues: readonly Cue[], durationMs: number, random: SeededRandom): PlacedCues {
  const gapsMs = cues.map((cue, i) => leastGapMs(cues[i - 1], cue));
  const soundMs = cues.reduce((sum, cue) => sum + SOUNDS_BY_NAME[cue.sound].durationMs, 0);
  const slackMs = durationMs - soundMs - TAIL_MS - gapsMs.reduce((sum, gap) => sum + gap, 0);
  assertInvariant(slackMs >= 0, `a scene of ${durationMs} ms is ${-slackMs} ms too short`);
  const weights = [...cues.map(() => random.unit()), random.unit()];
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
  let nowMs = 0;
  const placed = cues.map((cue, i) => {
    nowMs += (gapsMs[i] as number) + onGrid((slackMs * (weights[i] as number)) / weightSum);
    const placedCue = placeCue(cue, nowMs, random);
    nowMs = placedCue.endMs;
    return placedCue;
  });
  const atEmpty = placed.filter((cue) => cue.place === "empty");
  const [first, last] = [atEmpty[0], atEmpty.at(-1)];
  assertInvariant(first !== undefined && last !== undefined, "a scene has barks at the empty place");
  return { cues: placed, empty: { startMs: first.startMs - EMPTY_MARGIN_MS, endMs: last.endMs + EMPTY_MARGIN_MS } };
}

function leastGapMs(previous: Cue | undefined, cue: Cue): number {
  if (previous === undefined) return LEAD_IN_MS;
  if (previous.place !== cue.place) return PEOPLE_MARGIN_MS + EMPTY_MARGIN_MS;
  const bothBark = previous.sound === "dog" && cue.sound === "dog";
  return bothBark ? BARK_TO_BARK_MS - SOUNDS_BY_NAME.dog.durationMs : GAP_MS;
}

/** A photograph is near the middle of its way when the sound starts. */
function placeCue(cue: Cue, startMs: number, random: SeededRandom): PlacedCue {
  const endMs = startMs + SOUNDS_BY_NAME[cue.sound].durationMs;
  if (cue.passing === undefined) {
    const around = { spanStartMs: startMs - PEOPLE_AROUND_MS, spanEndMs: endMs + PEOPLE_AROUND_MS };
    return { ...cue, startMs, endMs, passStartMs: startMs, passMs: 0, ...around };
  }
  const passMs = onGrid(random.between(5_000, 7_000));
  const passStartMs = startMs - onGrid(passMs * random.between(0.4, 0.55));
  return { ...cue, startMs, endMs, passStartMs, passMs, spanStartMs: passStartMs, spanEndMs: Math.max(endMs, passStartMs + passMs) };
}
