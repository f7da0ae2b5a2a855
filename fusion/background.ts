// What a fixed camera always shows in one place of its picture, so that it is told once and not again and again.
import type { Region } from "./model/observation.js";
import { dot, normalise } from "./model/vector.js";

/** Appearances of one place: with the lamp on, with it off, with the door open, and one that may be new. */
const APPEARANCES_MAX = 4;

/**
 * Cosine to a mean from which a look shows the same. Source: ten cameras, squares of three sizes half a second and up to 20 s
 * apart: of 3393 pairs whose pixels differ by less than 2 of 255, 99 % are above 0.95; of 274 pairs between which a person
 * came or went, 99 % are below 0.92.
 */
const SAME_COSINE = 0.93;

/** A look stands for the time since the one before it, but for no more than this share of `settleAfterMs`: one says little. */
const LOOK_SHARE_MAX = 1 / 8;

/** What was seen for some time is remembered while it is missed for this many times as long. */
const REMEMBERED_RATIO = 2;

/** What is seen for longer counts as seen for this long, ms: a week. */
const SEEN_MAX_MS = 7 * 86_400_000;

/** One way in which a place looks. Times are times in which somebody looked, ms. */
export interface Appearance {
  /** Exponentially forgetting mean of its vectors, of unit length. */
  readonly mean: Float32Array;
  readonly seenMs: number;
  /** Since it was seen last. */
  readonly missedMs: number;
}

/** The background of one place of one source. Immutable. Bound: APPEARANCES_MAX vectors. */
export interface PlaceBackground {
  /** The square that it is of: another one is another place, whatever its number. */
  readonly region?: Region;
  /** End of the newest look, Unix ms of event time. */
  readonly lookedAt: number;
  readonly appearances: readonly Appearance[];
}

/** A look at a place. */
export interface PlaceLook {
  readonly region?: Region;
  /** Its end, Unix ms of event time. */
  readonly at: number;
  /** Of unit length. */
  readonly vector: Float32Array;
}

/** Whether the look shows what the place has shown for at least `settleAfterMs`: furniture. Without a background nothing is. */
export function isFurniture(background: PlaceBackground | undefined, look: PlaceLook, settleAfterMs: number): boolean {
  if (background === undefined || !isOf(background, look)) return false;
  const shown = shownBy(background.appearances, look.vector);
  return shown !== undefined && isSettled(shown, settleAfterMs);
}

/** Whether both have settled the same number of appearances: otherwise what is told of the place has changed. */
export function isSettledAlike(a: PlaceBackground, b: PlaceBackground, settleAfterMs: number): boolean {
  const settled = ({ appearances }: PlaceBackground): number => appearances.filter((one) => isSettled(one, settleAfterMs)).length;
  return settled(a) === settled(b);
}

/**
 * The background with one look more; looks must come in the order of their ends, and one that does not changes nothing.
 *
 * The time since the look before goes to the appearance that the look shows; all others were missed for as long, and are
 * forgotten when they were missed for twice as long as they had been seen. A mean forgets with the time constant
 * `settleAfterMs`. Time in which nobody looked counts for nothing, so an outage forgets nothing and settles nothing.
 */
export function withLook(background: PlaceBackground | undefined, look: PlaceLook, settleAfterMs: number): PlaceBackground {
  const { region, at, vector } = look;
  const known = background !== undefined && isOf(background, look) ? background : undefined;
  const square = region === undefined ? {} : { region };
  if (known === undefined) return { ...square, lookedAt: at, appearances: [{ mean: vector, seenMs: 0, missedMs: 0 }] };
  if (at <= known.lookedAt) return known;
  const lastedMs = Math.min(at - known.lookedAt, settleAfterMs * LOOK_SHARE_MAX);
  const shown = shownBy(known.appearances, vector);
  const missed = known.appearances.filter((one) => one !== shown).map((one) => ({ ...one, missedMs: one.missedMs + lastedMs }));
  const remembered = missed.filter((one) => patienceMs(one) > 0);
  const seen = shown === undefined ? { mean: vector, seenMs: lastedMs, missedMs: 0 } : seenAgain(shown, vector, lastedMs, settleAfterMs);
  return { ...square, lookedAt: at, appearances: [seen, ...withRoom(remembered)] };
}

function isOf({ region }: PlaceBackground, look: PlaceLook): boolean {
  const other = look.region;
  if (region === undefined || other === undefined) return region === other;
  return region.x === other.x && region.y === other.y && region.width === other.width && region.height === other.height;
}

function isSettled(appearance: Appearance, settleAfterMs: number): boolean {
  return appearance.seenMs >= settleAfterMs;
}

/** The appearance that a vector shows: the nearest, if it is near enough. */
function shownBy(appearances: readonly Appearance[], vector: Float32Array): Appearance | undefined {
  let best: Appearance | undefined;
  let most = SAME_COSINE;
  for (const one of appearances) {
    const cosine = dot(one.mean, vector);
    if (cosine < most) continue;
    best = one;
    most = cosine;
  }
  return best;
}

function seenAgain({ mean, seenMs }: Appearance, vector: Float32Array, lastedMs: number, settleAfterMs: number): Appearance {
  const seen = Math.min(seenMs + lastedMs, SEEN_MAX_MS);
  const step = lastedMs / Math.min(seen, settleAfterMs);
  return { mean: normalise(mean.map((x, i) => x + step * ((vector[i] as number) - x))), seenMs: seen, missedMs: 0 };
}

/** How much longer it will be remembered, ms. */
function patienceMs({ seenMs, missedMs }: Appearance): number {
  return REMEMBERED_RATIO * seenMs - missedMs;
}

/** The appearances with room for one more: of too many the one goes that would be forgotten first. */
function withRoom(appearances: readonly Appearance[]): readonly Appearance[] {
  if (appearances.length < APPEARANCES_MAX) return appearances;
  const first = appearances.reduce((a, b) => (patienceMs(b) < patienceMs(a) ? b : a));
  return appearances.filter((one) => one !== first);
}
