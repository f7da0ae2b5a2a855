// What recordings have to tell while they are scored.
import type { SourceTelemetry } from "../sources/source.js";

/** Hears what a source says of a damaged file; a file that is replayed has nothing else to tell. */
export function notesTo(note: (reason: string) => void): SourceTelemetry {
  return {
    dropped: () => undefined,
    lineFault: () => undefined,
    restarted: () => undefined,
    anomaly: () => undefined,
    unwatched: () => undefined,
    clockSkew: () => undefined,
    note: (_id, _level, message, fields) => note(typeof fields?.["detail"] === "string" ? `${message} (${fields["detail"]})` : message),
  };
}
