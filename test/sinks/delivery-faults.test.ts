// Every state of a broker in which it is connected and stores nothing, or not all: told by reason, and over by itself.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, DiscardPolicy, RetentionPolicy, type JetStreamManager } from "nats";
import t, { type Test } from "tap";
import type { DeliveryReason } from "../../daemon/bus/bus.js";
import { systemClock, type Clock } from "../../daemon/runtime/clock.js";
import { batch, message, temporaryFolder } from "../store/store-support.js";
import { eventually } from "../support/eventually.js";
import { natsServerMissing, TestNatsServer } from "../support/nats-server.js";
import { startDelivery, type Delivery } from "./delivery-support.js";

const skip = natsServerMissing();
const STREAM = "FUSIOND_test";
const SUBJECTS = ["fusiond.v1.test.alert.>", "fusiond.v1.test.source.>"];

/** The machine's clock with all waits a fiftieth as long. */
const hastyClock: Clock = { ...systemClock, after: (delayMs, fn) => systemClock.after(delayMs / 50, fn) };

/** A user of a broker that refuses something, beside an administrator whom it refuses nothing. */
const users = (permissions: string): string =>
  `authorization: {users: [{user: "u", password: "p", permissions: ${permissions}}, {user: "admin", password: "p"}]}`;
const ALL_PERMITTED = users("{}");
const accounts = (jetstream: string): string =>
  `accounts: {SITE: {${jetstream}users: [{user: "u", password: "p"}]}, OTHER: {jetstream: enabled, users: [{user: "admin", password: "p"}]}}`;

interface Fault {
  readonly name: string;
  readonly reason: DeliveryReason;
  readonly says: RegExp;
  /** Further lines of the broker's configuration while it is at fault, and after. */
  readonly config?: readonly [string, string];
  readonly prepare?: (server: TestNatsServer) => void;
  readonly repair?: (server: TestNatsServer) => void;
  /** What somebody did to the streams, and how it is undone. */
  readonly damage?: (manager: JetStreamManager) => Promise<unknown>;
  readonly mend?: (manager: JetStreamManager) => Promise<unknown>;
  /** What is still in the stream at the end; all three by default. */
  readonly stored?: number;
}

const remove = (manager: JetStreamManager) => manager.streams.delete(STREAM);
const stream = (change: object) => (manager: JetStreamManager) => manager.streams.add({ name: STREAM, subjects: SUBJECTS, ...change });
const update = (change: object) => (manager: JetStreamManager) => manager.streams.update(STREAM, change);

const FAULTS: readonly Fault[] = [
  {
    name: "another stream has the subjects",
    reason: "subjects_taken",
    says: /subjects overlap.*take fusiond's subjects out of the other stream/,
    damage: (manager) => manager.streams.add({ name: "ALL", subjects: ["fusiond.>"] }),
    mend: (manager) => manager.streams.delete("ALL"),
  },
  {
    name: "the broker has no JetStream",
    reason: "no_jetstream",
    says: /switch JetStream on/,
    config: ["", ""],
    prepare: (server) => (server.jetStream = false),
    repair: (server) => (server.jetStream = true),
  },
  {
    name: "the account has no JetStream",
    reason: "no_jetstream",
    says: /switch JetStream on/,
    config: [accounts(""), accounts("jetstream: enabled, ")],
  },
  {
    name: "its API is not permitted",
    reason: "not_permitted",
    says: /grant the permissions/,
    config: [users(`{publish: {deny: ["$JS.API.>"]}}`), ALL_PERMITTED],
  },
  {
    name: "publishing is not permitted",
    reason: "not_permitted",
    says: /grant the permissions/,
    config: [users(`{publish: {deny: ["fusiond.v1.>"]}}`), ALL_PERMITTED],
  },
  {
    name: "the inbox may not be subscribed to",
    reason: "not_permitted",
    says: /grant the permissions/,
    config: [users(`{subscribe: {deny: ["_INBOX_test.>"]}}`), ALL_PERMITTED],
  },
  {
    name: "the broker has no room for the stream",
    reason: "full",
    says: /make room/,
    config: ["", ""],
    prepare: (server) => (server.maxFileBytes = 1_000_000),
    repair: (server) => (server.maxFileBytes = 2 ** 40),
  },
  {
    name: "the stream is full and discards new messages",
    reason: "full",
    says: /full and refuses new messages.*raise its limits/,
    damage: async (manager) => {
      await stream({ discard: DiscardPolicy.New, max_msgs: 1 })(manager);
      await manager.jetstream().publish("fusiond.v1.test.source.x", "x");
    },
    mend: update({ max_msgs: -1 }),
    stored: 4,
  },
  {
    name: "the stream is full by bytes and discards new messages",
    reason: "full",
    says: /raise its limits/,
    damage: stream({ discard: DiscardPolicy.New, max_bytes: 200 }),
    mend: update({ max_bytes: -1 }),
  },
  {
    name: "a subject is full and new messages are discarded",
    reason: "full",
    says: /per subject.*raise its limits/,
    damage: async (manager) => {
      await stream({ discard: DiscardPolicy.New, discard_new_per_subject: true, max_msgs_per_subject: 1 })(manager);
      await manager.jetstream().publish("fusiond.v1.test.alert.dock.info.a", "x");
    },
    mend: update({ max_msgs_per_subject: 1000 }),
    stored: 4,
  },
  {
    name: "the broker takes small messages only",
    reason: "too_large",
    says: /max_payload is 300 bytes/,
    config: ["max_payload: 300", ""],
  },
  {
    name: "the stream takes small messages only",
    reason: "too_large",
    says: /max_msg_size of the stream FUSIOND_test is 100/,
    damage: stream({ max_msg_size: 100 }),
    mend: update({ max_msg_size: -1 }),
  },
  { name: "the stream is sealed", reason: "unfit", says: /sealed/, damage: async (m) => [await stream({})(m), await update({ sealed: true })(m)], mend: remove },
  {
    name: "the stream is a mirror",
    reason: "unfit",
    says: /mirrors SOURCE/,
    damage: async (manager) => {
      await manager.streams.add({ name: "SOURCE", subjects: ["other.>"] });
      await manager.streams.add({ name: STREAM, mirror: { name: "SOURCE" } });
    },
    mend: remove,
  },
  { name: "the stream takes other subjects", reason: "unfit", says: /does not take fusiond/, damage: stream({ subjects: ["other.>"] }), mend: remove },
  { name: "the stream acknowledges nothing", reason: "unfit", says: /no_ack/, damage: stream({ no_ack: true }), mend: update({ no_ack: false }) },
  { name: "the stream keeps only what is wanted", reason: "unfit", says: /retention interest/, damage: stream({ retention: RetentionPolicy.Interest }), mend: remove },
];

async function asAdmin<T>(server: TestNatsServer, act: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: server.url, user: "admin", pass: "p" });
  try {
    return await act(await connection.jetstreamManager({ checkAPI: false }));
  } finally {
    await connection.close();
  }
}

async function start(t: Test, { config, prepare, damage }: Partial<Fault>): Promise<{ server: TestNatsServer; d: Delivery }> {
  const server = new TestNatsServer(config?.[0] ?? "");
  prepare?.(server);
  await server.start();
  t.teardown(() => server.stop());
  if (damage !== undefined) await asAdmin(server, damage);
  const credentialsFile = join(temporaryFolder(t), "credentials.json");
  writeFileSync(credentialsFile, JSON.stringify({ user: "u", password: "p" }));
  return { server, d: await startDelivery(t, temporaryFolder(t), server.url, {}, hastyClock, credentialsFile) };
}

const alert = (key: string) => message(key, 1, { subject: `fusiond.v1.test.alert.dock.info.${key}`, body: Buffer.from(JSON.stringify({ text: "x".repeat(400) })), causedAt: Date.now() });

function reasons(d: Delivery): string[] {
  return d.telemetry.deliveries.map((state) => (state.state === "degraded" ? state.reason : state.state));
}

for (const fault of FAULTS) {
  await t.test(`delivery: is degraded while ${fault.name}, and recovers by itself`, { skip }, async (t) => {
    const { server, d } = await start(t, fault);
    await d.store.commit(batch(...["a", "b", "c"].map(alert)));
    d.publisher.wake();
    await eventually(() => reasons(d).includes(fault.reason));
    t.match(d.telemetry.notes.join("\n"), fault.says);
    t.notOk(reasons(d).some((reason) => reason !== fault.reason && !["unknown", "deliverable"].includes(reason)), reasons(d).join());
    fault.repair?.(server);
    if (fault.config !== undefined) await server.restartWith(fault.config[1]);
    if (fault.mend !== undefined) await asAdmin(server, fault.mend);
    await eventually(() => reasons(d).at(-1) === "deliverable");
    const counts = await d.delivered();
    t.equal(counts.acknowledged, 3);
    if (fault.config === undefined || fault.config[1] === "") {
      // What was acknowledged and not kept is published again once the stream that should keep it is a new one.
      await eventually(async () => (await asAdmin(server, (manager) => manager.streams.info(STREAM))).state.messages >= (fault.stored ?? 3));
      t.equal((await asAdmin(server, (manager) => manager.streams.info(STREAM))).state.messages, fault.stored ?? 3);
    }
    t.same(d.failures, []);
  });
}

await t.test("delivery: a stream that somebody emptied shows until the next message, and nothing is published again", { skip }, async (t) => {
  const { server, d } = await start(t, { damage: stream({}) });
  await d.store.commit(batch(...["a", "b"].map(alert)));
  d.publisher.wake();
  await d.delivered();
  await asAdmin(server, (manager) => manager.streams.purge(STREAM));
  await eventually(() => reasons(d).at(-1) === "emptied");
  t.match(d.telemetry.notes.join("\n"), /emptied by somebody: its messages up to 2/);
  await d.store.commit(batch(alert("c")));
  d.publisher.wake();
  await eventually(() => reasons(d).at(-1) === "deliverable");
  const { state } = await asAdmin(server, (manager) => manager.streams.info(STREAM));
  t.equal(state.messages, 1);
  t.equal(d.telemetry.regressions, 0);
});

await t.test("delivery: a stream that was deleted while nothing happened is made and filled again", { skip }, async (t) => {
  const { server, d } = await start(t, {});
  await d.store.commit(batch(...["a", "b"].map(alert)));
  d.publisher.wake();
  await d.delivered();
  await asAdmin(server, remove);
  await eventually(() => d.telemetry.notes.some((note) => note.includes("were published again")));
  const { state } = await asAdmin(server, (manager) => manager.streams.info(STREAM));
  t.equal(state.messages, 2);
  t.equal(d.telemetry.regressions, 1);
});

await t.test("delivery: is unknown, not degraded, while there is no broker", { skip }, async (t) => {
  const { server, d } = await start(t, {});
  await eventually(() => reasons(d).at(-1) === "deliverable");
  await server.kill();
  await eventually(() => reasons(d).at(-1) === "unknown");
  await server.start();
  await eventually(() => reasons(d).at(-1) === "deliverable");
  t.same(reasons(d), ["deliverable", "unknown", "deliverable"]);
});
