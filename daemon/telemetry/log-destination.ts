// Where log lines go: standard error, without ever making the event loop wait for whoever reads it.
// No stream of a library: theirs try a full disk again for ever when the process ends.
import { write } from "node:fs";

/** Takes whole lines, each with its line end. */
export interface LogDestination {
  write(line: string): void;
  /** Lines that were lost so far: nobody read, or the disk was full. */
  readonly lost: number;
  /** Resolves when what was buffered is written, in order; for the last lines before an exit. Bound: one second. */
  flush(): Promise<void>;
}

/** Lines that wait for a reader that stands still; beyond that, lines are lost and counted. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** How long the end waits for a reader that stands still, ms. */
const FLUSH_MAX_MS = 1000;
/** A pipe that is full is tried again after this time, ms. */
const AGAIN_AFTER_MS = 50;

/**
 * A file descriptor. Bound: 1 MiB of buffered lines; how many were lost is said by the next line that fits. A line that
 * cannot be written for another reason than a slow reader (nobody there, disk full, I/O error) is lost, and never an error.
 */
export function descriptorDestination(descriptor: number): LogDestination {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writing = false;
  let lost = 0;
  let said = 0;
  let flushed: (() => void)[] = [];

  const pump = (): void => {
    if (writing) return;
    if (waiting.length === 0) {
      for (const resolve of flushed) resolve();
      flushed = [];
      return;
    }
    const lines = waiting.length;
    const bytes = Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    writing = true;
    put(bytes, (failed) => {
      writing = false;
      if (failed) lost += lines;
      pump();
    });
  };
  const put = (bytes: Buffer, done: (failed: boolean) => void): void =>
    write(descriptor, bytes, 0, bytes.length, null, (error, written) => {
      if (error?.code === "EAGAIN") setTimeout(put, AGAIN_AFTER_MS, bytes, done);
      else if (error !== null) done(true);
      else if (written < bytes.length) put(bytes.subarray(written), done);
      else done(false);
    });
  const take = (line: string): boolean => {
    const bytes = Buffer.from(line);
    if (waitingBytes + bytes.length > MAX_BUFFERED_BYTES) return false;
    waiting.push(bytes);
    waitingBytes += bytes.length;
    pump();
    return true;
  };
  return {
    write: (line) => {
      if (!take(line)) lost += 1;
      else if (lost > said && take(lostLine(lost - said))) said = lost;
    },
    get lost() {
      return lost;
    },
    flush: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, FLUSH_MAX_MS);
        flushed.push(() => {
          clearTimeout(timer);
          resolve();
        });
        pump();
      }),
  };
}

function lostLine(count: number): string {
  return `${JSON.stringify({ level: "error", time: new Date().toISOString(), msg: "log lines were lost", count })}\n`;
}
