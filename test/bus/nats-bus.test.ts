// The bus against a real broker.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, nkeys, StorageType } from "nats";
import t, { type Test } from "tap";
import type { BusMessage, BusStatus, StreamSpec } from "../../daemon/bus/bus.js";
import { readBusCredentials } from "../../daemon/bus/bus-credentials.js";
import { NatsBus, type NatsBusOptions } from "../../daemon/bus/nats-bus.js";
import { RecordingDeliveryTelemetry } from "../sinks/delivery-support.js";
import { temporaryFolder } from "../store/store-support.js";
import { natsServerMissing, TestNatsServer } from "../support/nats-server.js";

const skip = natsServerMissing();
const HOUR_MS = 3_600_000;
const spec: StreamSpec = {
  name: "FUSIOND_test",
  subjects: ["fusiond.v1.test.alert.>", "fusiond.v1.test.source.>"],
  maxAgeMs: 7 * 24 * HOUR_MS,
  maxBytes: 64 * 1024 * 1024,
  duplicateWindowMs: HOUR_MS,
  messageBytesMax: 66_560,
  owned: false,
};
const publication = { stream: spec.name, subject: "fusiond.v1.test.alert.a.info.b", messageId: "x.1", body: Buffer.from("hello"), headers: {} };

async function broker(t: Test, config = ""): Promise<TestNatsServer> {
  const server = await new TestNatsServer(config).start();
  t.teardown(() => server.stop());
  return server;
}

function startBus(t: Test, url: string, options: Partial<NatsBusOptions> = {}) {
  const telemetry = new RecordingDeliveryTelemetry();
  const bus = new NatsBus({ site: "test", servers: [url], ...options }, telemetry);
  t.teardown(() => bus.close());
  bus.start();
  return { bus, telemetry };
}

/** The first status that is as wanted. */
function status(bus: NatsBus, wanted: (status: BusStatus) => boolean): Promise<BusStatus> {
  return new Promise((resolve) => {
    const leave = bus.onStatus((now) => {
      if (!wanted(now)) return;
      queueMicrotask(() => leave());
      resolve(now);
    });
  });
}

const connected = (bus: NatsBus) => status(bus, (now) => now.state === "connected");

await t.test("bus: starts without a broker and is connected once there is one", { skip }, async (t) => {
  const server = await broker(t);
  await server.kill();
  const { bus, telemetry } = startBus(t, server.url);
  const lost = await status(bus, (now) => now.state === "disconnected" && now.reason !== "not connected yet");
  t.match(lost, { state: "disconnected", reason: /.+/ });
  t.equal(bus.publish("a", new Uint8Array()), false);
  await t.rejects(bus.ensureStream(spec), { code: "sink_unavailable" });
  await t.rejects(bus.publishToStream(publication), { code: "sink_unavailable" });
  await server.start();
  t.match(await connected(bus), { state: "connected" });
  t.equal(telemetry.notes.filter((note) => note.includes("cannot be reached")).length, 1, "said once, however often it was tried");
  t.same(telemetry.publishErrors, ["disconnected"]);
});

await t.test("bus: makes the stream as designed, and only once", { skip }, async (t) => {
  const server = await broker(t);
  const { bus, telemetry } = startBus(t, server.url);
  await connected(bus);
  const first = await bus.ensureStream(spec);
  t.match(first, { lastSequence: 0, duplicateWindowMs: HOUR_MS });
  t.same(await bus.publishToStream(publication), { sequence: 1, duplicate: false });
  t.same(await bus.publishToStream(publication), { sequence: 1, duplicate: true });
  t.match(await bus.ensureStream(spec), { created: first.created, firstSequence: 1, lastSequence: 1 });
  t.equal(await bus.storedMessageId(spec.name, 1), "x.1");
  t.equal(await bus.storedMessageId(spec.name, 2), undefined);
  const admin = await connect({ servers: server.url });
  const { config } = await (await admin.jetstreamManager()).streams.info(spec.name);
  t.match(config, {
    subjects: spec.subjects,
    retention: "limits",
    storage: "file",
    discard: "old",
    deny_delete: true,
    deny_purge: true,
    max_age: 7 * 24 * HOUR_MS * 1e6,
    duplicate_window: HOUR_MS * 1e6,
  });
  await admin.close();
  t.same(telemetry.notes.filter((note) => !note.includes("connected")), []);
});

await t.test("bus: leaves a stream with other settings as it is and says so", { skip }, async (t) => {
  const server = await broker(t);
  const admin = await connect({ servers: server.url });
  const manager = await admin.jetstreamManager();
  await manager.streams.add({ name: spec.name, subjects: ["fusiond.v1.test.alert.>"], storage: StorageType.Memory });
  const { bus, telemetry } = startBus(t, server.url);
  await connected(bus);
  t.equal((await bus.ensureStream(spec)).duplicateWindowMs, 120_000);
  t.match(telemetry.notes.join(), /other settings/);
  t.equal((await manager.streams.info(spec.name)).config.storage, "memory");
  await admin.close();
});

await t.test("bus: says what is in the way when the stream cannot be made", { skip }, async (t) => {
  const server = await broker(t);
  const admin = await connect({ servers: server.url });
  await (await admin.jetstreamManager()).streams.add({ name: "OTHER", subjects: ["fusiond.>"] });
  await admin.close();
  const { bus } = startBus(t, server.url);
  await connected(bus);
  await t.rejects(bus.ensureStream(spec), { code: "sink_unavailable", message: /subjects overlap/ });
});

await t.test("bus: says which permission is missing, at once", { skip }, async (t) => {
  const user = `{user: "u", password: "p", permissions: {publish: {deny: ["$JS.API.STREAM.CREATE.>", "fusiond.v1.test.alert.>"]}}}`;
  const server = await broker(t, `authorization: {users: [${user}]}`);
  const credentialsFile = join(temporaryFolder(t), "credentials.json");
  writeFileSync(credentialsFile, JSON.stringify({ user: "u", password: "p" }));
  const { bus, telemetry } = startBus(t, server.url, { credentialsFile });
  await connected(bus);
  await t.rejects(bus.ensureStream(spec), { code: "sink_rejected", message: /Permissions Violation.*docs\/nats\.md/ });
  await t.rejects(bus.publishToStream(publication), { code: "sink_rejected" });
  t.same(telemetry.publishErrors, ["not_permitted"]);
});

await t.test("bus: gets in with new credentials after the old ones were refused", { skip }, async (t) => {
  const server = await broker(t, `authorization: {user: "u", password: "right"}`);
  const credentialsFile = join(temporaryFolder(t), "credentials.json");
  writeFileSync(credentialsFile, JSON.stringify({ user: "u", password: "wrong" }));
  const { bus, telemetry } = startBus(t, server.url, { credentialsFile });
  const refused = await status(bus, (now) => now.state === "disconnected" && /authorization/i.test(now.reason));
  t.equal(refused.state, "disconnected");
  writeFileSync(credentialsFile, JSON.stringify({ user: "u", password: "right" }));
  await connected(bus);
  t.notOk(telemetry.notes.join().includes("wrong"), "no secret is told");
});

await t.test("bus: gets in with an nkey seed", { skip }, async (t) => {
  const user = (nkeys as { createUser(): { getPublicKey(): string; getSeed(): Uint8Array } }).createUser();
  const server = await broker(t, `authorization: {users: [{nkey: ${user.getPublicKey()}}]}`);
  const credentialsFile = join(temporaryFolder(t), "seed.nk");
  writeFileSync(credentialsFile, `${Buffer.from(user.getSeed()).toString()}\n`);
  const { bus } = startBus(t, server.url, { credentialsFile });
  t.match(await connected(bus), { state: "connected" });
});

await t.test("bus: says what a credentials file must hold without showing what it holds", (t) => {
  const credentialsFile = join(temporaryFolder(t), "secret");
  writeFileSync(credentialsFile, "hunter2");
  t.throws(() => readBusCredentials(credentialsFile), { code: "config_invalid", message: /holds no NATS credentials/ });
  t.throws(() => readBusCredentials("/nowhere"), { code: "config_invalid" });
  writeFileSync(credentialsFile, "-----BEGIN NATS USER JWT-----\nx\n");
  t.equal(readBusCredentials(credentialsFile).kind, "creds");
  t.end();
});

await t.test("bus: subscriptions live through restarts of the broker and end with their signal", { skip }, async (t) => {
  const server = await broker(t);
  const { bus, telemetry } = startBus(t, server.url);
  const end = new AbortController();
  const messages = bus.subscribe("plant.>", end.signal)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value } = (await messages.next()) as { value: BusMessage };
    return `${value.subject}: ${Buffer.from(value.body).toString()}`;
  };
  await connected(bus);
  bus.publish("plant.door", Buffer.from("one"));
  t.equal(await next(), "plant.door: one");
  const gone = status(bus, (now) => now.state === "disconnected");
  await server.kill();
  await gone;
  await server.start();
  await connected(bus);
  bus.publish("plant.gate", Buffer.from("two"));
  t.equal(await next(), "plant.gate: two");
  t.equal(telemetry.reconnects, 1);
  end.abort();
  t.same(await messages.next(), { value: undefined, done: true });
});

await t.test("bus: closes at any time and twice", { skip }, async (t) => {
  const server = await broker(t);
  const { bus } = startBus(t, server.url);
  await connected(bus);
  await bus.close();
  await bus.close();
  t.equal(bus.status.state, "disconnected");
  const never = startBus(t, "nats://127.0.0.1:1");
  await never.bus.close();
});
