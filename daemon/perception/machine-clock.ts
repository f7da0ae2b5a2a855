// Steady time that the processes of one machine share: the same epoch on the same monotonic clock.
import type { Clock } from "../runtime/clock.js";

/** Unix ms of the clock's steady time at the zero of CLOCK_MONOTONIC, for another process to count from. */
export function sharedEpochMs(clock: Clock): number {
  return clock.epochMs + clock.monotonicNowMs() - machineMs();
}

/** The clock of this process, counting steady time from a shared epoch. */
export function clockSince(sharedMs: number, clock: Clock): Clock {
  return { ...clock, epochMs: sharedMs + machineMs() - clock.monotonicNowMs() };
}

/** The machine's monotonic clock, ms; all processes read the same. */
function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
