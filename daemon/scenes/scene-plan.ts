// Which sound, which background, which footage and where: the plan of composed scenes. Pure: the same seed, the same plan.
import { FusiondError } from "../../fusion/model/errors.js";
import { seededRandom, type SeededRandom } from "../../fusion/simulator/random.js";
import { Deck, grouped } from "./deck.js";
import type { Background, FootagePart, Material, SoundClip } from "./material.js";

/** What a control leaves out; nothing may come of a scene that leaves out something. */
export const CONTROLS = ["none", "without_sound", "without_person"] as const;
/** One of the closed set of controls. */
export type Control = (typeof CONTROLS)[number];

/** Levels of the sound's loudest half second over its background, dB. */
export const SNRS_DB = [20, 10, 0] as const;

/** Whom scenes show or leave out. */
export const SEEN = "person";

/** One scene, before it is made. */
export interface ScenePlan {
  /** Of its folder: `scene-001`. */
  readonly name: string;
  readonly control: Control;
  readonly durationMs: number;
  /** In the order in which they follow each other, until the scene is over; then again from the first. */
  readonly backgrounds: readonly Background[];
  readonly footage: FootagePart;
  /** Where in the footage's part it begins, 0..1 of what is left over. */
  readonly footageAt: number;
  readonly sound?: {
    readonly clip: SoundClip;
    readonly snrDb: number;
    /** Where it plays, 0..1 of the time in which it may. */
    readonly at: number;
  };
}

/** Lengths of scenes, ms. */
const DURATION_MS = { min: 20_000, max: 30_000, step: 100 } as const;

/** What each scene in turn is: three of five with everything, and each control at each level. */
const TURNS: readonly (readonly [control: Control, snrDb: number])[] = SNRS_DB.flatMap((snrDb) => [
  ["none", snrDb],
  ["without_person", snrDb],
  ["none", snrDb],
  ["without_sound", snrDb],
  ["none", snrDb],
]);

/**
 * The plans of `count` scenes. Sounds go round by what they are, backgrounds by their kind and footage by camera, so that
 * what there is much of does not crowd out the rest. A background is neither cut from the sound's recording nor of the
 * sound's kind.
 * Errors: FusiondError "media_invalid" if a sound has no such background.
 */
export function planScenes(material: Material, { seed, count }: { readonly seed: number; readonly count: number }): ScenePlan[] {
  const random = seededRandom(seed);
  const sounds = decks(grouped(material.sounds, ({ what }) => what), random);
  const kinds = new Deck(grouped(material.backgrounds, ({ kind }) => kind), random);
  const people = decks(grouped(material.footage.filter(({ what }) => what.includes(SEEN)), ({ camera }) => camera), random);
  const nobody = decks(grouped(material.footage.filter(({ what }) => what.length === 0), ({ camera }) => camera), random);
  return Array.from({ length: count }, (_, i) => {
    const [control, snrDb] = TURNS[i % TURNS.length] as (typeof TURNS)[number];
    const clip = sounds.next().next();
    const fits = ({ recording, kind }: Background): boolean => recording !== clip.recording && kind !== clip.what;
    const kind = kinds.draw((one) => one.some(fits));
    if (kind === undefined) throw new FusiondError("media_invalid", `${clip.file} has no background but itself: add backgrounds of other recordings`);
    return {
      name: `scene-${String(i + 1).padStart(3, "0")}`,
      control,
      durationMs: onStep(random.between(DURATION_MS.min, DURATION_MS.max)),
      backgrounds: random.shuffled(kind.filter(fits)),
      footage: (control === "without_person" ? nobody : people).next().next(),
      footageAt: random.unit(),
      ...(control === "without_sound" ? {} : { sound: { clip, snrDb, at: random.unit() } }),
    };
  });
}

function decks<T>(groups: readonly (readonly T[])[], random: SeededRandom): Deck<Deck<T>> {
  return new Deck(groups.map((cards) => new Deck(cards, random)), random);
}

function onStep(ms: number): number {
  return Math.round(ms / DURATION_MS.step) * DURATION_MS.step;
}
