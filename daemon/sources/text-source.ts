// A feed of text: a followed file, a NATS subject, or a file that is replayed.
import { createReadStream } from "node:fs";
import { FusiondError } from "../../fusion/model/errors.js";
import { delay, systemClock, type Clock } from "../runtime/clock.js";
import { DropTally } from "./drop-tally.js";
import { FollowedFile } from "./followed-file.js";
import { LineReader, type LineReaderOptions, type ReadLine } from "./line-reader.js";
import { LiveLines } from "./live-lines.js";
import { LineCutter } from "./line-cutter.js";
import { RecordedTimes, type TimedLine } from "./recorded-times.js";
import { observing, SignalOutlet } from "./signal-outlet.js";
import type { Source, SourceSignal, SourceTelemetry } from "./source.js";

/** Messages of a subject, as the bus gives them. */
export interface TextFeed {
  /**
   * Resolves once asked for; the feed comes back by itself after an outage. `onLink`: whether messages can come at present;
   * a feed that never calls it counts as linked.
   */
  subscribe(
    subject: string,
    onMessage: (data: Uint8Array) => void,
    onLink?: (up: boolean) => void,
  ): Promise<{ close(): Promise<void> }>;
}

/** Where lines come from. */
export type TextOrigin =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "subject"; readonly subject: string; readonly feed: TextFeed }
  /** `startsAtMs`: event time of its first line, Unix ms, for lines that carry no time. */
  | { readonly kind: "replay"; readonly path: string; readonly startsAtMs: number };

/** A text feed. With `json`, lines that are no JSON objects are dropped and counted. */
export interface TextSourceOptions extends LineReaderOptions {
  readonly id: string;
  readonly origin: TextOrigin;
  readonly lineBytesMax: number;
  /** Live feeds: more lines than that in one second are dropped and counted. */
  readonly linesPerSecondMax: number;
  /** How many lines may wait for the consumer. */
  readonly queueCapacity: number;
}

/** Limits that fit logs and access systems. */
export const defaultTextLimits = { lineBytesMax: 4096, linesPerSecondMax: 50, queueCapacity: 256 } as const;

/** How often a file is looked at, ms: bounds the delay of a line. */
const LOOK_MS = 200;

/** How often a silent feed says that nothing came, ms. */
const TICK_MS = 1000;

/** Of lines that are no JSON, one in so many is told. */
const MALFORMED_TOLD_EVERY = 100;

/**
 * Reads lines. A live line happened when it arrived (a file is looked at five times a second); a silent feed's progress
 * follows the clock. A replayed line happened at the time that it carries: see `RecordedTimes`.
 */
export class TextSource implements Source {
  readonly id: string;
  readonly modalities = ["text"] as const;
  readonly finite: boolean;
  readonly #options: TextSourceOptions;
  readonly #telemetry: SourceTelemetry;
  readonly #clock: Clock;
  readonly #drops: DropTally;
  readonly #reader: LineReader;
  #malformed = 0;

  constructor(options: TextSourceOptions, telemetry: SourceTelemetry, clock: Clock = systemClock) {
    this.id = options.id;
    this.finite = options.origin.kind === "replay";
    this.#options = options;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#drops = new DropTally((reason, count) => telemetry.dropped(options.id, reason, count));
    this.#reader = new LineReader(options, (fault, written) => telemetry.lineFault(options.id, fault, written));
  }

  observe(signal: AbortSignal): AsyncIterable<SourceSignal> {
    const outlet = new SignalOutlet({
      sourceId: this.id,
      capacity: this.#options.queueCapacity,
      whenFull: this.finite ? "block" : "drop_oldest",
      onDropped: (reason, count) => this.#drops.add(reason, count),
    });
    return observing(outlet, signal, (left) => this.#run(outlet, left).finally(() => this.#drops.flush()));
  }

  async #run(outlet: SignalOutlet, signal: AbortSignal): Promise<void> {
    const { origin } = this.#options;
    if (origin.kind === "replay") return this.#replay(origin.path, origin.startsAtMs, outlet, signal);
    const live = new LiveLines(outlet, this.#clock, this.#options.linesPerSecondMax);
    await outlet.state("starting", live.now());
    if (origin.kind === "file") return this.#follow(origin.path, live, signal);
    return this.#subscribe(origin.subject, origin.feed, live, signal);
  }

  async #follow(path: string, live: LiveLines, signal: AbortSignal): Promise<void> {
    const file = new FollowedFile(path);
    const cutter = this.#cutter();
    try {
      for (; !signal.aborted; await delay(this.#clock, LOOK_MS, signal)) {
        const { present, pieces } = await file.look();
        await live.link(present, `${path} is not there or may not be read`);
        for (const { bytes, endsFile } of pieces) {
          const lines = cutter.push(bytes);
          const last = endsFile ? cutter.flush() : undefined;
          for (const line of last === undefined ? lines : [...lines, last]) {
            if (live.admits()) await this.#line(line, live);
            else this.#drops.add("rate");
          }
        }
        await live.tick();
        this.#drops.flush();
      }
    } finally {
      await file.close();
    }
  }

  async #subscribe(subject: string, feed: TextFeed, live: LiveLines, signal: AbortSignal): Promise<void> {
    const onMessage = (data: Uint8Array): void => {
      if (signal.aborted) return;
      if (data.length > this.#options.lineBytesMax) return this.#drops.add("oversize");
      if (!live.admits()) return this.#drops.add("rate");
      void this.#line(Buffer.from(data).toString("utf8"), live); // resolves at once: a live queue drops
    };
    const unlinked = `messages of ${subject} cannot come: the broker is away`;
    const subscription = await feed.subscribe(subject, onMessage, (up) => void live.link(up, unlinked));
    try {
      await live.linkUnlessTold();
      while (!signal.aborted) {
        await delay(this.#clock, TICK_MS, signal);
        await live.tick();
        this.#drops.flush();
      }
    } finally {
      await subscription.close();
    }
  }

  async #replay(path: string, startsAtMs: number, outlet: SignalOutlet, signal: AbortSignal): Promise<void> {
    await outlet.state("healthy", startsAtMs);
    const cutter = this.#cutter();
    const times = new RecordedTimes(startsAtMs, (fault) => this.#telemetry.lineFault(this.id, fault));
    const tell = async (lines: readonly TimedLine[]): Promise<void> => {
      for (const { said, at } of lines) {
        if (signal.aborted) return;
        await outlet.capture({ modality: "text", capturedAt: at, durationMs: 0, receivedAtMs: this.#clock.monotonicNowMs(), ...said });
      }
    };
    const take = async (line: string): Promise<void> => {
      const read = this.#read(line);
      if (read !== undefined) await tell(times.push(read));
    };
    try {
      for await (const bytes of createReadStream(path, { signal })) {
        for (const line of cutter.push(bytes as Buffer)) await take(line);
      }
    } catch (cause) {
      if (signal.aborted) return;
      throw new FusiondError("media_invalid", `source ${this.id}: ${path} cannot be read: name another file`, { cause });
    }
    const last = cutter.flush();
    if (last !== undefined) await take(last);
    await tell(times.flush());
    await outlet.state("ended", outlet.toldMs ?? startsAtMs);
  }

  /** Tells a line that was admitted. Never rejects: whatever one line does, it does to itself alone. */
  async #line(line: string, live: LiveLines): Promise<void> {
    try {
      const read = this.#read(line);
      if (read !== undefined) await live.line(read.said);
    } catch (error) {
      this.#drops.add("failed");
      this.#telemetry.note(this.id, "error", "a line could not be taken in: it was dropped", { error });
    }
  }

  /** What a line says; nothing for an empty one or one that should be JSON and is not. */
  #read(line: string): ReadLine | undefined {
    if (line.trim() === "") return undefined;
    const read = this.#reader.read(line);
    if (read !== undefined) return read;
    this.#drops.add("malformed");
    if (this.#malformed++ % MALFORMED_TOLD_EVERY === 0) {
      this.#telemetry.note(this.id, "warn", "a line is no JSON object: it was dropped", { soFar: this.#malformed });
    }
    return undefined;
  }

  #cutter(): LineCutter {
    return new LineCutter(this.#options.lineBytesMax, () => this.#drops.add("oversize"));
  }
}
