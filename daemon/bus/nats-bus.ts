// The broker over the NATS client. It knows connections and streams, not alerts.
import { readFileSync } from "node:fs";
import {
  connect,
  credsAuthenticator,
  DiscardPolicy,
  Events,
  headers,
  NatsError,
  nkeyAuthenticator,
  RetentionPolicy,
  StorageType,
  usernamePasswordAuthenticator,
  type Authenticator,
  type ConnectionOptions,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
  type StreamInfo,
} from "nats";
import { messageOf } from "../../fusion/model/errors.js";
import { backoffDelaysMs } from "../runtime/backoff.js";
import { BoundedQueue } from "../runtime/bounded-queue.js";
import { delay, systemClock, type Clock } from "../runtime/clock.js";
import { readBusCredentials } from "./bus-credentials.js";
import { BrokerFault, brokerFailure, type BrokerFailure, type BrokerRequest } from "./broker-failure.js";
import type { Bus, BusMessage, BusStatus, BusTelemetry, PublishAck, StreamMessage, StreamSpec, StreamState, SubscriptionState } from "./bus.js";
import { existingStream, streamChanges, streamDifferences } from "./stream-differences.js";
import { isEmptied, streamFault } from "./stream-fault.js";
import { Subscription } from "./subscription.js";

/** How long the broker may take for an answer, ms. */
const ANSWER_TIMEOUT_MS = 5_000;
/** How long one attempt to connect may take, ms. */
const CONNECT_TIMEOUT_MS = 2_000;
/** A dead connection is found after two unanswered pings: 10 to 15 s; the client's own default is over 4 minutes. */
const PING_INTERVAL_MS = 5_000;
const PINGS_OUT_MAX = 2;
/** Core messages that wait for a slow reader; then the oldest go. */
const SUBSCRIPTION_ITEMS_MAX = 1_000;
/**
 * How long a stream that was there must be gone before it is made anew, ms. The broker forgets a deleted stream before
 * it has removed its folder (seen with nats-server 2.9): one made in between loses its files and refuses every message.
 */
const MAKE_ANEW_AFTER_MS = 1_000;
/** JetStream's code for a sequence that holds no message. */
const NO_MESSAGE = 10037;
/** JetStream's code for a stream that is not there. */
const STREAM_NOT_FOUND = 10059;
const NANOSECONDS_PER_MS = 1e6;

/** What the bus is made with. */
export interface NatsBusOptions {
  readonly site: string;
  /** `nats://host:port`, or `tls://host:port` to insist on TLS. */
  readonly servers: readonly string[];
  /** A .creds file, an nkey seed or JSON with user and password; read again for every connection. */
  readonly credentialsFile?: string;
  /** With it, `credentialsFile` holds this user's password and nothing else. */
  readonly user?: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

/** What one connection brings. */
interface Link {
  readonly connection: NatsConnection;
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
}


/**
 * A Bus over NATS. At any time one loop tries to reconnect: this one until a connection was made and after one was
 * given up, the client's own in between.
 */
export class NatsBus implements Bus {
  readonly #options: NatsBusOptions;
  readonly #telemetry: BusTelemetry;
  readonly #clock: Clock;
  readonly #listeners = new Set<(status: BusStatus) => void>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #abandon = new Set<(error: Error) => void>();
  readonly #closing = new AbortController();
  #status: BusStatus = { state: "disconnected", reason: "not connected yet" };
  #link: Link | undefined;
  #running: Promise<void> | undefined;
  #streamSeen = false;
  #noted = "";
  #differencesNoted = "";

  constructor(options: NatsBusOptions, telemetry: BusTelemetry, clock: Clock = systemClock) {
    this.#options = options;
    this.#telemetry = telemetry;
    this.#clock = clock;
  }

  get status(): BusStatus {
    return this.#status;
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#status);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  publish(subject: string, body: Uint8Array): boolean {
    if (this.#link === undefined || this.#status.state !== "connected") return false;
    try {
      this.#link.connection.publish(subject, body);
      return true;
    } catch {
      return false; // closed a moment ago, or larger than the broker takes: nobody was promised a core message
    }
  }

  async ensureStream(spec: StreamSpec): Promise<StreamState> {
    const { info, maxPayloadBytes } = await this.#ask(`make or look at the stream ${spec.name}`, async ({ connection, manager }) => {
      const found = await this.#foundOrMade(manager, spec);
      return { info: spec.owned ? await this.#applied(manager, spec, found) : found, maxPayloadBytes: connection.info?.max_payload ?? Infinity };
    });
    const stream = existingStream(info);
    if (!spec.owned) this.#noteDifferences(spec, streamDifferences(spec, stream));
    const fault = streamFault(spec, stream, maxPayloadBytes);
    return {
      created: info.created,
      firstSequence: info.state.first_seq,
      lastSequence: info.state.last_seq,
      duplicateWindowMs: stream.duplicateWindowMs,
      emptied: isEmptied(stream, this.#clock.wallNowMs()),
      ...(fault === undefined ? {} : { fault }),
    };
  }

  async storedMessageId(stream: string, sequence: number): Promise<string | undefined> {
    return this.#ask(`read back message ${sequence} of the stream ${stream}`, async ({ manager }) => {
      try {
        const stored = await manager.streams.getMessage(stream, { seq: sequence });
        return stored.header.get("Nats-Msg-Id") || undefined;
      } catch (thrown) {
        if (thrown instanceof NatsError && thrown.api_error?.err_code === NO_MESSAGE) return undefined;
        throw thrown;
      }
    });
  }

  async publishToStream(message: StreamMessage): Promise<PublishAck> {
    const messageHeaders = headers();
    for (const [name, value] of Object.entries(message.headers)) messageHeaders.set(name, value);
    try {
      const { seq, duplicate } = await this.#whileConnected(({ stream }) =>
        stream.publish(message.subject, message.body, {
          msgID: message.messageId,
          headers: messageHeaders,
          expect: { streamName: message.stream },
          timeout: ANSWER_TIMEOUT_MS,
        }),
      );
      return { sequence: seq, duplicate };
    } catch (thrown) {
      const failure = failureOf("publish", thrown);
      this.#telemetry.publishFailed(failure.reason);
      throw new BrokerFault(failure, `${message.messageId} was not stored (${wordsOf(thrown)}): ${failure.advice}`, { cause: thrown });
    }
  }

  listen(subject: string, listener: (message: BusMessage) => void, signal: AbortSignal, onState: (state: SubscriptionState) => void = () => undefined): void {
    if (signal.aborted) return;
    const subscription = new Subscription({ subject, listener, onState, clock: this.#clock });
    signal.addEventListener("abort", () => {
      subscription.leave();
      this.#subscriptions.delete(subscription);
    });
    this.#subscriptions.add(subscription);
    const status = this.#status;
    if (status.state === "disconnected") subscription.disconnected(status.reason);
    else if (this.#link !== undefined) subscription.connected(this.#link.connection);
  }

  subscribe(subject: string, signal: AbortSignal): AsyncIterable<BusMessage> {
    const queue = new BoundedQueue<BusMessage>(SUBSCRIPTION_ITEMS_MAX, "drop_oldest", () => this.#telemetry.dropped(subject, 1));
    this.listen(subject, (message) => void queue.put(message), signal);
    signal.addEventListener("abort", () => queue.close());
    if (signal.aborted) queue.close();
    return queue;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const connection = this.#link?.connection;
    if (connection === undefined) return;
    await (this.#status.state === "connected" ? connection.drain() : connection.close()).catch(() => undefined); // closed already
    await this.#running;
  }

  async #run(): Promise<void> {
    let delaysMs = reconnectDelaysMs();
    while (!this.#closing.signal.aborted) {
      try {
        const connection = await connect(this.#connectionOptions());
        delaysMs = reconnectDelaysMs();
        await this.#live(connection);
      } catch (thrown) {
        this.#setStatus({ state: "disconnected", reason: messageOf(thrown) });
      }
      await delay(this.#clock, delaysMs.next().value, this.#closing.signal);
    }
  }

  /** Lives with one connection, through all its reconnects, until it is closed. */
  async #live(connection: NatsConnection): Promise<void> {
    if (this.#closing.signal.aborted) return connection.close();
    const stream = connection.jetstream({ timeout: ANSWER_TIMEOUT_MS });
    const manager = await connection.jetstreamManager({ timeout: ANSWER_TIMEOUT_MS, checkAPI: false });
    this.#link = { connection, stream, manager };
    this.#setStatus({ state: "connected", server: connection.getServer() });
    void this.#watch(connection);
    const error = await connection.closed();
    this.#link = undefined;
    this.#setStatus({ state: "disconnected", reason: error === undefined ? "closed" : messageOf(error) });
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const event of connection.status()) {
      if (event.type === Events.Disconnect) {
        this.#setStatus({ state: "disconnected", reason: "the connection was lost" });
      } else if (event.type === Events.Reconnect) {
        this.#telemetry.reconnected();
        this.#setStatus({ state: "connected", server: connection.getServer() });
      } else if (event.type === Events.Error) {
        this.#telemetry.note("warn", "the broker reports an error", { code: event.data, ...event.permissionContext });
      }
    }
  }

  #setStatus(status: BusStatus): void {
    const changed = status.state !== this.#status.state;
    this.#status = status;
    if (status.state === "disconnected") {
      for (const abandon of this.#abandon) abandon(new NatsError(status.reason, "DISCONNECT"));
    }
    const said = `${status.state}${status.state === "disconnected" ? status.reason : ""}`;
    if (changed) this.#telemetry.connected(status.state === "connected");
    if (status.state === "connected") this.#telemetry.note("info", "connected to the broker", { server: status.server });
    else if (said !== this.#noted && !this.#closing.signal.aborted)
      this.#telemetry.note("warn", "the broker cannot be reached: alerts wait in the outbox", { reason: status.reason });
    this.#noted = said;
    for (const subscription of this.#subscriptions) {
      if (status.state === "disconnected") subscription.disconnected(status.reason);
      else if (this.#link !== undefined) subscription.connected(this.#link.connection);
    }
    for (const listener of this.#listeners) listener(status);
  }

  /** Asks the connected broker; the question is given up when the connection is lost: the client would wait it out. */
  #whileConnected<T>(ask: (link: Link) => Promise<T>): Promise<T> {
    const link = this.#link;
    if (link === undefined || this.#status.state === "disconnected") {
      return Promise.reject(new NatsError("the broker is not connected", "DISCONNECT"));
    }
    return new Promise((resolve, reject) => {
      this.#abandon.add(reject);
      void ask(link)
        .then(resolve, reject)
        .finally(() => this.#abandon.delete(reject));
    });
  }

  async #ask<T>(what: string, ask: (link: Link) => Promise<T>): Promise<T> {
    try {
      return await this.#whileConnected(ask);
    } catch (thrown) {
      const failure = failureOf("stream", thrown);
      throw new BrokerFault(failure, `the broker did not let fusiond ${what} (${wordsOf(thrown)}): ${failure.advice}`, { cause: thrown });
    }
  }

  async #foundOrMade(manager: JetStreamManager, spec: StreamSpec): Promise<StreamInfo> {
    const found = await foundStream(manager, spec.name);
    if (found === undefined && this.#streamSeen) await delay(this.#clock, MAKE_ANEW_AFTER_MS, this.#closing.signal);
    const info = found ?? (await foundStream(manager, spec.name)) ?? (await manager.streams.add(toStreamConfig(spec)));
    this.#streamSeen = true;
    return info;
  }

  /** Gives a stream that is fusiond's own the limits of the configuration. What no longer fits leaves it, as intended. */
  async #applied(manager: JetStreamManager, spec: StreamSpec, found: StreamInfo): Promise<StreamInfo> {
    const changes = streamChanges(spec, existingStream(found));
    if (changes.length === 0) return found;
    const { subjects, max_age, max_bytes, duplicate_window } = toStreamConfig(spec);
    const info = await manager.streams.update(spec.name, { ...found.config, subjects, max_age, max_bytes, duplicate_window });
    const left = Math.max(0, found.state.messages - info.state.messages);
    this.#telemetry.note("info", "the stream was given the limits of the configuration; what is beyond them has left it", { stream: spec.name, changes, left });
    return info;
  }

  /** Says what differs once, however often the stream is looked at. */
  #noteDifferences(spec: StreamSpec, differences: readonly string[]): void {
    const said = differences.join();
    if (differences.length > 0 && said !== this.#differencesNoted) {
      this.#telemetry.note("warn", "the stream has other settings than fusiond would give it; it is left as it is", { stream: spec.name, differences });
    }
    this.#differencesNoted = said;
  }

  #connectionOptions(): ConnectionOptions {
    const { site, servers, credentialsFile, user, tls } = this.#options;
    return {
      servers: [...servers],
      name: `fusiond ${site}`,
      inboxPrefix: `_INBOX_${site}`,
      timeout: CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      reconnectJitterTLS: 250,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: PINGS_OUT_MAX,
      ignoreAuthErrorAbort: true, // credentials that were revoked may be given back: the client would leave for good
      noAsyncTraces: true,
      ...(credentialsFile === undefined ? {} : { authenticator: authenticatorOf(credentialsFile, user) }),
      ...(tls !== undefined || servers.some((server) => server.startsWith("tls://")) ? { tls: { ...tls } } : {}),
    };
  }
}

const reconnectDelaysMs = () => backoffDelaysMs({ initialMs: 250, maxMs: 5_000, jitter: 0.5 });

/** Reads the file for every connection, so that credentials can be renewed without a restart. */
function authenticatorOf(path: string, user: string | undefined): Authenticator {
  readFileSync(path); // fails the attempt to connect, not the client's handshake, where it would go unnoticed
  return (nonce) => {
    if (user !== undefined) return usernamePasswordAuthenticator(user, readFileSync(path, "utf8").trim())(nonce);
    const credentials = readBusCredentials(path);
    if (credentials.kind === "creds") return credsAuthenticator(credentials.text)(nonce);
    if (credentials.kind === "nkey") return nkeyAuthenticator(credentials.seed)(nonce);
    return usernamePasswordAuthenticator(credentials.user, credentials.password)(nonce);
  };
}

async function foundStream(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (thrown) {
    if (isMissingStream(thrown)) return undefined;
    throw thrown;
  }
}

function toStreamConfig(spec: StreamSpec) {
  return {
    name: spec.name,
    subjects: [...spec.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: spec.maxAgeMs * NANOSECONDS_PER_MS,
    max_bytes: spec.maxBytes,
    duplicate_window: spec.duplicateWindowMs * NANOSECONDS_PER_MS,
    deny_delete: true,
    deny_purge: true,
  };
}

function isMissingStream(thrown: unknown): boolean {
  return thrown instanceof NatsError && thrown.api_error?.err_code === STREAM_NOT_FOUND;
}

function failureOf(request: BrokerRequest, thrown: unknown): BrokerFailure {
  if (!(thrown instanceof NatsError)) return brokerFailure(request, { code: "", text: messageOf(thrown) });
  const apiCode = thrown.api_error?.err_code;
  return brokerFailure(request, { code: thrown.code, text: wordsOf(thrown), ...(apiCode === undefined ? {} : { apiCode }) });
}

/** JetStream's own words where it answered, since the client shows its number alone; words for the client's numbers. */
function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof NatsError)) return messageOf(thrown);
  if (thrown.code === "MAX_PAYLOAD_EXCEEDED") return "it is larger than the broker's max_payload";
  return thrown.api_error?.description ?? (thrown.code === "503" ? "nobody there takes it" : thrown.message);
}
