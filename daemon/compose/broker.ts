// The way to NATS: the embedded server if there is one, the connection, and what text sources read from it.
import type { Config } from "../../config/schema.js";
import type { NatsAuthConfig } from "../../config/schema/nats.js";
import { ownSubjectsOf } from "../../config/own-subjects.js";
import type { Bus, BusMessage } from "../bus/bus.js";
import { EmbeddedServer } from "../bus/embedded-server.js";
import { NatsBus, type NatsBusOptions } from "../bus/nats-bus.js";
import type { TextFeed } from "../sources/text-source.js";
import type { BusEvents } from "../telemetry/bus-events.js";

/** A broker as the configuration wants it. */
export interface Broker {
  readonly bus: Bus;
  readonly embedded: EmbeddedServer | undefined;
}

/**
 * Starts the embedded server, if the configuration asks for one, and makes the connection, which is not started yet.
 * The state folder must be locked. Errors: those of `EmbeddedServer.start`, and whatever comes of an abort; the server
 * has gone then.
 */
export async function openBroker(config: Config, telemetry: BusEvents, signal: AbortSignal): Promise<Broker> {
  const { site } = config;
  const { server } = config.nats;
  if (server.kind === "remote") return { bus: new NatsBus({ site, ...remote(server) }, telemetry), embedded: undefined };
  const embedded = new EmbeddedServer({ stateFolder: config.stateDir, site, port: server.port, publishSubjects: textSubjects(config) }, telemetry);
  const stop = (): void => void embedded.stop();
  signal.addEventListener("abort", stop);
  const { url, credentialsFile } = await embedded.start().finally(() => signal.removeEventListener("abort", stop));
  return { bus: new NatsBus({ site, servers: [url], credentialsFile }, telemetry), embedded };
}

/** The subjects that text sources read. */
function textSubjects({ sources }: Config): readonly string[] {
  return [...new Set(sources.flatMap((source) => (source.kind === "text" && source.feed.kind === "subject" ? [source.feed.subject] : [])))];
}

/** How the commands that only read reach the broker of a running daemon. */
export function readerOptions(config: Config, embedded: { url: string; credentialsFile: string } | undefined): NatsBusOptions {
  const { site } = config;
  const { server } = config.nats;
  if (server.kind === "remote") return { site, ...remote(server) };
  return embedded === undefined ? { site, servers: [] } : { site, servers: [embedded.url], credentialsFile: embedded.credentialsFile };
}

/** Core messages of the bus as lines of a text source, without those that the site's daemon or the broker says itself. */
export function textFeedOf(bus: Bus, site: string): TextFeed {
  const isOwn = ownSubjectsOf(site);
  return {
    subscribe(subject, onMessage, onLink) {
      const left = new AbortController();
      const listener = (message: BusMessage): void => {
        if (!isOwn(message.subject)) onMessage(message.body);
      };
      const close = (): Promise<void> => Promise.resolve(left.abort());
      return new Promise((resolve) => {
        bus.listen(subject, listener, left.signal, (state) => {
          if (state.up) onLink?.(true);
          else onLink?.(false, state.reason);
          resolve({ close });
        });
      });
    },
  };
}

function remote(server: Extract<Config["nats"]["server"], { kind: "remote" }>): Omit<NatsBusOptions, "site"> {
  return {
    servers: server.servers,
    ...(server.auth === undefined ? {} : loginOf(server.auth)),
    ...(server.tls === undefined ? {} : { tls: server.tls }),
  };
}

function loginOf(auth: NatsAuthConfig): Pick<NatsBusOptions, "credentialsFile" | "user"> {
  switch (auth.kind) {
    case "credentials":
      return { credentialsFile: auth.credentialsFile };
    case "nkey":
      return { credentialsFile: auth.nkeyFile };
    case "password":
      return { credentialsFile: auth.passwordFile, user: auth.user };
  }
}
