// Where log lines go: standard error, without ever making the event loop wait for whoever reads it.
import { pino } from "pino";

/** Takes whole lines, each with its line end. */
export interface LogDestination {
  write(line: string): void;
  /** Resolves when what was buffered is written, in order; for the last lines before an exit. Bound: one second. */
  flush(): Promise<void>;
}

/** Lines that wait for a reader that stands still; beyond that, lines are lost and counted. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** How long the end waits for a reader that stands still, ms. */
const FLUSH_MAX_MS = 1000;

/** A file descriptor. Bound: 1 MiB of buffered lines; how many were lost is said by the next line that fits. */
export function descriptorDestination(descriptor: number): LogDestination {
  const stream = pino.destination({ dest: descriptor, sync: false, maxLength: MAX_BUFFERED_BYTES });
  let lost = 0;
  let fitted = true;
  let writing = false;
  stream.on("drop", () => (fitted = false));
  stream.on("drain", () => (writing = false));
  stream.on("error", () => {
    lost += 1; // nobody reads any more, and there is no other place to say so
    writing = false;
  });
  const put = (line: string): boolean => {
    fitted = true;
    writing = true;
    stream.write(line);
    return fitted;
  };
  return {
    write: (line) => {
      if (!put(line)) lost += 1;
      else if (lost > 0 && put(lostLine(lost))) lost = 0;
    },
    // Not flushSync: it overtakes the write that is under way, whose line then comes last or, at an exit, never.
    flush: () =>
      new Promise((resolve) => {
        if (!writing) return resolve();
        const timer = setTimeout(resolve, FLUSH_MAX_MS);
        for (const event of ["drain", "error"] as const) {
          stream.once(event, () => {
            clearTimeout(timer);
            resolve();
          });
        }
      }),
  };
}

function lostLine(count: number): string {
  return `${JSON.stringify({ level: "error", time: new Date().toISOString(), msg: "log lines were lost", count })}\n`;
}
