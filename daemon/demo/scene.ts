// The demo's scene: what is seen and heard when, and what must be reported of it. Pure: the same seed, the same scene.
import { FusiondError } from "../../fusion/model/errors.js";
import { FootageReel, onGrid, PEOPLE_CLEARLY_IN_VIEW, PEOPLE_OFF_THE_LAWN } from "./footage.js";
import { PICTURES, SOUNDS_BY_NAME, type PictureName, type SoundName } from "./scene-media.js";
import { placeCues, type Cue, type PlacedCue } from "./scene-cues.js";
import { seededRandom, type SeededRandom } from "../../fusion/simulator/random.js";

/** The scene's picture, pixels, and its frame rate, frames a second. */
export const SCENE_PICTURE = { width: 640, height: 480, fps: 10 } as const;

/** The shortest scene that holds everything with enough quiet in between, s. */
export const SCENE_SECONDS_MIN = 135;
/** The length of a scene unless told otherwise, s. */
export const SCENE_SECONDS_DEFAULT = 140;
/** The longest scene that is built, s. */
export const SCENE_SECONDS_MAX = 3_600;

/** The rule of row (ii): one incident over two events. */
export const RULE_DOG_WITH_PERSON = "dog-with-person";
/** The rule of row (i): one event seen and heard. */
export const RULE_DOG_SEEN_AND_HEARD = "dog-seen-and-heard";

/** A part of the camera's picture: footage of people, or the same place without anybody. Times in ms of the scene. */
export type Segment =
  | { readonly kind: "footage"; readonly startMs: number; readonly durationMs: number; readonly footageFromMs: number }
  | { readonly kind: "empty"; readonly startMs: number; readonly durationMs: number };

/** A photograph that passes from one side of the picture to the other, on the lawn. */
export interface Passing {
  readonly picture: PictureName;
  readonly startMs: number;
  readonly durationMs: number;
  readonly heightPx: number;
  /** Where its feet are, pixels from the top. */
  readonly feetPx: number;
  readonly towards: "left" | "right";
}

/** A sound that plays. */
export interface Playing {
  readonly sound: SoundName;
  readonly startMs: number;
  readonly durationMs: number;
  /** Change of loudness against the recording, dB; never above 0, so that nothing clips. */
  readonly gainDb: number;
}

/**
 * What must come of a happening. `from`/`to` are ms of the scene: from the start to the end of its sound.
 *
 * "incident": exactly one of `ruleId`. "either": it may be reported, being true too, and need not be.
 * "nothing": no incident of any rule.
 */
export interface ExpectedRow {
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly expect: "incident" | "either" | "nothing";
  /** Absent for "nothing". */
  readonly ruleId?: string;
}

/** A whole scene. Segments cover it without gap or overlap; everything is in order of time. */
export interface Scene {
  readonly seed: number;
  readonly durationMs: number;
  readonly segments: readonly Segment[];
  readonly passings: readonly Passing[];
  readonly sounds: readonly Playing[];
  readonly rows: readonly ExpectedRow[];
}

/** What a scene is made from. */
export interface SceneOptions {
  /** A whole number, 0 or more. */
  readonly seed: number;
  /** Length, s: `SCENE_SECONDS_MIN` to `SCENE_SECONDS_MAX`. More time means more quiet between the sounds. */
  readonly seconds?: number;
}

/**
 * Makes up a scene: a dog barks 3 times with people in view, 2 times at the empty place, and once while it walks by;
 * 4 other sounds play with people in view, and three more photographs pass. Barks are at least 12 s apart.
 *
 * The seed decides order, times, positions, speeds, loudness (within 6 dB either way) and which other sounds.
 * Errors: FusiondError "config_invalid" if seed or length is out of range.
 */
export function composeScene(options: SceneOptions): Scene {
  const seconds = options.seconds ?? SCENE_SECONDS_DEFAULT;
  if (!Number.isInteger(options.seed) || options.seed < 0) {
    throw new FusiondError("config_invalid", `--seed ${options.seed} is not a whole number of 0 or more`);
  }
  if (!(seconds >= SCENE_SECONDS_MIN && seconds <= SCENE_SECONDS_MAX)) {
    throw new FusiondError("config_invalid", `--seconds ${seconds} must lie between ${SCENE_SECONDS_MIN} and ${SCENE_SECONDS_MAX}`);
  }
  const random = seededRandom(options.seed);
  const durationMs = onGrid(seconds * 1_000);
  const placed = placeCues(drawCues(random), durationMs, random);
  return {
    seed: options.seed,
    durationMs,
    segments: layFootage(placed.cues, placed.empty, durationMs, random),
    passings: placed.cues.flatMap((cue) => (cue.passing === undefined ? [] : [passingOf(cue, cue.passing, random)])),
    sounds: placed.cues.map((cue) => playingOf(cue, random)),
    rows: placed.cues.flatMap(rowsOf),
  };
}

/** Everything that sounds, in order; the two barks at the empty place lie together somewhere in the middle. */
function drawCues(random: SeededRandom): Cue[] {
  const animal = random.pick(["cow", "rooster"] as const);
  const ringing = random.pick(["alarm", "bell"] as const);
  const rest = (Object.keys(SOUNDS_BY_NAME) as SoundName[]).filter((name) => name !== "dog" && name !== animal && name !== ringing);
  const others = [animal, ringing, ...random.shuffled(rest).slice(0, 2)];
  const pictures = random.shuffled<PictureName | undefined>(["cow", "rooster", "firetruck", undefined]);
  const withPeople: Cue[] = random.shuffled<Cue>([
    ...Array.from({ length: 3 }, (): Cue => ({ sound: "dog", place: "people" })),
    { sound: "dog", place: "people", passing: "dog" },
    ...others.map((sound, i): Cue => {
      const passing = pictures[i];
      return passing === undefined ? { sound, place: "people" } : { sound, place: "people", passing };
    }),
  ]);
  const emptyAt = Math.floor(random.between(2, 7));
  const atEmpty: Cue[] = Array.from({ length: 2 }, () => ({ sound: "dog", place: "empty" }));
  return [...withPeople.slice(0, emptyAt), ...atEmpty, ...withPeople.slice(emptyAt)];
}

/** Footage before and after the empty stretch, cut so that each cue happens where the footage suits it. */
function layFootage(
  cues: readonly PlacedCue[],
  empty: { readonly startMs: number; readonly endMs: number },
  durationMs: number,
  random: SeededRandom,
): Segment[] {
  const reel = new FootageReel(random);
  const footage = (startMs: number, endMs: number): Segment[] => {
    let nowMs = startMs;
    for (const cue of cues.filter((c) => c.spanStartMs >= startMs && c.spanEndMs <= endMs)) {
      reel.play(cue.spanStartMs - nowMs);
      reel.playWithin(cue.spanEndMs - cue.spanStartMs, cue.passing === undefined ? PEOPLE_CLEARLY_IN_VIEW : PEOPLE_OFF_THE_LAWN);
      nowMs = cue.spanEndMs;
    }
    reel.play(endMs - nowMs);
    let atMs = startMs;
    return reel.take().map((piece) => {
      const segment: Segment = { kind: "footage", startMs: atMs, durationMs: piece.durationMs, footageFromMs: piece.fromMs };
      atMs += piece.durationMs;
      return segment;
    });
  };
  return [
    ...footage(0, empty.startMs),
    { kind: "empty", startMs: empty.startMs, durationMs: empty.endMs - empty.startMs },
    ...footage(empty.endMs, durationMs),
  ];
}

function passingOf(cue: PlacedCue, picture: PictureName, random: SeededRandom): Passing {
  const [low, high] = PICTURES[picture].heightPx;
  return {
    picture,
    startMs: cue.passStartMs,
    durationMs: cue.passMs,
    heightPx: 2 * Math.round(random.between(low, high) / 2),
    feetPx: Math.round(random.between(425, 470)),
    towards: random.pick(["left", "right"]),
  };
}

function playingOf(cue: PlacedCue, random: SeededRandom): Playing {
  const { durationMs } = SOUNDS_BY_NAME[cue.sound];
  return { sound: cue.sound, startMs: cue.startMs, durationMs, gainDb: Math.round(random.between(-14, -2) * 10) / 10 };
}

function rowsOf(cue: PlacedCue): ExpectedRow[] {
  const span = { fromMs: cue.startMs, toMs: cue.endMs };
  if (cue.sound !== "dog") {
    const passing = cue.passing === undefined ? "" : ` and a ${PICTURES[cue.passing].label}`;
    return [{ ...span, label: `${SOUNDS_BY_NAME[cue.sound].label} sounds, people${passing} in view`, expect: "nothing" }];
  }
  if (cue.place === "empty") return [{ ...span, label: "dog barks, nobody in view", expect: "nothing" }];
  if (cue.passing === undefined) {
    return [{ ...span, label: "dog barks, people in view", expect: "incident", ruleId: RULE_DOG_WITH_PERSON }];
  }
  const label = "dog walks by and barks, people in view";
  return [
    { ...span, label, expect: "incident", ruleId: RULE_DOG_SEEN_AND_HEARD },
    { ...span, label, expect: "either", ruleId: RULE_DOG_WITH_PERSON },
  ];
}
