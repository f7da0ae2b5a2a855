#!/usr/bin/env node
// The process: the one place that ends it.
import { tryDescriptors } from "./runtime/descriptors.js";
import { ignoreStraySignals, STRAY_SIGNALS } from "./runtime/stray-signals.js";

/** What loading fusiond holds open at one time. With fewer, Node says of some module that it is not there. */
const DESCRIPTORS_OF_A_START = 96;
/** Only the daemon outlives its terminal; what a person started at one ends with it. */
const isDaemon = process.argv[2] === "run";
ignoreStraySignals(STRAY_SIGNALS.filter((signal) => isDaemon || signal !== "SIGHUP"));
/** Timers of fusiond do not keep a process alive: until the command has ended, this does. */
const keepAlive = setInterval(() => undefined, 2 ** 30);
process.exitCode = await load().then(({ runCli }) => runCli(process.argv), unloadable);
clearInterval(keepAlive);
process.exit();

/** Only now: it takes a moment, in which a signal must not find Node's defaults. */
async function load(): Promise<typeof import("./cli/program.js")> {
  tryDescriptors(DESCRIPTORS_OF_A_START);
  return import("./cli/program.js");
}

/** Its own files cannot be opened all at once: everything else that can go wrong here is a broken installation. */
function unloadable(error: NodeJS.ErrnoException): number {
  if (error.code !== "EMFILE" && error.code !== "ENFILE") throw error;
  process.stderr.write(`fusiond cannot start: no more open files are allowed (${error.code}): raise LimitNOFILE= of the unit or ulimit -n of the shell to 1024\n`);
  return 1;
}
