import t from "tap";
import { FusiondError } from "../../fusion/model/errors.js";
import { Committer, type CommitterOptions } from "../../daemon/intake/committer.js";
import type { CommitBatch, OutboxMessage } from "../../daemon/store/store.js";
import { VirtualClock } from "../telemetry/virtual-clock.js";

const never = new AbortController().signal;
const entry = (groupId: string, n: number): { groupId: string; bytes: Uint8Array } => ({ groupId, bytes: Uint8Array.of(n) });
const message = (messageId: string): OutboxMessage => ({ messageId, key: messageId, subject: "s", class: "alert", causedAt: 0, body: new Uint8Array() });

/** A store whose commits end when the test says so. */
class ManualStore {
  readonly tried: CommitBatch[] = [];
  #waiting: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  commit(batch: CommitBatch): Promise<void> {
    this.tried.push(batch);
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }
  async succeed(): Promise<void> {
    this.#waiting?.resolve();
    await settled();
  }
  async fail(error: unknown): Promise<void> {
    this.#waiting?.reject(error);
    await settled();
  }
  get last(): string {
    const { checkpoints, journal, outbox } = this.tried.at(-1) as CommitBatch;
    return [...checkpoints.map((c) => `!${c.groupId}${c.bytes[0]}`), ...journal.map((j) => `${j.groupId}${j.bytes[0]}`), ...outbox.map((m) => m.messageId)].join(" ");
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function committerOver(store: ManualStore, more: Partial<CommitterOptions> = {}) {
  const clock = new VirtualClock();
  const log: string[] = [];
  const committer = new Committer({
    store,
    clock,
    waitingMax: 4,
    retryMs: 100,
    onCommitted: (messages) => log.push(`committed ${messages}`),
    onFailure: (error) => log.push(`failed ${String(error)}`),
    onRetry: (error) => log.push(`retry ${error.code}`),
    ...more,
  });
  return { clock, committer, log };
}

void t.test("committer: what comes during a commit goes into the next one, whole", async (t) => {
  const store = new ManualStore();
  const { clock, committer, log } = committerOver(store);
  t.equal(committer.capacity, 4);
  committer.add([entry("a", 1)], [message("x.1")]);
  t.equal(store.last, "a1 x.1");
  committer.add([entry("a", 2)], []);
  clock.advance(30);
  committer.add([entry("a", 3)], [message("x.2")]);
  t.equal(committer.size, 3);
  t.equal(committer.oldestAgeMs(), 30);
  await store.succeed();
  t.equal(store.last, "a2 a3 x.2");
  t.equal(committer.oldestAgeMs(), 0);
  const stopped = committer.stop(never);
  await store.succeed();
  await stopped;
  t.strictSame(log, ["committed 1", "committed 1"]);
});

void t.test("committer: a checkpoint takes the place of its group's waiting journal only", async (t) => {
  const store = new ManualStore();
  const { committer } = committerOver(store);
  committer.add([entry("a", 0)], []);
  committer.add([entry("a", 1), entry("b", 1)], [message("x.1")]);
  committer.add([entry("a", 2)], [], entry("a", 9));
  committer.add([entry("a", 3)], [], entry("a", 10));
  await store.succeed();
  t.equal(store.last, "!a10 b1 a3 x.1");
});

void t.test("committer: a checkpoint takes the place of one that waits, but for the backgrounds that it does not bring", async (t) => {
  const store = new ManualStore();
  const { committer } = committerOver(store);
  const row = (place: string, n: number) => ({ place, bytes: new Uint8Array([n]) });
  committer.add([entry("a", 0)], []);
  committer.add([], [], { ...entry("a", 8), backgrounds: [row("cam 0", 1), row("cam 1", 1)] });
  committer.add([], [], { ...entry("a", 9), backgrounds: [row("cam 1", 2), { place: "cam 2" }] });
  await store.succeed();
  t.strictSame(store.tried.at(-1)?.checkpoints, [{ ...entry("a", 9), backgrounds: [row("cam 0", 1), row("cam 1", 2), { place: "cam 2" }] }]);
});

void t.test("committer: a full store is tried again in the same order, and holds what comes in back", async (t) => {
  const store = new ManualStore();
  const { clock, committer, log } = committerOver(store);
  committer.add([entry("a", 1)], []);
  for (let n = 2; n <= 5; n++) committer.add([entry("a", n)], []);
  t.ok(committer.isFull);
  const room: string[] = [];
  const waiting = committer.room().then(() => room.push("room"));
  await store.fail(new FusiondError("store_full", "free some space"));
  t.equal(store.tried.length, 1, "not at once");
  clock.advance(100);
  await settled();
  t.equal(store.last, "a1");
  await store.fail(new FusiondError("outbox_full", "free some space"));
  clock.advance(100);
  await settled();
  t.equal(room.length, 0);
  await store.succeed();
  t.equal(store.last, "a2 a3 a4 a5");
  await waiting;
  t.notOk(committer.isFull);
  await store.succeed();
  t.strictSame(log, ["retry store_full", "retry outbox_full", "committed 0", "committed 0"]);
});

void t.test("committer: ends on a store that failed, and takes nothing more", async (t) => {
  const store = new ManualStore();
  const { committer, log } = committerOver(store);
  committer.add([entry("a", 1)], []);
  await store.fail(new Error("disk on fire"));
  t.strictSame(log, ["failed Error: disk on fire"]);
  committer.add([entry("a", 2)], []);
  t.equal(committer.size, 0);
  await committer.room();
  await committer.stop(never);
  t.equal(store.tried.length, 1);
});

void t.test("committer: gives up a full store when it must stop", async (t) => {
  const store = new ManualStore();
  const { committer } = committerOver(store);
  committer.add([], []);
  t.equal(store.tried.length, 0, "nothing is nothing");
  committer.add([entry("a", 1)], []);
  await store.fail(new FusiondError("store_full", "free some space"));
  const abort = new AbortController();
  const stopped = committer.stop(abort.signal);
  abort.abort();
  await stopped;
  await committer.stop(abort.signal);
  t.equal(store.tried.length, 1);
});
