// A process that is a daemon and nothing else, so that its CPU time and memory are the daemon's own. Argument: the configuration.
import { readFileSync } from "node:fs";
import { Daemon } from "../../daemon/compose/daemon.js";
import { buildTelemetry } from "../../daemon/compose/telemetry.js";
import { versionOf } from "../../daemon/compose/version.js";
import { systemClock } from "../../daemon/runtime/clock.js";
import { Shutdown } from "../../daemon/runtime/shutdown.js";
import { parseBody } from "../../daemon/sinks/message-body.js";
import { readAlert } from "../../daemon/tail/alert-view.js";
import { parseConfig } from "../../config/load.js";
import { messageOf } from "../../fusion/model/errors.js";
import { BENCH_SITE } from "./config-text.js";
import type { HostReply, HostRequest } from "./host-protocol.js";
import { Recorder } from "./recorder.js";

const STOP_DEADLINE_MS = 10_000;

async function host(configFile: string): Promise<number> {
  const loaded = parseConfig(readFileSync(configFile, "utf8"), configFile);
  const telemetry = buildTelemetry(versionOf(), "warn");
  const recorder = new Recorder(loaded.config.sources.length, () => say({ kind: "ready" }));
  recorder.listen(telemetry);
  const shutdown: Shutdown = new Shutdown({
    stages: () => daemon.stages,
    deadlineMs: STOP_DEADLINE_MS,
    clock: systemClock,
    signals: process,
    telemetry: telemetry.events.life,
  });
  const onFailure = (what: string, error: unknown): void => shutdown.begin(`${what}: ${messageOf(error)}`, 1);
  const daemon = new Daemon({ loaded, telemetry, onFailure, onlooker: { alertAcknowledged: () => undefined, sourceState: (id, state) => recorder.sourceState(id, state) } });
  const ended = shutdown.wait();
  const asked: Record<HostRequest, () => void> = {
    measure: () => {
      recorder.restart();
      say({ kind: "measuring" });
    },
    report: () => void telemetry.metrics.scrape().then((scrape) => say({ kind: "report", report: recorder.report(scrape) })),
    stop: () => shutdown.begin("the benchmark has ended"),
  };
  process.on("message", (request: HostRequest) => asked[request]());
  process.on("disconnect", asked.stop);
  try {
    await daemon.start(new AbortController().signal);
    void listen(daemon, recorder);
  } catch (error) {
    say({ kind: "failed", message: messageOf(error) });
    shutdown.begin("the daemon cannot start", 1);
  }
  const exitCode = await ended;
  process.off("disconnect", asked.stop);
  await telemetry.logger.flush();
  return exitCode;
}

/** Until the connection closes. */
async function listen(daemon: Daemon, recorder: Recorder): Promise<void> {
  for await (const { body } of daemon.broker?.bus.subscribe(`fusiond.v1.${BENCH_SITE}.alert.>`, new AbortController().signal) ?? []) {
    const alert = readAlert(parseBody(body).fields);
    if (alert !== undefined) recorder.received(alert);
  }
}

function say(reply: HostReply): void {
  if (process.connected) process.send?.(reply);
}

process.exitCode = await host(process.argv[2] ?? "");
process.disconnect();
