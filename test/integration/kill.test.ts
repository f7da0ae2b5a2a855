// kill -9 of the real daemon, again and again, while it publishes: read from the stream, nothing accepted is missing.
import Database from "better-sqlite3";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection } from "nats";
import t, { type Test } from "tap";
import { seededRandom } from "../../fusion/simulator/random.js";
import { again, eventually, momentLater } from "../support/eventually.js";
import { descendants, Fusiond, isAlive } from "../support/fusiond.js";
import { TestNatsServer } from "../support/nats-server.js";
import { TcpRelay } from "../support/tcp-relay.js";

const ROUNDS = 25;
const SEED = 20;
/** How late the broker's answers come: a kill may land between a commit and its acknowledgement on a quick machine too. */
const ANSWERS_AFTER_MS = 5;
/** A round is killed after 1 to this many alerts ... */
const ALERTS_MAX = 30;
/** ... and up to this much later, ms. */
const MOMENT_MAX_MS = 60;
const SOURCES = [0, 1];
const VALUES = ["a", "b", "c", "d"];
/** Below the most lines a second that a text source takes. */
const LINE_EVERY_MS = 40;

/** Four rules that fire and resolve all the time, and a looped sound file, so that there are children to be left over. */
function configOf(brokerUrl: string): string {
  const rules = VALUES.map((value) => `  ${value}: {any: [{read: {field: v, equals: ${value}}}], within: 50ms, resolve_after: 50ms, cooldown: 0s}`);
  const texts = SOURCES.map((n) => `  s${n}: {text: {subject: feed.s${n}, json: true}}`);
  const groups = SOURCES.map((n) => `  g${n}: {sources: [s${n}], allowed_lateness: 0s, session_gap: 100ms}`);
  return [
    "site: kill",
    "state_dir: state",
    "log: {level: info}",
    `nats: {servers: ["${brokerUrl}"]}`,
    "http: {enabled: false}",
    "sources:",
    "  tape: {microphone: silence.wav, loop: true}",
    ...texts,
    "groups:",
    ...groups,
    "rules:",
    ...rules,
    "",
  ].join("\n");
}

/** What a state folder holds at one moment, read from a copy of its file so that nothing is changed by looking. */
interface Held {
  readonly accepted: readonly string[];
  readonly pending: readonly string[];
  readonly counters: Readonly<Record<string, number>>;
}

function heldIn(stateFolder: string): Held {
  const copy = mkdtempSync(join(tmpdir(), "fusiond-kill-copy-"));
  for (const name of readdirSync(stateFolder).filter((one) => /^fusiond\.db(-wal)?$/.test(one))) copyFileSync(join(stateFolder, name), join(copy, name));
  const db = new Database(join(copy, "fusiond.db"));
  try {
    const ids = (where: string): string[] => db.prepare<[], string>(`SELECT message_id FROM outbox ${where}`).pluck().all();
    const counters = db.prepare<[], [string, number]>("SELECT name, value FROM counter").raw().all();
    return { accepted: ids(""), pending: ids("WHERE acknowledged_at IS NULL"), counters: Object.fromEntries(counters) };
  } finally {
    db.close();
  }
}

/** Message ids of the whole stream, in its order, each with what its headers say about repeats. */
async function storedIn(connection: NatsConnection, stream: string): Promise<readonly { readonly id: string; readonly redelivered: boolean }[]> {
  const jetstream = connection.jetstream();
  const { state } = await (await jetstream.jetstreamManager()).streams.info(stream);
  const stored: { id: string; redelivered: boolean }[] = [];
  const consumer = await jetstream.consumers.get(stream);
  const messages = await consumer.fetch({ max_messages: state.messages, expires: 5000 });
  for await (const { headers } of messages) {
    stored.push({ id: headers?.get("Nats-Msg-Id") ?? "", redelivered: headers?.has("Fusiond-Redelivered") ?? false });
    if (stored.length === state.messages) break;
  }
  return stored;
}

/** Feeds every source with values that take turns, for as long as the test runs. */
function feed(t: Test, connection: NatsConnection): void {
  let turn = 0;
  const still = again(LINE_EVERY_MS, () => {
    const line = JSON.stringify({ v: VALUES[turn++ % VALUES.length] });
    for (const n of SOURCES) connection.publish(`feed.s${n}`, line);
  });
  t.teardown(still);
}

async function start(t: Test): Promise<{ folder: string; connection: NatsConnection; alerts: () => number }> {
  const folder = t.testdir();
  const broker = await new TestNatsServer().start();
  const relay = await TcpRelay.start(() => broker.port, ANSWERS_AFTER_MS);
  const connection = await connect({ servers: broker.url });
  t.teardown(async () => {
    await connection.close();
    await relay.stop();
    await broker.stop();
  });
  let alerts = 0;
  connection.subscribe("fusiond.v1.kill.alert.>", { callback: () => void alerts++ });
  execFileSync("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "5", join(folder, "silence.wav")]);
  writeFileSync(join(folder, "fusiond.yaml"), configOf(relay.url));
  feed(t, connection);
  return { folder, connection, alerts: () => alerts };
}

t.setTimeout(300_000);

void t.test("kill -9: every accepted message is in the stream, each once, when the daemon is killed while it publishes", async (t) => {
  const { folder, connection, alerts } = await start(t);
  const stateFolder = join(folder, "state");
  const random = seededRandom(SEED);
  const accepted = new Set<string>();
  const children: number[] = [];
  const lost: string[] = [];
  let betweenCommitAndAck = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const daemon = Fusiond.start(["run", "--config", join(folder, "fusiond.yaml")]);
    t.teardown(() => daemon.end());
    await daemon.running();
    const enough = alerts() + 1 + Math.floor(random.between(0, ALERTS_MAX));
    await eventually(() => alerts() >= enough);
    await momentLater(random.between(0, MOMENT_MAX_MS));
    children.push(...descendants(daemon.pid));
    daemon.kill("SIGKILL");
    await daemon.ended();
    const held = heldIn(stateFolder);
    lost.push(...[...accepted].filter((id) => !held.accepted.includes(id)));
    for (const id of held.accepted) accepted.add(id);
    if (held.pending.length > 0) betweenCommitAndAck++;
  }
  const last = Fusiond.start(["run", "--config", join(folder, "fusiond.yaml")]);
  t.teardown(() => last.end());
  await last.running();
  const enough = alerts() + 1;
  await eventually(() => alerts() >= enough);
  last.kill("SIGTERM");
  t.match(await last.ended(), { code: 0 }, "and it ends in order");
  const held = heldIn(stateFolder);
  for (const id of held.accepted) accepted.add(id);

  const stored = await storedIn(connection, "FUSIOND_kill");
  const ids = stored.map(({ id }) => id);
  t.comment(`${betweenCommitAndAck} of ${ROUNDS} kills landed between a commit and its acknowledgement; ${accepted.size} messages accepted, ${ids.length} stored, ${children.length} children`);
  t.ok(betweenCommitAndAck >= 2, "at least 5 % of the kills landed between a commit and its acknowledgement");
  t.strictSame(lost, [], "what was committed stays");
  t.strictSame(held.pending, [], "nothing waits any more");
  t.strictSame([...accepted].filter((id) => !ids.includes(id)), [], "every accepted message is in the stream");
  t.equal(ids.length - new Set(ids).size, 0, "each once");
  t.strictSame(ids.filter((id) => !accepted.has(id)), [], "and nothing else");
  t.ok(children.length >= 2 * ROUNDS, "each daemon had children");
  await eventually(() => !children.some(isAlive));
  const { offered = 0, acknowledged = 0, superseded = 0, accepted: taken = 0 } = held.counters;
  t.equal(taken, acknowledged + superseded, "accepted = acknowledged + superseded");
  t.equal(offered, taken, "nothing was shed");
});
