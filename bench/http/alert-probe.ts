// Lines that each make an alert, and how long each took from the line to a subscriber of the broker.
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { NatsBus } from "../../daemon/bus/nats-bus.js";
import type { BusTelemetry } from "../../daemon/bus/bus.js";
import { parseBody } from "../../daemon/sinks/message-body.js";
import { readAlert } from "../../daemon/tail/alert-view.js";

/** A line every so often; the sources take turns, so that each has long been quiet. */
const LINE_EVERY_MS = 100;

const silent: BusTelemetry = { connected: () => undefined, reconnected: () => undefined, publishFailed: () => undefined, dropped: () => undefined, note: () => undefined };

/** What came of the lines. */
export interface ProbeResult {
  /** From the line to its alert, ms. */
  readonly alertMs: readonly number[];
  /** Lines whose alert did not come. */
  readonly missing: number;
}

/** Sends lines to `bench.line.<n>` of n sources and waits for the alerts of their groups. */
export class AlertProbe {
  readonly #bus: NatsBus;
  readonly #end = new AbortController();
  readonly #sentAt = new Map<string, number>();
  readonly #site: string;
  readonly #sources: number;
  #alertMs: number[] = [];
  #next = 0;

  constructor(site: string, sources: number, credentialsFile: string) {
    const { url } = JSON.parse(readFileSync(credentialsFile, "utf8")) as { url: string };
    this.#site = site;
    this.#sources = sources;
    this.#bus = new NatsBus({ site, servers: [url], credentialsFile }, silent);
  }

  /** Resolves when the broker is there. */
  async start(): Promise<void> {
    this.#bus.start();
    await new Promise<void>((resolve) => this.#bus.onStatus((status) => void (status.state === "connected" && resolve())));
    void this.#listen();
  }

  /** Sends lines for a while, then waits a second for the last alerts. */
  async measure(durationMs: number): Promise<ProbeResult> {
    this.#alertMs = [];
    this.#sentAt.clear();
    let sent = 0;
    const timer = setInterval(() => {
      const source = `line-${this.#next++ % this.#sources}`;
      sent += 1;
      this.#sentAt.set(source, performance.now());
      this.#bus.publish(`bench.line.${source}`, Buffer.from('{"door":"open"}'));
    }, LINE_EVERY_MS);
    await pause(durationMs);
    clearInterval(timer);
    await pause(1000);
    return { alertMs: this.#alertMs, missing: sent - this.#alertMs.length };
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#bus.close();
  }

  async #listen(): Promise<void> {
    for await (const { body } of this.#bus.subscribe(`fusiond.v1.${this.#site}.alert.>`, this.#end.signal)) {
      const alert = readAlert(parseBody(body).fields);
      const sentAt = alert?.state === "firing" ? this.#sentAt.get(alert.group) : undefined;
      if (alert === undefined || sentAt === undefined) continue;
      this.#sentAt.delete(alert.group);
      this.#alertMs.push(performance.now() - sentAt);
    }
  }
}

/** Resolves after a time that is part of what is measured. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
