// Work of a command that Ctrl-C ends.
import { EXIT } from "./exit-codes.js";

/** Does the work and resolves with the exit code; SIGINT and SIGTERM abort its signal, and that is no error. */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const stopping = new AbortController();
  const onSignal = (): void => stopping.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    await work(stopping.signal);
    return EXIT.ok;
  } catch (error) {
    if (stopping.signal.aborted) return EXIT.failure;
    throw error;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}
