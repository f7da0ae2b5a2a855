// A feed of text: a followed file, a NATS subject, or a file that is replayed.
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { FusiondError } from "../../fusion/model/errors.js";
import { delay, systemClock, type Clock } from "../runtime/clock.js";
import { DropTally } from "./drop-tally.js";
import { FollowedFile } from "./followed-file.js";
import { LineReader, type LineReaderOptions, type ReadLine } from "./line-reader.js";
import { LiveLines } from "./live-lines.js";
import { LineCutter, lineText, type LineCutterOptions } from "./line-cutter.js";
import { RecordedTimes, type TimedLine } from "./recorded-times.js";
import { ENCODING_BYTES, isUtf16 } from "./text-encoding.js";
import { observing, SignalOutlet } from "./signal-outlet.js";
import type { DropReason, Source, SourceSignal, SourceTelemetry } from "./source.js";

/** Messages of a subject, as the bus gives them. */
export interface TextFeed {
  /**
   * Resolves once it is known whether messages come; the feed comes back by itself after an outage. `onLink`: whether
   * messages can come at present, and if not, why; a feed that never calls it counts as linked.
   */
  subscribe(
    subject: string,
    onMessage: (data: Uint8Array) => void,
    onLink?: (up: boolean, why?: string) => void,
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
  /** What the present run tells its lines through; a replay has none. */
  #live: LiveLines | undefined;
  #malformed = 0;

  constructor(options: TextSourceOptions, telemetry: SourceTelemetry, clock: Clock = systemClock) {
    this.id = options.id;
    this.finite = options.origin.kind === "replay";
    this.#options = options;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#drops = new DropTally((reason, count) => telemetry.dropped(options.id, reason, count), (reason) => this.#lose(reason));
    this.#reader = new LineReader(options, (fault, written) => telemetry.lineFault(options.id, fault, written));
  }

  observe(signal: AbortSignal): AsyncIterable<SourceSignal> {
    const outlet = new SignalOutlet({
      sourceId: this.id,
      capacity: this.#options.queueCapacity,
      whenFull: this.finite ? "block" : "drop_oldest",
      onDropped: (reason, count) => this.#drops.add(reason, count),
    });
    const run = this.#runOf(outlet);
    return observing(outlet, signal, (left) => run(left).finally(() => this.#drops.flush()));
  }

  /** What a file holds by now is old; whatever is written from now on is news, however late it is looked at first. */
  #runOf(outlet: SignalOutlet): (signal: AbortSignal) => Promise<void> {
    const { origin } = this.#options;
    switch (origin.kind) {
      case "replay":
        return (signal) => this.#replay(origin.path, origin.startsAtMs, outlet, signal);
      case "subject":
        return async (signal) => this.#subscribe(origin.subject, origin.feed, await this.#begin(outlet), signal);
      case "file": {
        const file = new FollowedFile(origin.path, this.#clock, { ...this.#cutting(), onUnreadable: () => this.#drops.add("malformed") });
        return async (signal) => this.#follow(origin.path, file, await this.#begin(outlet), signal);
      }
    }
  }

  async #begin(outlet: SignalOutlet): Promise<LiveLines> {
    const live = new LiveLines(outlet, this.#clock, this.#options.linesPerSecondMax);
    this.#live = live;
    await outlet.state("starting", live.now());
    return live;
  }

  async #follow(path: string, file: FollowedFile, live: LiveLines, signal: AbortSignal): Promise<void> {
    try {
      for (; !signal.aborted; await delay(this.#clock, LOOK_MS, signal)) {
        const { lines, fault } = await file.look();
        await live.link(fault === undefined, `${path} ${fault ?? ""}`);
        for (const line of lines) {
          if (live.admits()) await this.#line(line, live);
          else this.#drops.add("rate");
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
      void this.#line(lineText(data, this.#cutting().onNotUtf8), live); // resolves at once: a live queue drops
    };
    const subscription = await feed.subscribe(subject, onMessage, (up, why = `messages of ${subject} cannot come`) => void live.link(up, why));
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
    const file = await this.#openReplay(path);
    await outlet.state("healthy", startsAtMs);
    const cutter = new LineCutter(this.#cutting());
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
      for await (const bytes of file.createReadStream({ signal, start: 0 })) {
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

  /** The file to be replayed. Errors: FusiondError "media_invalid" for what is none, or is not read; it never waits for a writer. */
  async #openReplay(path: string): Promise<FileHandle> {
    const refuse = (why: string, cause?: unknown) => new FusiondError("media_invalid", `source ${this.id}: ${path} ${why}`, { cause });
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY).catch((cause: unknown) => {
      throw refuse("cannot be read: name another file", cause);
    });
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw refuse(`is ${stats.isDirectory() ? "a folder" : "no file"}: a replay reads files only, "fusiond run" also FIFOs and devices`);
      const head = Buffer.alloc(ENCODING_BYTES);
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      if (isUtf16(head.subarray(0, bytesRead))) throw refuse("is UTF-16, which is not read: write it as UTF-8, as iconv does");
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
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

  /** Lines that never became captures prove no absence; of those that did the outlet tells itself. */
  #lose(reason: DropReason): void {
    if (reason !== "queue_full" && reason !== "shutdown") this.#live?.lost(reason);
  }

  #cutting(): LineCutterOptions {
    return {
      maxBytes: this.#options.lineBytesMax,
      onOversize: () => this.#drops.add("oversize"),
      onNotUtf8: () => this.#telemetry.lineFault(this.id, "not_utf8"),
    };
  }
}
