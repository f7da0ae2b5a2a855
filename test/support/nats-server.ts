// A real nats-server on a free port with a store of its own, ended by its handle.
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ChildProcess } from "node:child_process";
import { findNatsServer } from "../../daemon/bus/find-nats-server.js";
import { spawnBound } from "../../daemon/runtime/child-process.js";
import { FusiondError } from "../../fusion/model/errors.js";

/** Why tests that need a broker are skipped, or false: for tap's `skip`. */
export function natsServerMissing(): string | false {
  try {
    findNatsServer();
    return false;
  } catch (error) {
    if (!(error instanceof FusiondError)) throw error;
    return error.message;
  }
}

/** A broker of a test. */
export class TestNatsServer {
  readonly folder = mkdtempSync(join(tmpdir(), "fusiond-nats-"));
  #extraConfig: string;
  /** Whether it is started with JetStream, and how much its streams may take. */
  jetStream = true;
  maxFileBytes = 2 ** 40;
  #child: ChildProcess | undefined;
  #port: number;

  constructor(extraConfig = "", port = -1) {
    this.#extraConfig = extraConfig;
    this.#port = port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it takes connections; a second start comes back on the same port and store. */
  async start(): Promise<this> {
    const config = this.#writeConfig();
    const child = spawnBound(findNatsServer(), ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    const log: string[] = [];
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error(`nats-server ended: ${log.slice(-3).join(" | ")}`)));
      createInterface({ input: child.stderr! }).on("line", (line) => {
        log.push(line);
        const port = /Listening for client connections on .*:(\d+)$/.exec(line)?.[1];
        if (port !== undefined) this.#port = Number(port);
        if (line.includes("Server is ready")) resolve();
      });
    });
    return this;
  }

  /** Ends it and starts it with another configuration, on the same port and store. */
  /** Gives it another configuration while it runs; when it has taken it up, only who is connected can see. */
  reconfigure(extraConfig: string): void {
    this.#extraConfig = extraConfig;
    this.#writeConfig();
    this.#child?.kill("SIGHUP");
  }

  async restartWith(extraConfig: string): Promise<void> {
    this.#extraConfig = extraConfig;
    await this.kill();
    await this.start();
  }

  get storeFolder(): string {
    return join(this.folder, "store");
  }

  /** kill -9, as a crash or a power cut would; resolves when it has gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Puts a copy of the store back that was taken before: a broker that lost its last seconds. */
  restoreStore(copy: string): void {
    rmSync(this.storeFolder, { recursive: true });
    cpSync(copy, this.storeFolder, { recursive: true });
  }

  copyStore(): string {
    const copy = join(this.folder, "copy");
    cpSync(this.storeFolder, copy, { recursive: true });
    return copy;
  }

  async stop(): Promise<void> {
    await this.#end("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  #writeConfig(): string {
    const config = join(this.folder, "server.conf");
    const store = this.jetStream ? `jetstream: {store_dir: ${JSON.stringify(this.storeFolder)}, max_file: ${this.maxFileBytes}}\n` : "";
    writeFileSync(config, `host: "127.0.0.1"\nport: ${this.#port}\n${store}${this.#extraConfig}\n`);
    return config;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }
}
