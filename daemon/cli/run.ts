// fusiond run: the daemon, until it is told to stop.
import { checkFiles } from "../../config/files.js";
import { loadConfig } from "../../config/load.js";
import { configInvalid, formatProblem } from "../../config/problem.js";
import { Daemon } from "../compose/daemon.js";
import { buildTelemetry } from "../compose/telemetry.js";
import { versionOf } from "../compose/version.js";
import { systemClock } from "../runtime/clock.js";
import { Shutdown } from "../runtime/shutdown.js";
import { heedStraySignals } from "../runtime/stray-signals.js";
import { exitCodeOf } from "./exit-codes.js";
import { explained } from "./output.js";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";

/** All that is stopped must be stopped within this time, ms: below systemd's usual TimeoutStopSec of 90 s. */
const STOP_DEADLINE_MS = 20_000;

/**
 * Runs the daemon of a configuration file and resolves with the exit code. If it ends because something failed, the
 * last thing on stderr is one plain sentence that says what to do, whatever the log's level and format.
 */
export async function run(file: string): Promise<number> {
  refuseToNotify();
  const loaded = loadConfig(file);
  const { problems, warnings } = checkFiles(loaded);
  if (problems.length > 0) throw configInvalid(problems);
  const telemetry = buildTelemetry(versionOf(), loaded.config.log.level);
  const { logger } = telemetry;
  for (const warning of warnings) logger.warn("a file that holds a secret is readable by others", { detail: formatProblem(warning) });
  heedStraySignals((signal) => telemetry.events.life.straySignal(signal));
  const starting = new AbortController();
  const shutdown: Shutdown = new Shutdown({
    stages: async () => {
      starting.abort();
      await started; // what the start still opens is to be closed too
      return daemon.stages;
    },
    deadlineMs: STOP_DEADLINE_MS,
    clock: systemClock,
    signals: process,
    telemetry: telemetry.events.life,
  });
  let failure: unknown;
  const fail = (what: string, error: unknown): void => {
    failure ??= error;
    shutdown.begin(`${what}: ${messageOf(error)}`, exitCodeOf(error));
  };
  const daemon = new Daemon({ loaded, telemetry, onFailure: fail });
  const ended = shutdown.wait();
  const started = daemon.start(starting.signal).then(
    () => logger.info("fusiond is running", { site: loaded.config.site, version: versionOf(), http: daemon.httpPort }),
    (error: unknown) => {
      if (!starting.signal.aborted) fail("fusiond cannot start", error);
    },
  );
  const exitCode = await ended;
  await logger.flush();
  if (failure !== undefined) process.stderr.write(`${telemetry.redactor.text(explained(failure))}\n`);
  return exitCode;
}

/** A unit of Type=notify would wait for us in vain, kill us, and start us again for ever. */
function refuseToNotify(): void {
  if (process.env["NOTIFY_SOCKET"] === undefined) return;
  throw new FusiondError("config_invalid", "systemd asks to be notified, which fusiond cannot do yet: set Type=exec in the unit, as systemd/fusiond.service does");
}
