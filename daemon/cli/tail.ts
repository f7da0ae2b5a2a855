// fusiond tail: alerts as they come, from the broker of a configuration.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../config/load.js";
import type { Config } from "../../config/schema.js";
import { FusiondError } from "../../fusion/model/errors.js";
import type { BusTelemetry } from "../bus/bus.js";
import { NatsBus } from "../bus/nats-bus.js";
import { readerOptions } from "../compose/broker.js";
import { parseBody } from "../sinks/message-body.js";
import { readAlert } from "../tail/alert-view.js";
import { EXIT } from "./exit-codes.js";
import { shown, write } from "./output.js";

/** What the connection tells is for people, so it goes to stderr as plain sentences. */
const telemetry: BusTelemetry = {
  connected: (connected) => process.stderr.write(connected ? "connected, waiting for alerts\n" : "not connected, trying again\n"),
  reconnected: () => undefined,
  publishFailed: () => undefined,
  dropped: (_subject, count) => process.stderr.write(`${count} alerts came faster than they could be printed\n`),
  note: (level, message) => void (level === "error" && process.stderr.write(`${message}\n`)),
};

/** Prints alerts until Ctrl-C; `json`: the messages as they are (msgpack as JSON), one a line. Resolves with the exit code. */
export async function tail(file: string, json: boolean): Promise<number> {
  const { config } = loadConfig(file);
  const bus = new NatsBus(readerOptions(config, embeddedOf(config)), telemetry);
  const stopping = new AbortController();
  process.once("SIGINT", () => stopping.abort()).once("SIGTERM", () => stopping.abort());
  bus.start();
  for await (const { body } of bus.subscribe(`fusiond.v1.${config.site}.alert.>`, stopping.signal)) {
    const { fields } = parseBody(body);
    const alert = readAlert(fields);
    if (json) await write(`${JSON.stringify(fields)}\n`);
    else if (alert !== undefined) await write(shown(alert));
  }
  await bus.close();
  return EXIT.ok;
}

/** Where the embedded broker of a running daemon listens, and the file to log in with. */
function embeddedOf(config: Config): { url: string; credentialsFile: string } | undefined {
  if (config.nats.server.kind !== "embedded") return undefined;
  const credentialsFile = join(config.stateDir, "nats", "credentials.json");
  if (!existsSync(credentialsFile)) {
    throw new FusiondError("sink_unavailable", `${credentialsFile} is not there: start the daemon first, and run tail as a user who may read it`);
  }
  const { url } = JSON.parse(readFileSync(credentialsFile, "utf8")) as { url: string };
  return { url, credentialsFile };
}
