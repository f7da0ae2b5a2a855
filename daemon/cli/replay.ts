// fusiond replay: the files of a configuration through the real towers, groups and rules, without a broker or a store.
import { checkFiles } from "../../config/files.js";
import { loadConfig } from "../../config/load.js";
import { configInvalid } from "../../config/problem.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { encodersOf } from "../../encoders/pack-manifest.js";
import { FusiondError } from "../../fusion/model/errors.js";
import type { IncidentRevision } from "../../rules/incident.js";
import { buildEncoders } from "../compose/encoders.js";
import { buildGroups } from "../compose/groups.js";
import { compileRules } from "../compose/rules.js";
import { buildSources } from "../compose/sources.js";
import { warnOfUntaught } from "../compose/untaught.js";
import { buildTelemetry } from "../compose/telemetry.js";
import { versionOf } from "../compose/version.js";
import { replay } from "../pipeline/replay.js";
import { packageRoot } from "../runtime/package-root.js";
import { alertMessage } from "../sinks/alert-message.js";
import { readAlert } from "../tail/alert-view.js";
import { EXIT } from "./exit-codes.js";
import { shown, write } from "./output.js";

/**
 * Prints every revision of every incident on stdout, all else on stderr. The same input gives the same lines, byte for
 * byte, on one machine, pack and provider. Resolves with the exit code.
 */
export async function replayFiles(file: string, json: boolean): Promise<number> {
  const loaded = loadConfig(file);
  const { config } = loaded;
  const media = loaded.files.filter(({ kind }) => kind === "media"); // no secrets are needed to read files
  const { problems } = checkFiles({ files: media, problem: (path, message) => loaded.problem(path, message) });
  if (problems.length > 0) throw configInvalid(problems);
  const { events, redactor, logger } = buildTelemetry(versionOf(), config.log.level, false);
  const pack = await loadPack(findPack(config.encoders.pack, { stateDir: config.stateDir, packageRoot }));
  const compiled = compileRules(loaded, pack);
  warnOfUntaught(loaded, pack, logger);
  const sources = buildSources(config.sources, {
    pack,
    telemetry: events.sources,
    mode: "replay",
    fieldsAsked: compiled.fields,
    onSecret: (secret) => redactor.addSecret(secret),
  });
  if (sources.length === 0) {
    throw new FusiondError("config_invalid", `${file} has no source that is a file: replay reads files, "fusiond run" reads cameras and microphones`);
  }
  const groups = buildGroups(config, pack, compiled, sources, events.fusion, false);
  const encoders = buildEncoders(config.sources, sources, { ...config.encoders, pack, telemetry: events.encoders.of() });
  const stopping = new AbortController();
  const onSignal = (): void => stopping.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    await Promise.all([...encoders.values()].map((encoder) => encoder.start(stopping.signal)));
    await replay(
      {
        sources,
        encoders,
        origin: { site: config.site, encoders: encodersOf(pack.manifest) },
        groups: groups.all,
        groupOf: groups.of,
        telemetry: events.pipeline,
        onResult: async (_group, result) => {
          for (const revision of result.publication.alerts) await print(revision, config.site, json, stopping.signal);
        },
      },
      stopping.signal,
    );
    return stopping.signal.aborted ? EXIT.failure : EXIT.ok;
  } finally {
    await Promise.all([...encoders.values()].map((encoder) => encoder.stop()));
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    await logger.flush();
  }
}

/** In a replay there is no "now" but the one of the events: nothing is delayed, and stages take no time. */
async function print(revision: IncidentRevision, site: string, json: boolean, signal: AbortSignal): Promise<void> {
  const { updatedAt } = revision.incident;
  const message = alertMessage(revision, { site, format: "json", causedAt: updatedAt, ageMs: 0 });
  const text = Buffer.from(message.body).toString("utf8");
  if (json) return write(`${text}\n`, signal);
  const alert = readAlert(JSON.parse(text));
  if (alert === undefined) throw new Error("invariant broken: an alert of our own cannot be read");
  await write(shown(alert), signal);
}
