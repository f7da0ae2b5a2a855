// What the commands say, and how.
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import type { AlertView } from "../tail/alert-view.js";
import { renderAlert } from "../tail/render-alert.js";
import { wantsColour } from "../tail/terminal-text.js";

/** Columns where standard output is no terminal: nothing is cut off that fits a log line. */
const PIPED_COLUMNS = 200;

/** An alert as the terminal shows it, coloured only there. */
export function shown(alert: AlertView): string {
  const { isTTY, columns } = process.stdout;
  return `${renderAlert(alert, { colour: wantsColour(isTTY), columns: columns ?? PIPED_COLUMNS }).join("\n")}\n`;
}

/** How long the end waits for a reader that stands still, ms. */
const LAST_WORDS_MS = 1000;

let failure: NodeJS.ErrnoException | undefined;

/** From now on an output that is closed or full ends nothing by itself; see `write` and `outputFailure`. Call it once. */
export function watchOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => void (failure ??= error));
  process.stderr.on("error", () => undefined); // there is no other place to say so
}

/**
 * Waits for a slow reader instead of holding its lines in memory, until the signal aborts.
 * Errors: FusiondError "output_failed", once nobody reads any more or the disk is full.
 */
export function write(text: string, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => resolve();
    signal?.addEventListener("abort", done);
    process.stdout.write(text, (cause) => {
      signal?.removeEventListener("abort", done);
      if (cause === null || cause === undefined) return resolve();
      failure ??= cause;
      reject(outputError(cause));
    });
  });
}

/**
 * Resolves with what kept standard output from being written, once what was said is out: undefined when all went well.
 * Bound: a reader that stands still is waited for one second.
 */
export async function outputFailure(): Promise<FusiondError | undefined> {
  if (process.stdout.writableLength > 0) await write("", AbortSignal.timeout(LAST_WORDS_MS)).catch(() => undefined); // kept in `failure`
  else await new Promise((resolve) => setImmediate(resolve)); // an error is told a moment after the write
  return failure === undefined ? undefined : outputError(failure);
}

/** Whether the reader of standard output left, as `head` does: it had enough, and nothing went wrong. */
export function readerLeft(error: unknown): boolean {
  return error instanceof FusiondError && error.code === "output_failed" && (error.cause as NodeJS.ErrnoException).code === "EPIPE";
}

/** One sentence for what the operator can mend; the whole trace for what only we can. */
export function explained(error: unknown): string {
  if (error instanceof FusiondError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}

function outputError(cause: NodeJS.ErrnoException): FusiondError {
  const why = cause.code === "ENOSPC" ? "its disk is full: make room" : `${messageOf(cause)}: see to where it goes`;
  return new FusiondError("output_failed", `standard output cannot be written, ${why}, and run the command again`, { cause });
}
