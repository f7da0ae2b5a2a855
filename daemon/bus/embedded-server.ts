// The system's nats-server as a child of the daemon: a broker with a disk for sites that have none.
import type { ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { FusiondError } from "../../fusion/model/errors.js";
import { backoffDelaysMs } from "../runtime/backoff.js";
import { endChild, exitOf, spawnBound } from "../runtime/child-process.js";
import { delay, systemClock, type Clock } from "../runtime/clock.js";
import { embeddedLogin, writePrivateFile, type EmbeddedLogin } from "./embedded-login.js";
import { endLeftOverServer } from "./left-over-server.js";
import { findNatsServer } from "./find-nats-server.js";

/**
 * What all streams together may take on the disk, bytes. Far above any stream of ours, whose own limit bounds it: a server
 * that may take less than a stream was made for does not take the stream up again.
 */
const MAX_FILE_BYTES = 2 ** 50;
/** How long the server may take until it is ready, ms: it reads its streams before. */
const READY_TIMEOUT_MS = 30_000;
/** How long it may take to end, ms. */
const END_GRACE_MS = 5_000;
/** Longest line of the server's log that is passed on. */
const LINE_MAX = 500;

/** The password is made at random, for loopback, in a file that only the daemon's user can read. */
const EXPECTED_WARNING = /^Plaintext passwords detected/;

/** What the server is run with. */
export interface EmbeddedServerOptions {
  readonly stateFolder: string;
  readonly site: string;
  /** Subjects that text sources read: whoever has the publisher's credentials may publish into them, and into nothing else. */
  readonly publishSubjects?: readonly string[];
  /** 0: any free one, the same after a restart of the server. */
  readonly port: number;
  /** The program; found by itself if it is not given. */
  readonly program?: string;
}

/** Who may come in. */
interface Logins {
  readonly fusiond: EmbeddedLogin;
  readonly publisher: EmbeddedLogin;
}

/** Where the server listens and who may come in. */
export interface EmbeddedAddress {
  readonly url: string;
  readonly port: number;
  /** Holds url, user and password, 0600: what a bus and `fusiond tail` read. */
  readonly credentialsFile: string;
}

/** Closed to publishers whatever the text sources read: the broker's own subjects, and what only fusiond says. */
const NOT_PUBLISHERS = ["$JS.>", "$SYS.>", "fusiond.>"];

/** What the server tells while it runs. */
export interface EmbeddedServerTelemetry {
  restarted(): void;
  note(level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/**
 * Runs one nats-server on the state folder's JetStream store, on the loopback interface, and starts it again when it
 * dies. Lock the state folder first: two servers would share one store without complaint.
 */
export class EmbeddedServer {
  readonly #options: EmbeddedServerOptions;
  readonly #telemetry: EmbeddedServerTelemetry;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #supervising: Promise<void> | undefined;

  constructor(options: EmbeddedServerOptions, telemetry: EmbeddedServerTelemetry, clock: Clock = systemClock) {
    this.#options = options;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#folder = join(options.stateFolder, "nats");
  }

  /**
   * Resolves when the server takes connections. Call it on the main thread: see `spawnBound`.
   * Errors: FusiondError "dependency_missing" (no nats-server), "address_in_use", "store_unavailable" (it did not start).
   */
  async start(): Promise<EmbeddedAddress> {
    const program = findNatsServer(this.#options.program);
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    chmodSync(this.#folder, 0o700);
    await endLeftOverServer(this.#configFile);
    const credentialsFile = join(this.#folder, "credentials.json");
    const publisherFile = join(this.#folder, "publisher.json");
    const logins = { fusiond: embeddedLogin(credentialsFile), publisher: embeddedLogin(publisherFile, "publisher") };
    const { port, child } = await this.#launch(program, logins, this.#options.port);
    const url = `nats://127.0.0.1:${port}`;
    writePrivateFile(credentialsFile, `${JSON.stringify({ url, ...logins.fusiond }, null, 2)}\n`);
    if (this.#publishSubjects.length === 0) rmSync(publisherFile, { force: true });
    else writePrivateFile(publisherFile, `${JSON.stringify({ url, ...logins.publisher }, null, 2)}\n`);
    this.#supervising = this.#supervise(program, logins, port, child);
    return { url, port, credentialsFile };
  }

  /** Ends the server; what it acknowledged stays in its store. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#child !== undefined) await endChild(this.#child, END_GRACE_MS);
    await this.#supervising;
  }

  get #configFile(): string {
    return join(this.#folder, "server.conf");
  }

  async #supervise(program: string, logins: Logins, port: number, first: ChildProcess): Promise<void> {
    let exited = gone(first);
    while (!this.#stopping.signal.aborted) {
      const how = await exited;
      if (this.#stopping.signal.aborted) return;
      this.#telemetry.note("error", "the embedded nats-server ended by itself: it is started again", { how });
      for (const delayMs of backoffDelaysMs({ initialMs: 250, maxMs: 10_000, jitter: 0.5 })) {
        await delay(this.#clock, delayMs, this.#stopping.signal);
        if (this.#stopping.signal.aborted) return;
        const child = await this.#relaunch(program, logins, port);
        if (child === undefined) continue;
        exited = gone(child);
        break;
      }
    }
  }

  async #relaunch(program: string, logins: Logins, port: number): Promise<ChildProcess | undefined> {
    this.#telemetry.restarted();
    try {
      return (await this.#launch(program, logins, port)).child;
    } catch (error) {
      if (!(error instanceof FusiondError)) throw error;
      this.#telemetry.note("error", error.message, { code: error.code });
      return undefined;
    }
  }

  async #launch(program: string, logins: Logins, port: number): Promise<{ port: number; child: ChildProcess }> {
    this.#stopping.signal.throwIfAborted(); // it was stopped while it started
    writePrivateFile(this.#configFile, this.#config(logins, port));
    const child = spawnBound(program, ["-c", this.#configFile], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    try {
      return { port: await this.#readyPort(child, program, port), child };
    } catch (error) {
      await endChild(child, END_GRACE_MS);
      throw error;
    }
  }

  /** Reads the server's log until it is ready, and goes on passing its warnings and errors on. */
  async #readyPort(child: ChildProcess, program: string, wantedPort: number): Promise<number> {
    let listening = wantedPort;
    let lastError = "";
    const ready = new Promise<number>((resolve) => {
      if (child.stderr === null) return;
      createInterface({ input: child.stderr }).on("line", (line) => {
        const port = /Listening for client connections on .*:(\d+)$/.exec(line)?.[1];
        if (port !== undefined) listening = Number(port);
        if (line.includes("Server is ready")) resolve(listening);
        const level = /\[(ERR|FTL|WRN)\] (.*)$/.exec(line);
        if (level === null) return;
        const said = (level[2] ?? "").slice(0, LINE_MAX);
        if (level[1] !== "WRN") lastError = said;
        if (!EXPECTED_WARNING.test(said)) this.#telemetry.note("warn", "nats-server says", { line: said });
      });
    });
    const ended = new Promise<"ended">((resolve) => child.stderr?.once("close", () => resolve("ended")));
    const failed = exitOf(child, program);
    const settled = new AbortController();
    const late = delay(this.#clock, READY_TIMEOUT_MS, settled.signal).then(() => "late" as const);
    const outcome = await Promise.race([ready, late, failed.then(() => ended)]);
    settled.abort();
    if (typeof outcome === "number") return outcome;
    throw startFailure(lastError, wantedPort, outcome);
  }

  get #publishSubjects(): readonly string[] {
    return this.#options.publishSubjects ?? [];
  }

  /** The daemon, who may do all, and whoever publishes lines for it, who may do nothing else. */
  #users({ fusiond, publisher }: Logins): string[] {
    const entry = ({ user, password }: EmbeddedLogin): string => `user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)}`;
    if (this.#publishSubjects.length === 0) return [`{${entry(fusiond)}}`];
    const publish = `{allow: ${JSON.stringify(this.#publishSubjects)}, deny: ${JSON.stringify(NOT_PUBLISHERS)}}`;
    return [`{${entry(fusiond)}}`, `{${entry(publisher)}, permissions: {publish: ${publish}, subscribe: {deny: ">"}}}`];
  }

  #config(logins: Logins, port: number): string {
    const { site } = this.#options;
    return [
      `server_name: ${JSON.stringify(`fusiond-${site}`)}`,
      `host: "127.0.0.1"`,
      `port: ${port === 0 ? -1 : port}`,
      `jetstream: {store_dir: ${JSON.stringify(this.#folder)}, max_mem: ${64 * 1024 * 1024}, max_file: ${MAX_FILE_BYTES}}`,
      `authorization: {users: [${this.#users(logins).join(", ")}]}`,
      "",
    ].join("\n");
  }
}

function gone(child: ChildProcess): Promise<string> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(String(child.signalCode ?? child.exitCode));
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve(String(signal ?? code))));
}

function startFailure(lastError: string, port: number, outcome: "ended" | "late"): FusiondError {
  if (/address already in use/.test(lastError)) {
    return new FusiondError(
      "address_in_use",
      `port ${port} of 127.0.0.1 is taken: set another port for the embedded broker, or give nats.servers the broker that runs there`,
    );
  }
  const why = outcome === "late" ? `it was not ready after ${READY_TIMEOUT_MS / 1000} s` : lastError || "it said nothing";
  return new FusiondError("store_unavailable", `the embedded nats-server did not start (${why}): see to its store in the state folder`);
}
