// The broker over the NATS client: the one file that imports it. It knows connections and streams, not alerts.
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
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { backoffDelaysMs } from "../runtime/backoff.js";
import { BoundedQueue } from "../runtime/bounded-queue.js";
import { delay, systemClock, type Clock } from "../runtime/clock.js";
import { readBusCredentials } from "./bus-credentials.js";
import { brokerFailure } from "./broker-failure.js";
import type { Bus, BusMessage, BusStatus, BusTelemetry, PublishAck, StreamMessage, StreamSpec, StreamState } from "./bus.js";
import { streamDifferences } from "./stream-differences.js";

/** How long the broker may take for an answer, ms. */
const ANSWER_TIMEOUT_MS = 5_000;
/** How long one attempt to connect may take, ms. */
const CONNECT_TIMEOUT_MS = 2_000;
/** A dead connection is found after two unanswered pings: 10 to 15 s; the client's own default is over 4 minutes. */
const PING_INTERVAL_MS = 5_000;
const PINGS_OUT_MAX = 2;
/** Core messages that wait for a slow reader; then the oldest go. */
const SUBSCRIPTION_ITEMS_MAX = 1_000;
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

interface Subscription {
  readonly subject: string;
  readonly queue: BoundedQueue<BusMessage>;
  /** Leaves the subject on the connection that it was last taken on. */
  leave: () => void;
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
  #noted = "";

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
    const info = await this.#ask(`make or look at the stream ${spec.name}`, async ({ manager }) => {
      try {
        return await manager.streams.info(spec.name);
      } catch (thrown) {
        if (!isMissingStream(thrown)) throw thrown;
        return await manager.streams.add(toStreamConfig(spec));
      }
    });
    this.#noteDifferences(spec, info);
    return {
      created: info.created,
      firstSequence: info.state.first_seq,
      lastSequence: info.state.last_seq,
      duplicateWindowMs: info.config.duplicate_window / NANOSECONDS_PER_MS,
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
      const { code, reason, advice } = failureOf(thrown);
      this.#telemetry.publishFailed(reason);
      throw new FusiondError(code, `${message.messageId} was not stored (${messageOf(thrown)}): ${advice}`, { cause: thrown });
    }
  }

  subscribe(subject: string, signal: AbortSignal): AsyncIterable<BusMessage> {
    const queue = new BoundedQueue<BusMessage>(SUBSCRIPTION_ITEMS_MAX, "drop_oldest", () => this.#telemetry.dropped(subject, 1));
    const subscription: Subscription = { subject, queue, leave: () => undefined };
    signal.addEventListener("abort", () => {
      queue.close();
      subscription.leave();
      this.#subscriptions.delete(subscription);
    });
    if (signal.aborted) {
      queue.close();
    } else {
      this.#subscriptions.add(subscription);
      if (this.#link !== undefined) listen(this.#link.connection, subscription);
    }
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
    for (const subscription of this.#subscriptions) listen(connection, subscription);
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
      const { code, advice } = failureOf(thrown);
      throw new FusiondError(code, `the broker did not let fusiond ${what} (${messageOf(thrown)}): ${advice}`, { cause: thrown });
    }
  }

  #noteDifferences(spec: StreamSpec, info: StreamInfo): void {
    const { config } = info;
    const differences = streamDifferences(spec, {
      subjects: config.subjects,
      retention: config.retention,
      storage: config.storage,
      discard: config.discard,
      denyDelete: config.deny_delete,
      denyPurge: config.deny_purge,
      maxAgeMs: config.max_age / NANOSECONDS_PER_MS,
      duplicateWindowMs: config.duplicate_window / NANOSECONDS_PER_MS,
    });
    if (differences.length > 0) {
      this.#telemetry.note("warn", "the stream has other settings than fusiond would give it; it is left as it is", { stream: spec.name, differences });
    }
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

function listen(connection: NatsConnection, subscription: Subscription): void {
  const taken = connection.subscribe(subscription.subject, {
    callback: (error, message) => {
      if (error === null) void subscription.queue.put({ subject: message.subject, body: message.data });
    },
  });
  subscription.leave = () => taken.unsubscribe();
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

function failureOf(thrown: unknown) {
  return thrown instanceof NatsError ? brokerFailure(thrown.code, thrown.api_error?.err_code) : brokerFailure("", undefined);
}
