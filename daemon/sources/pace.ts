// How long what comes at intervals may well stay away.

/** So many intervals may pass in a row: a camera leaves a picture out now and then. */
export const INTERVALS_MAX = 3;

/** How long a camera that is asked for so many pictures a second may give none, ms. */
export function longestPauseMs(fps: number): number {
  return (INTERVALS_MAX * 1000) / fps;
}
