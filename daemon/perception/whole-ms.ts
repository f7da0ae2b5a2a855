// Event time in the pure centre is whole milliseconds; sources may give fractions.
import type { Capture } from "../../encoders/capture.js";
import type { SourceSignal } from "../sources/source.js";

/**
 * The signal in whole milliseconds. Samples and transitions move up, progress moves down, losses grow, each by less than 1 ms: what
 * was told in order stays so, and no sample falls behind the progress that was told before it.
 */
export function inWholeMs(signal: SourceSignal): SourceSignal {
  switch (signal.kind) {
    case "capture":
      return { kind: "capture", capture: captureInWholeMs(signal.capture) };
    case "progress":
      return { ...signal, time: Math.floor(signal.time) };
    case "lost":
      return { ...signal, from: Math.floor(signal.from), to: Math.ceil(signal.to) };
    case "state":
      return { ...signal, at: Math.ceil(signal.at) };
  }
}

function captureInWholeMs(capture: Capture): Capture {
  const capturedAt = Math.ceil(capture.capturedAt);
  return { ...capture, capturedAt, durationMs: Math.ceil(capture.capturedAt + capture.durationMs) - capturedAt };
}
