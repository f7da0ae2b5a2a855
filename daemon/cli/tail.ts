// fusiond tail: alerts as they come, from the broker of a configuration.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../config/load.js";
import type { Config } from "../../config/schema.js";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import type { Bus, BusMessage, BusTelemetry } from "../bus/bus.js";
import { NatsBus } from "../bus/nats-bus.js";
import { readerOptions } from "../compose/broker.js";
import { parseBody, type BodyFields } from "../sinks/message-body.js";
import { readAlert } from "../tail/alert-view.js";
import { plainJson, plainText } from "../tail/terminal-text.js";
import { EXIT } from "./exit-codes.js";
import { shown, write } from "./output.js";

/** What the connection tells is for people, so it goes to stderr as plain sentences. */
const telemetry: BusTelemetry = {
  connected: () => undefined,
  reconnected: () => undefined,
  publishFailed: () => undefined,
  dropped: (_subject, count) => say(`${count} alerts came faster than they could be printed`),
  note: (level, message) => void (level === "error" && say(message)),
};

/**
 * Prints alerts until Ctrl-C; `json`: the messages as they are (msgpack as JSON), one a line. A broker that cannot be
 * reached is said on stderr and waited for; so is a message that is no alert, and left out. Resolves with the exit code.
 */
export async function tail(file: string, json: boolean): Promise<number> {
  const { config } = loadConfig(file);
  const bus = new NatsBus(readerOptions(config, embeddedOf(config)), telemetry);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  bus.start();
  sayConnection(bus);
  try {
    for await (const message of bus.subscribe(`fusiond.v1.${config.site}.alert.>`, stopping.signal)) {
      const line = lineOf(message, json);
      if (line === undefined) say(`a message on ${message.subject} is no alert of fusiond's and was left out`);
      else await write(line, stopping.signal);
    }
  } finally {
    stop();
    await bus.close();
  }
  return EXIT.ok;
}

/** What is printed of a message, or undefined if it is no alert: anybody may write to the subject. */
function lineOf({ body }: BusMessage, json: boolean): string | undefined {
  const fields = fieldsOf(body);
  const alert = readAlert(fields);
  if (alert === undefined) return undefined;
  return json ? `${plainJson(fields)}\n` : shown(alert);
}

function fieldsOf(body: Uint8Array): BodyFields | undefined {
  try {
    return parseBody(body).fields;
  } catch {
    return undefined; // cut short, or another format
  }
}

function sayConnection(bus: Bus): void {
  let said = "";
  bus.onStatus((status) => {
    const sentence = status.state === "connected" ? "connected, waiting for alerts" : `not connected to the broker (${status.reason}), trying again`;
    if (sentence !== said) say(sentence);
    said = sentence;
  });
}

function say(sentence: string): void {
  process.stderr.write(`${plainText(sentence)}\n`);
}

/** Where the embedded broker of a running daemon listens, and the file to log in with. */
function embeddedOf(config: Config): { url: string; credentialsFile: string } | undefined {
  if (config.nats.server.kind !== "embedded") return undefined;
  const credentialsFile = join(config.stateDir, "nats", "credentials.json");
  if (!existsSync(credentialsFile)) {
    throw new FusiondError("sink_unavailable", `${credentialsFile} is not there: start the daemon first, and run tail as a user who may read it`);
  }
  try {
    const { url } = JSON.parse(readFileSync(credentialsFile, "utf8")) as { url: string };
    return { url, credentialsFile };
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === "EACCES" ? "run tail as a user who may read it" : `start the daemon again, which writes it anew (${messageOf(cause).split("\n", 1)[0]})`;
    throw new FusiondError("sink_unavailable", `${credentialsFile} cannot be read: ${why}`, { cause });
  }
}
