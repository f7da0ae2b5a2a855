// Filters of ffmpeg that keep one absurd time stamp from costing what follows it. Pure.

/**
 * A stamp may be so much further from the one before than the time that has passed, s: what was held up comes at once. For
 * pictures, what lies between two of them is allowed on top.
 */
const AHEAD_S = 1;

/** Pictures that are stamped far ahead, one after the other, after which it is the stream's clock that went on. */
const LEAP_PICTURES = 3;

/** Longest time between two pictures that is allowed for, s. */
const INTERVAL_MAX_S = 10;

/**
 * Gives pictures stamps of whole microseconds: even ones where they can be right. A picture that is stamped further ahead
 * than time has passed, or back, takes the next odd one after the last that was right: see `isOutlier`.
 *
 * Passing such a stamp on would poison all that follows: ffmpeg's muxers let none go back, nor come twice.
 * Variables: 0 last stamp that was right, s; 1 when it came; 2 wrong ones since; 3 time between the last two that were
 * right, s; 4 whether this one is right; 5 the last that was right, us.
 */
export function pictureStamps(): string {
  const right = `eq(N,0)+between(T-ld(0),-${AHEAD_S},time(0)-ld(1)+${AHEAD_S}+ld(3))+gte(ld(2),${LEAP_PICTURES})*gt(T,ld(0))`;
  const keep = `st(3,if(eq(N,0),${INTERVAL_MAX_S},clip(T-ld(0),0,${INTERVAL_MAX_S})));st(1,time(0));st(0,T);st(5,max(ld(5),2*floor(PTS/2)))`;
  return `settb=1/1000000,setpts='st(4,${right});st(2,if(ld(4),0,ld(2)+1));if(ld(4),${keep},ld(5)+2*ld(2)-1)'`;
}

/** Whether a picture's stamp, ms, was no place in time, as `pictureStamps` marks it. */
export function isOutlier(ptsMs: number): boolean {
  return Math.round(ptsMs * 1000) % 2 !== 0;
}

/** The filter's condition for a picture that was marked: it is passed on to be counted. */
export const MARKED = "eq(mod(round(t*1000000),2),1)";

/** Sound whose stamp cannot be right follows on from the sound before. Variables as above; 3: how long the last piece was, s. */
export function soundStamps(): string {
  const right = `eq(N,0)+between(T-ld(0),-${AHEAD_S},time(0)-ld(1)+${AHEAD_S}+ld(3))`;
  return `asetpts='st(4,${right});st(0,if(ld(4),T,ld(0)+ld(3)));if(ld(4),st(1,time(0)),0);st(3,S/SR);if(ld(4),PTS,round(ld(0)/TB))'`;
}
