// The publisher's rules with a sink that does as it is told, on a virtual clock.
import t, { type Test } from "tap";
import { FusiondError } from "../../fusion/model/errors.js";
import type { Clock, Timer } from "../../daemon/runtime/clock.js";
import { BrokerFault } from "../../daemon/bus/broker-failure.js";
import { LOOK_EVERY_MS, OutboxPublisher } from "../../daemon/sinks/outbox-publisher.js";
import { ParkedKeys } from "../../daemon/sinks/parked-keys.js";
import { mayBeUnknownToSink } from "../../daemon/sinks/redelivery.js";
import type { Receipt, Sink, SinkLook, SinkSession } from "../../daemon/sinks/sink.js";
import type { OutboxRow } from "../../daemon/store/store.js";
import { batch, message, openStore, temporaryFolder } from "../store/store-support.js";
import { RecordingDeliveryTelemetry } from "./delivery-support.js";

/** A clock that a test moves. */
class VirtualClock implements Clock {
  nowMs = 1_000_000;
  readonly delaysMs: number[] = [];
  #timers: { atMs: number; fn: () => void }[] = [];
  readonly epochMs = 0;
  wallNowMs = () => this.nowMs;
  monotonicNowMs = () => this.nowMs;
  after(delayMs: number, fn: () => void): Timer {
    const timer = { atMs: this.nowMs + delayMs, fn };
    if (delayMs !== LOOK_EVERY_MS) this.delaysMs.push(delayMs);
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }
  advance(ms: number): void {
    this.nowMs += ms;
    const due = this.#timers.filter((timer) => timer.atMs <= this.nowMs);
    this.#timers = this.#timers.filter((timer) => timer.atMs > this.nowMs);
    for (const timer of due) timer.fn();
  }
}

/** A sink whose answers a test gives; it remembers how many messages it had at one time. */
class ScriptedSink implements Sink {
  readonly name = "scripted";
  readonly delivered: string[] = [];
  opened = 0;
  inFlight = 0;
  inFlightMax = 0;
  sameKeyInFlight = false;
  answer: (row: OutboxRow) => Promise<void> = () => Promise.resolve();
  readonly #keys = new Set<string>();
  readonly #ended = new AbortController();
  open(): Promise<SinkSession> {
    this.opened++;
    return Promise.resolve({ duplicateWindowMs: 3_600_000, ended: this.#ended.signal });
  }
  look(): Promise<SinkLook> {
    return Promise.resolve({ holds: true });
  }
  async deliver(row: OutboxRow): Promise<Receipt> {
    this.sameKeyInFlight ||= this.#keys.has(row.key);
    this.#keys.add(row.key);
    this.inFlightMax = Math.max(this.inFlightMax, ++this.inFlight);
    try {
      await this.answer(row);
      this.delivered.push(row.messageId);
      return { streamSequence: this.delivered.length, streamCreated: "c", duplicate: false };
    } finally {
      this.inFlight--;
      this.#keys.delete(row.key);
    }
  }
}

async function rig(t: Test, inFlightMax = 8, maxBytes = 2 ** 20) {
  const { store } = await openStore(t, { folder: temporaryFolder(t), maxBytes });
  const [clock, sink, telemetry] = [new VirtualClock(), new ScriptedSink(), new RecordingDeliveryTelemetry()];
  const publisher = new OutboxPublisher({ store, sink, inFlightMax, onFailure: (error) => t.fail(String(error)), clock }, telemetry);
  t.teardown(() => publisher.stop(clock.nowMs));
  /** Resolves once it holds; every step of the store lets the publisher go on. */
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await store.counts();
  };
  return { store, clock, sink, telemetry, publisher, until };
}

await t.test("publisher: never has more in flight than it may, nor two of one key", async (t) => {
  const { store, sink, publisher, until } = await rig(t, 8);
  sink.answer = () => new Promise((resolve) => setImmediate(resolve));
  publisher.start();
  for (let round = 1; round <= 3; round++) {
    for (let i = 0; i < 40; i++) await store.commit(batch(message(`k${i}`, round)));
    publisher.wake();
  }
  await until(() => new Set(sink.delivered.filter((id) => id.endsWith(".3"))).size === 40);
  t.ok(sink.inFlightMax > 1 && sink.inFlightMax <= 8, `${sink.inFlightMax} at one time`);
  t.notOk(sink.sameKeyInFlight);
});

await t.test("publisher: tries a rejected message again later and holds up its own key only", async (t) => {
  const { store, clock, sink, publisher, until } = await rig(t);
  let rejections = 0;
  sink.answer = (row) => {
    if (row.messageId !== "bad.1" || rejections >= 2) return Promise.resolve();
    rejections++;
    return Promise.reject(new FusiondError("sink_rejected", "no"));
  };
  publisher.start();
  await store.commit(batch(message("bad", 1), message("good", 1)));
  publisher.wake();
  await until(() => clock.delaysMs.length === 1 && sink.delivered.length === 1);
  await store.commit(batch(message("bad", 2)));
  publisher.wake();
  clock.advance(5_000);
  await until(() => rejections === 2 && clock.delaysMs.length === 2);
  clock.advance(4_000);
  await store.counts();
  t.same(sink.delivered, ["good.1"]);
  clock.advance(6_000);
  await until(() => sink.delivered.length === 3);
  t.same(sink.delivered, ["good.1", "bad.1", "bad.2"]);
  t.equal(sink.opened, 1, "one bad message is no reason to start over");
});

await t.test("publisher: waits longer and longer, up to a bound, while a connected sink fails", async (t) => {
  const { store, clock, sink, publisher, until } = await rig(t);
  let tries = 0;
  sink.answer = () => {
    tries++;
    return Promise.reject(new FusiondError("sink_unavailable", "not now"));
  };
  publisher.start();
  await store.commit(batch(message("a", 1)));
  publisher.wake();
  for (let i = 1; i <= 12; i++) {
    await until(() => tries === i && clock.delaysMs.length === i);
    if (i === 12) sink.answer = () => Promise.resolve();
    clock.advance(15_000);
  }
  t.ok(clock.delaysMs.every((ms, i) => ms <= Math.min(250 * 2 ** i, 15_000)));
  t.ok((clock.delaysMs.at(-1) ?? 0) >= 7_500);
  await until(() => sink.delivered.length === 1);
  t.match(await store.counts(), { acknowledged: 1, pending: 0 });
});

await t.test("publisher: a message that is rejected and then shed no longer counts against delivery", async (t) => {
  const { store, sink, clock, publisher, until, telemetry } = await rig(t, 8, 4000);
  const tooLarge = new BrokerFault({ code: "sink_rejected", reason: "too_large", advice: "" }, "too large", {});
  sink.answer = (row) => (row.class === "health" ? Promise.reject(tooLarge) : Promise.resolve());
  publisher.start();
  await store.commit(batch(message("cam", 1, { class: "health", bytes: 1500 })));
  publisher.wake();
  await until(() => telemetry.deliveries.some((delivery) => delivery.state === "degraded"));
  await store.commit(batch(message("a", 1, { bytes: 1500 }), message("b", 1, { bytes: 1500 })));
  publisher.wake();
  await until(() => sink.delivered.length === 2);
  t.match(await store.counts(), { pending: 0, shed: [{}, {}, {}, { class: "health", at: "later", count: 1 }] });
  clock.advance(5_000);
  await until(() => telemetry.deliveries.at(-1)?.state === "deliverable");
});

await t.test("parked keys: are bounded and come free by success", (t) => {
  const clock = new VirtualClock();
  let due = 0;
  const parked = new ParkedKeys(clock, () => due++);
  for (let i = 0; i < 256; i++) t.ok(parked.park(`k${i}`));
  t.equal(parked.park("one more"), false);
  clock.advance(5_000);
  t.equal(due, 256);
  t.same([...parked.keys()], []);
  t.equal(parked.park("one more"), false, "they were rejected a moment ago");
  parked.free("k0");
  t.ok(parked.park("one more"));
  parked.clear();
  t.same([...parked.keys()], []);
  t.end();
});

await t.test("redelivery: is told wherever the sink may have forgotten, rather too often", (t) => {
  const row = { attempted: true, acceptedAt: 1_000_000 } as OutboxRow;
  const hour = 3_600_000;
  t.equal(mayBeUnknownToSink(row, hour, () => hour - 5_001), false);
  t.equal(mayBeUnknownToSink(row, hour, () => hour - 5_000), true);
  t.equal(mayBeUnknownToSink(row, hour, () => -1), true, "the clock went back");
  t.equal(mayBeUnknownToSink({ ...row, attempted: false }, hour, () => 2 * hour), false, "never sent");
  t.end();
});
