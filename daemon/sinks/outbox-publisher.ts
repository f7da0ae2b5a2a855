// From the outbox to the sink, for as long as the daemon lives: nothing lost, nothing counted twice, each key in order.
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { deliveryFaultOf } from "../bus/broker-failure.js";
import { backoffDelaysMs } from "../runtime/backoff.js";
import { delay, systemClock, type Clock } from "../runtime/clock.js";
import type { AgeMs } from "../runtime/event-clock.js";
import type { AcknowledgedMark, OutboxRow, Store } from "../store/store.js";
import { Backlog } from "./backlog.js";
import { DeliveryCheck, type DeliveryState } from "./delivery-check.js";
import { ParkedKeys } from "./parked-keys.js";
import { publishAgain } from "./publish-again.js";
import { Wakeable } from "./wakeable.js";
import { mayBeUnknownToSink } from "./redelivery.js";
import type { Receipt, Sink, SinkSession } from "./sink.js";

/** How often the sink is looked at while it is open, ms: what is wrong with it must show before an alert is refused. */
export const LOOK_EVERY_MS = 15_000;

/** While more wait than are in flight, rows are claimed once this share of those in flight may be claimed at once. */
const CLAIM_SHARE = 0.25;

/** What the publisher works with. */
export interface OutboxPublisherOptions {
  readonly store: Store;
  readonly sink: Sink;
  /** Messages that wait for their acknowledgement at one time. Default 256. */
  readonly inFlightMax?: number;
  /** Called once if publishing cannot go on, for one because the store is dead: the process must end. */
  readonly onFailure: (error: unknown) => void;
  readonly clock?: Clock;
  /** How long ago a row's times were. Default: by the wall clock, which is right while that is never set. */
  readonly ageMs?: AgeMs;
}

/** What the publisher tells while it runs. */
export interface OutboxPublisherTelemetry {
  /** First acknowledgement of an alert: ms since the newest observation that made it true ended, and since its commit. */
  alertAcknowledged(latencyMs: number, outboxMs: number): void;
  /** The broker had the message already. */
  duplicate(): void;
  /** The stream went backwards or is another one. */
  regression(): void;
  /** Whether messages can be delivered, or why not: each change. */
  delivery(state: DeliveryState): void;
  note(level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** One session as far as the publisher is concerned. */
interface Run {
  readonly session: SinkSession;
  readonly inFlight: Map<string, Promise<void>>;
  readonly parked: ParkedKeys;
  /** The last claim was as large as it could be: more than it gave may wait. */
  moreWait: boolean;
  /** The highest sequence acknowledged: whatever is sent after that must be stored above it. */
  highestSequence: number;
  failed: boolean;
  /** An error that publishing cannot go on after. */
  fatal?: Error;
}

/**
 * Publishes what the outbox holds, oldest first, many keys at a time but one message a key.
 *
 * A failure ends the session: what is in flight is waited for, then the sink is opened and checked again, at once if the
 * connection was lost and with a capped, jittered backoff if it was not. A message that the sink rejects holds up its
 * key alone.
 */
export class OutboxPublisher {
  readonly #options: OutboxPublisherOptions;
  readonly #telemetry: OutboxPublisherTelemetry;
  readonly #clock: Clock;
  readonly #ageMs: AgeMs;
  readonly #inFlightMax: number;
  readonly #wakeable = new Wakeable();
  readonly #backlog = new Backlog();
  readonly #stopping = new AbortController();
  #backoffMs = publishDelaysMs();
  #running: Promise<void> | undefined;
  #abandoned = false;
  readonly #check: DeliveryCheck;
  #regressionTold = false;

  constructor(options: OutboxPublisherOptions, telemetry: OutboxPublisherTelemetry) {
    this.#options = options;
    this.#telemetry = telemetry;
    const clock = options.clock ?? systemClock;
    this.#clock = clock;
    this.#ageMs = options.ageMs ?? ((unixMs) => clock.wallNowMs() - unixMs);
    this.#inFlightMax = options.inFlightMax ?? 256;
    this.#check = new DeliveryCheck((state) => telemetry.delivery(state));
  }

  /** Runs in the background; does not wait for a broker. */
  start(): void {
    this.#running ??= this.#run().catch((error: unknown) => {
      if (this.#abandoned) return; // the store may be closed by now
      this.#options.onFailure(error);
    });
  }

  /** Says that there may be something to do: a commit put so many messages into the outbox. */
  wake(messages = 0): void {
    this.#backlog.committed(messages);
    this.#wakeable.wake();
  }

  /** Whether more is committed than the sink takes, while it takes anything: who makes alerts should wait. */
  get isBehind(): boolean {
    return this.#backlog.isBehind;
  }

  /**
   * Publishes what it can until the deadline (monotonic ms) and leaves the rest in the outbox; without a broker it
   * leaves at once. Close the store afterwards.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    this.wake();
    const late = new AbortController();
    const timeUp = delay(this.#clock, Math.max(0, deadlineMs - this.#clock.monotonicNowMs()), late.signal);
    await Promise.race([this.#running, timeUp]);
    late.abort();
    this.#abandoned = true;
    this.wake();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const session = await this.#open();
      if (session !== undefined) await this.#serve(session);
      const lost = session?.ended.aborted ?? false;
      if (lost) this.#check.lost();
      if (!lost) await delay(this.#clock, this.#backoffMs.next().value, this.#stopping.signal);
    }
  }

  async #open(): Promise<SinkSession | undefined> {
    try {
      return await this.#options.sink.open(this.#stopping.signal);
    } catch (error) {
      this.#refused(error, true);
      return undefined;
    }
  }

  async #serve(session: SinkSession): Promise<void> {
    const { store } = this.#options;
    try {
      const highestSequence = await this.#recheck(session);
      await store.ageRetained(true);
      const parked = new ParkedKeys(this.#clock, () => this.wake());
      await this.#publish({ session, inFlight: new Map(), parked, moreWait: false, highestSequence, failed: false });
    } catch (error) {
      this.#refused(error, true);
    }
    await store.ageRetained(false);
  }

  /** Makes sure that the sink holds what it acknowledged. Returns the sequence up to which it does. */
  async #recheck(session: SinkSession): Promise<number> {
    const { store, sink } = this.#options;
    const { mark, holds } = await this.#look();
    if (mark === undefined || holds) return mark?.streamSequence ?? 0;
    if (!this.#regressionTold) this.#telemetry.regression();
    this.#regressionTold = true;
    this.#telemetry.note("error", "the stream lost messages that it had acknowledged: the retained ones are published again", {
      sink: sink.name,
      lastAcknowledged: mark.streamSequence,
    });
    const { count, mark: newMark } = await publishAgain(store, sink, session, this.#ageMs);
    await store.rebase(newMark);
    this.#regressionTold = false;
    this.#telemetry.note("info", "retained messages were published again", { sink: sink.name, count });
    return newMark?.streamSequence ?? 0;
  }

  async #look(): Promise<{ mark: AcknowledgedMark | undefined; holds: boolean }> {
    const { store, sink } = this.#options;
    const mark = await store.lastAcknowledged();
    const { holds, fault } = await sink.look(mark);
    this.#check.looked(fault);
    return { mark, holds };
  }

  /** Looks at the sink now and then until the signal aborts; ends the session if it is not what it was. */
  async #watch(run: Run, over: AbortSignal): Promise<void> {
    while (!run.failed) {
      await delay(this.#clock, LOOK_EVERY_MS, over);
      if (over.aborted) return;
      try {
        run.failed ||= !(await this.#look()).holds;
      } catch (error) {
        this.#fail(run, error);
      }
    }
    this.wake();
  }

  async #publish(run: Run): Promise<void> {
    const { ended } = run.session;
    const over = new AbortController();
    const watching = this.#watch(run, over.signal);
    const wake = (): void => this.wake();
    ended.addEventListener("abort", wake);
    this.#backlog.open = true;
    try {
      while (!run.failed && !ended.aborted && !this.#abandoned) {
        if ((await this.#sendMore(run)) > 0) continue;
        if (this.#stopping.signal.aborted && run.inFlight.size === 0) break;
        await this.#wakeable.wait();
      }
      if (!this.#abandoned) await Promise.all(run.inFlight.values());
      if (run.fatal !== undefined) throw run.fatal;
    } finally {
      this.#backlog.open = false;
      ended.removeEventListener("abort", wake);
      run.parked.clear();
      over.abort();
      await watching;
    }
  }

  /** Sends as many rows as there is room for; returns how many. While more wait, it is asked for many at a time. */
  async #sendMore(run: Run): Promise<number> {
    const room = this.#inFlightMax - run.inFlight.size;
    if (room < (run.moreWait ? this.#inFlightMax * CLAIM_SHARE : 1)) return 0;
    this.#wakeable.clear();
    const rows = await this.#options.store.claim(room, [...run.inFlight.keys(), ...run.parked.keys()]);
    for (const row of rows) run.inFlight.set(row.key, this.#send(run, row));
    if (run.inFlight.size === 0 && !run.parked.areWaiting) {
      run.parked.clear(); // what was rejected has been shed since
      this.#check.idle();
    }
    run.moreWait = rows.length === room;
    if (!run.moreWait) this.#backlog.onlyInFlight(run.inFlight.size);
    return rows.length;
  }

  async #send(run: Run, row: OutboxRow): Promise<void> {
    const highestBefore = run.highestSequence;
    try {
      const redelivered = mayBeUnknownToSink(row, run.session.duplicateWindowMs, this.#ageMs);
      const receipt = await this.#options.sink.deliver(row, redelivered);
      const { streamSequence, streamCreated } = receipt;
      await this.#options.store.acknowledge(row.rowId, { messageId: row.messageId, streamSequence, streamCreated });
      run.parked.free(row.key);
      this.#check.accepted(row.key);
      this.#backlog.acknowledged();
      this.#tell(row, receipt);
      run.highestSequence = Math.max(run.highestSequence, receipt.streamSequence);
      if (!receipt.duplicate && receipt.streamSequence <= highestBefore) run.failed = true; // it went backwards: check
    } catch (error) {
      const fault = deliveryFaultOf(error);
      const rejected = error instanceof FusiondError && error.code === "sink_rejected";
      if (rejected && run.parked.park(row.key)) {
        if (fault !== undefined) this.#check.rejected(row.key, fault);
      } else {
        this.#fail(run, error);
      }
    } finally {
      run.inFlight.delete(row.key);
      this.wake();
    }
  }

  #tell(row: OutboxRow, receipt: Receipt): void {
    this.#backoffMs = publishDelaysMs();
    if (receipt.duplicate) this.#telemetry.duplicate();
    if (row.class === "alert") this.#telemetry.alertAcknowledged(this.#ageMs(row.causedAt), this.#ageMs(row.acceptedAt));
  }

  /** Ends the session; with an error after which publishing cannot go on, that too. */
  #fail(run: Run, error: unknown): void {
    run.failed = true;
    if (isPassing(error)) this.#refused(error, false);
    else run.fatal = error instanceof Error ? error : new Error(messageOf(error));
  }

  /** The sink could not be opened (`opening`) or did not take a message. Throws what trying again does not help. */
  #refused(error: unknown, opening: boolean): void {
    if (!isPassing(error)) throw error;
    const fault = deliveryFaultOf(error);
    if (fault !== undefined) this.#check.failed(fault, opening);
  }
}

/** Whether trying again may help. */
function isPassing(error: unknown): error is FusiondError {
  return error instanceof FusiondError && error.code !== "store_unavailable";
}

const publishDelaysMs = () => backoffDelaysMs({ initialMs: 250, maxMs: 15_000, jitter: 0.5 });
