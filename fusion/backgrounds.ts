// The backgrounds of all places of a group's cameras. Immutable: a look makes a new value that shares the rest.
import { withLook, type PlaceBackground, type PlaceLook } from "./background.js";
import type { Observation } from "./model/observation.js";

/** Backgrounds by place, by source. Bound: PLACES_MAX of each source. */
export type Backgrounds = ReadonlyMap<string, ReadonlyMap<number, PlaceBackground>>;

/** The backgrounds after a look at a place. */
export function lookedAt(backgrounds: Backgrounds, sourceId: string, place: number, background: PlaceBackground): Backgrounds {
  return new Map(backgrounds).set(sourceId, new Map(backgrounds.get(sourceId)).set(place, background));
}

/** The backgrounds with every moment moved by `shiftMs`. */
export function shiftedBackgrounds(backgrounds: Backgrounds, shiftMs: number): Backgrounds {
  const shifted = (one: PlaceBackground): PlaceBackground => ({ ...one, lookedAt: one.lookedAt + shiftMs });
  return new Map([...backgrounds].map(([sourceId, places]) => [sourceId, new Map([...places].map(([place, one]) => [place, shifted(one)]))]));
}

/** What was learned of a look by the observation: both states of a fold get the same value, worked out once. */
const lessons = new WeakMap<Observation, { readonly before: PlaceBackground | undefined; readonly after: PlaceBackground }>();

/** `withLook`, remembered. */
export function learnedPlace(before: PlaceBackground | undefined, observation: Observation, look: PlaceLook, settleAfterMs: number): PlaceBackground {
  const known = lessons.get(observation);
  if (known !== undefined && known.before === before) return known.after;
  const after = withLook(before, look, settleAfterMs);
  lessons.set(observation, { before, after });
  return after;
}
