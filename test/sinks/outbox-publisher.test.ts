// From the outbox to a real broker through every fault that a broker has: each message arrives, and once.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "nats";
import t, { type Test } from "tap";
import { systemClock } from "../../daemon/runtime/clock.js";
import type { SqliteStore } from "../../daemon/store/sqlite-store.js";
import { batch, identity, message, temporaryFolder } from "../store/store-support.js";
import { eventually } from "../support/eventually.js";
import { natsServerMissing, TestNatsServer } from "../support/nats-server.js";
import { TcpRelay } from "../support/tcp-relay.js";
import { readStream, startDelivery } from "./delivery-support.js";

const skip = natsServerMissing();

async function broker(t: Test, config = ""): Promise<TestNatsServer> {
  const server = await new TestNatsServer(config).start();
  t.teardown(() => server.stop());
  return server;
}

/** Commits alerts `<name>0.1`, `<name>1.1`, … each of its own incident. */
async function commitAlerts(store: SqliteStore, name: string, count: number): Promise<string[]> {
  const messages = Array.from({ length: count }, (_, i) => alert(`${name}${i}`, 1));
  await Promise.all(messages.map((m) => store.commit(batch(m))));
  return messages.map((m) => m.messageId);
}

const alert = (key: string, revision: number) =>
  message(key, revision, { subject: `fusiond.v1.test.alert.dock.info.${key}`, body: Buffer.from('{"a":1,"delayed":false}'), causedAt: Date.now() });

await t.test("publisher: delivers everything once when the broker comes after the daemon", { skip }, async (t) => {
  const server = await broker(t);
  await server.kill();
  const d = await startDelivery(t, temporaryFolder(t), server.url);
  const ids = await commitAlerts(d.store, "a", 100);
  d.publisher.wake();
  t.match(await d.store.counts(), { pending: 100, acknowledged: 0 });
  await server.start();
  const counts = await d.delivered();
  t.same((await readStream(server.url)).map((m) => m.id).sort(), ids.sort());
  t.equal(counts.acknowledged, 100);
  t.same(identity(counts), { door: 0, later: 0 });
  t.equal(d.telemetry.latenciesMs.length, 100);
  t.equal(d.telemetry.isConnected, true);
  t.same(d.failures, []);
});

await t.test("publisher: keeps the revisions of one incident in order", { skip }, async (t) => {
  const server = await broker(t);
  const d = await startDelivery(t, temporaryFolder(t), server.url);
  for (let revision = 1; revision <= 20; revision++) {
    await d.store.commit(batch(alert("a", revision), alert("b", revision)));
    d.publisher.wake();
  }
  const counts = await d.delivered();
  const stored = await readStream(server.url);
  for (const key of ["a", "b"]) {
    const revisions = stored.filter((m) => m.id.startsWith(`${key}.`)).map((m) => Number(m.id.split(".")[1]));
    t.same(revisions, [...revisions].sort((x, y) => x - y));
    t.equal(revisions.at(-1), 20, "the newest state is always told");
  }
  t.equal(stored.length, counts.acknowledged);
  t.equal(counts.acknowledged + counts.superseded, 40);
});

await t.test("publisher: loses and doubles nothing when the broker is killed in the middle", { skip }, async (t) => {
  const server = await broker(t);
  const d = await startDelivery(t, temporaryFolder(t), server.url);
  const ids: string[] = [];
  for (let round = 0; round < 3; round++) {
    const before = (await d.store.counts()).acknowledged;
    ids.push(...(await commitAlerts(d.store, `r${round}x`, 300)));
    d.publisher.wake();
    await d.until((counts) => counts.acknowledged > before + 20);
    await server.kill();
    await server.start();
  }
  const counts = await d.delivered();
  t.same((await readStream(server.url)).map((m) => m.id).sort(), ids.sort());
  t.equal(counts.acknowledged, 900);
  t.same(identity(counts), { door: 0, later: 0 });
  t.equal(d.telemetry.regressions, 0);
});

await t.test("publisher: goes on after the daemon itself was ended with messages in flight", { skip }, async (t) => {
  const server = await broker(t);
  const folder = temporaryFolder(t);
  const first = await startDelivery(t, folder, server.url);
  const ids = await commitAlerts(first.store, "a", 500);
  first.publisher.wake();
  await first.until((counts) => counts.acknowledged > 10);
  await first.stop();
  const second = await startDelivery(t, folder, server.url);
  const counts = await second.delivered();
  t.same((await readStream(server.url)).map((m) => m.id).sort(), ids.sort());
  t.equal(counts.acknowledged, 500);
});

await t.test("publisher: counts a message once whose acknowledgement was lost", { skip }, async (t) => {
  const server = await broker(t);
  const relay = await TcpRelay.start(() => server.port);
  t.teardown(() => relay.stop());
  const d = await startDelivery(t, temporaryFolder(t), relay.url);
  await d.store.commit(batch(alert("warm", 1)));
  d.publisher.wake();
  await d.delivered();
  relay.cutNext('"seq":');
  await d.store.commit(batch(alert("a", 1)));
  d.publisher.wake();
  const counts = await d.delivered();
  t.equal(relay.cuts, 1);
  t.equal(d.telemetry.duplicates, 1);
  t.equal(counts.acknowledged, 2);
  t.same((await readStream(server.url)).map((m) => m.id), ["warm.1", "a.1"]);
  t.same(d.telemetry.publishErrors, ["disconnected"]);
});

await t.test("publisher: publishes again what a broker lost that came back with an older store", { skip }, async (t) => {
  const server = await broker(t);
  const d = await startDelivery(t, temporaryFolder(t), server.url);
  const early = await commitAlerts(d.store, "early", 5);
  d.publisher.wake();
  await d.delivered();
  await server.kill();
  const copy = server.copyStore();
  await server.start();
  const late = await commitAlerts(d.store, "late", 7);
  d.publisher.wake();
  await d.delivered();
  await server.kill();
  server.restoreStore(copy);
  await server.start();
  const after = await commitAlerts(d.store, "after", 3);
  d.publisher.wake();
  await d.until((counts) => counts.acknowledged === 15);
  const stored = await readStream(server.url);
  t.same(stored.map((m) => m.id).sort(), [...early, ...late, ...after].sort());
  t.equal(d.telemetry.regressions, 1);
  t.same(stored.filter((m) => m.redelivered), [], "the broker knows the ids of the last hour");
  await server.kill();
  await server.start();
  await commitAlerts(d.store, "last", 1);
  d.publisher.wake();
  await d.delivered();
  t.equal(d.telemetry.regressions, 1, "once told, the stream is taken as it is");
});

/** Deletes the stream and makes it again with the same settings and messages of somebody else. */
async function replaceStream(url: string, foreignMessages: number): Promise<void> {
  const connection = await connect({ servers: url });
  const manager = await connection.jetstreamManager();
  const { config } = await manager.streams.info("FUSIOND_test");
  await manager.streams.delete("FUSIOND_test");
  await manager.streams.add(config);
  for (let i = 0; i < foreignMessages; i++) {
    await connection.jetstream().publish("fusiond.v1.test.alert.x.info.y", "foreign", { msgID: `foreign.${i}` });
  }
  await connection.close();
}

await t.test("publisher: finds another stream in the place of its own at the next start", { skip }, async (t) => {
  const server = await broker(t);
  const folder = temporaryFolder(t);
  const first = await startDelivery(t, folder, server.url);
  const ids = await commitAlerts(first.store, "a", 3);
  first.publisher.wake();
  await first.delivered();
  await first.stop();
  await replaceStream(server.url, 10);
  const second = await startDelivery(t, folder, server.url);
  await second.until(() => second.telemetry.notes.some((note) => note.includes("were published again")));
  t.equal(second.telemetry.regressions, 1);
  const stored = (await readStream(server.url)).map((m) => m.id);
  t.same(stored.filter((id) => id.startsWith("a")).sort(), ids.sort());
  t.equal((await second.store.counts()).acknowledged, 3, "nothing is counted twice");
});

await t.test("publisher: finds a stream that was replaced while it was connected", { skip }, async (t) => {
  const server = await broker(t);
  const d = await startDelivery(t, temporaryFolder(t), server.url);
  const ids = await commitAlerts(d.store, "a", 3);
  d.publisher.wake();
  await d.delivered();
  await replaceStream(server.url, 0);
  ids.push(...(await commitAlerts(d.store, "b", 1)));
  d.publisher.wake();
  await d.until(() => d.telemetry.notes.some((note) => note.includes("were published again")));
  t.same((await readStream(server.url)).map((m) => m.id).sort(), ids.sort());
  t.equal(d.telemetry.regressions, 1);
});

await t.test("publisher: makes a stream again that was deleted while it was connected", { skip }, async (t) => {
  const server = await broker(t);
  const d = await startDelivery(t, temporaryFolder(t), server.url);
  const ids = await commitAlerts(d.store, "a", 3);
  d.publisher.wake();
  await d.delivered();
  const admin = await connect({ servers: server.url });
  await (await admin.jetstreamManager()).streams.delete("FUSIOND_test");
  await admin.close();
  ids.push(...(await commitAlerts(d.store, "b", 1)));
  d.publisher.wake();
  await d.delivered();
  t.same((await readStream(server.url)).map((m) => m.id).sort(), ids.sort());
  t.equal(d.telemetry.regressions, 1);
  t.same(d.telemetry.publishErrors, ["no_stream"]);
});

await t.test("publisher: marks what is stored twice because the broker no longer knew it", { skip }, async (t) => {
  const server = await broker(t);
  const relay = await TcpRelay.start(() => server.port);
  t.teardown(() => relay.stop());
  const windowMs = 100;
  const d = await startDelivery(t, temporaryFolder(t), relay.url, { duplicateWindowMs: windowMs });
  await d.store.commit(batch(alert("warm", 1)));
  d.publisher.wake();
  await d.delivered();
  relay.cutNext('"seq":');
  const committedAt = Date.now();
  await d.store.commit(batch(alert("a", 1)));
  d.publisher.wake();
  await d.until(() => relay.cuts === 1);
  await server.kill();
  await eventually(() => Date.now() >= committedAt + 2 * windowMs);
  await server.start();
  const counts = await d.delivered();
  const copies = (await readStream(server.url)).filter((m) => m.id === "a.1");
  t.ok(copies.slice(1).every((m) => m.redelivered), "every repeat says so");
  t.equal(counts.acknowledged, 2);
  t.comment(`stored ${copies.length} times`);
});

await t.test("publisher: lets a message that is too large hold up nobody but its own incident", { skip }, async (t) => {
  const server = await broker(t, "max_payload: 2000");
  const d = await startDelivery(t, temporaryFolder(t), server.url);
  const large = { ...alert("large", 1), body: new Uint8Array(3_000) };
  await d.store.commit(batch(large, alert("small", 1)));
  d.publisher.wake();
  await d.until((counts) => counts.acknowledged === 1 && d.telemetry.publishErrors.length === 1);
  await d.store.commit(batch(alert("large", 2), alert("other", 1)));
  d.publisher.wake();
  const counts = await d.until((now) => now.acknowledged === 2);
  t.same((await readStream(server.url)).map((m) => m.id), ["small.1", "other.1"]);
  t.equal(counts.pending, 2);
  t.same(d.telemetry.publishErrors, ["too_large"]);
  t.match(d.telemetry.notes.join("\n"), /large\.1 was not stored .*raise the broker's max_payload/);
});

await t.test("publisher: goes on without reading back where that is not permitted", { skip }, async (t) => {
  const user = `{user: "u", password: "p", permissions: {publish: {deny: ["$JS.API.STREAM.MSG.GET.>"]}}}`;
  const server = await broker(t, `authorization: {users: [${user}, {user: "admin", password: "p"}]}`);
  const credentialsFile = join(temporaryFolder(t), "credentials.json");
  writeFileSync(credentialsFile, JSON.stringify({ user: "u", password: "p" }));
  const folder = temporaryFolder(t);
  for (const name of ["a", "b"]) {
    const d = await startDelivery(t, folder, server.url, {}, systemClock, credentialsFile);
    await d.store.commit(batch(alert(name, 1)));
    d.publisher.wake();
    await d.delivered();
    t.equal(d.telemetry.regressions, 0);
    await d.stop();
  }
  const admin = await connect({ servers: server.url, user: "admin", pass: "p" });
  t.equal((await (await admin.jetstreamManager()).streams.info("FUSIOND_test")).state.messages, 2);
  await admin.close();
});

await t.test("publisher: says in header and body that an alert is delayed", { skip }, async (t) => {
  const server = await broker(t);
  const d = await startDelivery(t, temporaryFolder(t), server.url);
  const old = { ...alert("old", 1), causedAt: Date.now() - 61_000 };
  await d.store.commit(batch(old, alert("new", 1)));
  d.publisher.wake();
  await d.delivered();
  const stored = (await readStream(server.url)).map((m) => [m.id, m.delayed, Buffer.from(m.body).toString()]);
  t.same(stored, [
    ["old.1", true, '{"a":1,"delayed":true}'],
    ["new.1", false, '{"a":1,"delayed":false}'],
  ]);
});

await t.test("publisher: delivers what is left before its deadline when it is stopped", { skip }, async (t) => {
  const server = await broker(t);
  const d = await startDelivery(t, temporaryFolder(t), server.url);
  await d.store.commit(batch(alert("first", 1)));
  d.publisher.wake();
  await d.delivered();
  const ids = await commitAlerts(d.store, "a", 200);
  await d.publisher.stop(systemClock.monotonicNowMs() + 60_000);
  t.equal((await d.store.counts()).pending, 0);
  t.equal((await readStream(server.url)).length, ids.length + 1);
});

await t.test("publisher: stops at once without a broker and leaves the rest", { skip }, async (t) => {
  const d = await startDelivery(t, temporaryFolder(t), "nats://127.0.0.1:1");
  await commitAlerts(d.store, "a", 3);
  d.publisher.wake();
  await d.publisher.stop(systemClock.monotonicNowMs() + 60_000);
  t.match(await d.store.counts(), { pending: 3 });
});

await t.test("publisher: says that it cannot go on when the store has gone", { skip }, async (t) => {
  const server = await broker(t);
  const d = await startDelivery(t, temporaryFolder(t), server.url);
  await d.store.commit(batch(alert("a", 1)));
  await d.delivered();
  await d.store.close();
  d.publisher.wake();
  await eventually(() => d.failures.length > 0);
  t.match(d.failures, [{ code: "store_unavailable" }]);
});
