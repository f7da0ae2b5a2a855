// Signals that a process of fusiond is sent by mistake, or by a habit of other daemons: they must not end it, nor open a debugger.

/**
 * SIGHUP: "read the configuration again". SIGUSR1: "open the logs again"; without a listener Node opens its inspector
 * to whoever can reach the port. SIGUSR2, SIGALRM: their default is the end. Node itself ignores SIGPIPE.
 */
export const STRAY_SIGNALS = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const;
/** One of them. */
export type StraySignal = (typeof STRAY_SIGNALS)[number];

let heed: (signal: StraySignal) => void = () => undefined;

/** From now on these signals do nothing in this process. Call it before anything else is loaded. */
export function ignoreStraySignals(signals: readonly StraySignal[] = STRAY_SIGNALS): void {
  for (const signal of signals) process.on(signal, () => heed(signal));
}

/** From now on the listener is told of each that comes. */
export function heedStraySignals(listener: (signal: StraySignal) => void): void {
  heed = listener;
}
