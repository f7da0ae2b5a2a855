// fusiond tail against a real broker to which anybody may write, and against none.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { connect } from "nats";
import t, { type Test } from "tap";
import { encode } from "../../daemon/codec/msgpack.js";
import { plainJson, plainText } from "../../daemon/tail/terminal-text.js";
import { eventually } from "../support/eventually.js";
import { Fusiond } from "../support/fusiond.js";
import { natsServerMissing, TestNatsServer } from "../support/nats-server.js";
import { holds } from "../support/property.js";

const SUBJECT = "fusiond.v1.tail.alert.yard.warning.r";
const INVISIBLE = ["\u0007", "\u001b[2J", "\u007f", "\u0085", "\u009b1m", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\u00ad", "\u{e0041}", "\u3164", "\ufff9", "\u034f", "\u{e0101}", "\ud800"];

const alert = (fields: object = {}): Record<string, unknown> => ({
  schema_version: 1, id: "00", revision: 1, state: "firing", site: "tail", group: "yard", rule: "r", severity: "warning",
  started_at: "2026-01-01T00:00:00.000Z", updated_at: "2026-01-01T00:00:00.000Z", confidence: 0.9, calibrated: true, delayed: false,
  summary: "a dog", events: [], evidence: [], ...fields,
});

function tail(t: Test, url: string, ...args: string[]): Fusiond {
  const folder = t.testdir();
  writeFileSync(join(folder, "c.yaml"), `site: tail\nnats: {servers: ["${url}"]}\nsources: {log: {text: {file: a.txt}}}\n`);
  const started = Fusiond.start(["tail", "--config", join(folder, "c.yaml"), ...args]);
  t.teardown(() => started.end());
  return started;
}

/** Bodies that are no alert. */
function broken(): readonly Uint8Array[] {
  const whole = Buffer.from(JSON.stringify(alert()));
  const values = [null, true, 0, "text", [], [alert()], {}, alert({ severity: "deadly" }), alert({ state: 7 }), alert({ confidence: "0.9" }), alert({ started_at: "soon" }), alert({ started_at: 1e300 }), alert({ group: null }), alert({ summary: { toString: 1 } })];
  const deep = "[".repeat(100_000);
  return [
    ...["", " ", "{", "{}", "{\"a\":}", "not JSON", deep, `{"a":${deep}`, "\0", "\u00c1", "\u00df\u00ff\u00ff\u00ff\u00ff", "\u00d4\u0001", "\u00c7\u00ff\u0001"].map((text) => Buffer.from(text, "latin1")),
    ...[1, 10, whole.length - 1].map((length) => whole.subarray(0, length)),
    ...values.flatMap((value) => [Buffer.from(JSON.stringify(value)), encode(value)]),
    encode(alert()).subarray(0, 40),
    Buffer.concat([encode(alert()), Buffer.from([1])]),
  ];
}

void t.test("tail: outlives every message that is no alert, and shows nothing that steers a terminal", { skip: natsServerMissing(), timeout: 60_000 }, async (t) => {
  const broker = await new TestNatsServer().start();
  t.teardown(() => broker.stop());
  const connection = await connect({ servers: broker.url });
  t.teardown(() => connection.close());
  const [plain, json] = [tail(t, broker.url), tail(t, broker.url, "--json")];
  for (const one of [plain, json]) await eventually(() => one.stderr.includes("connected, waiting for alerts"));
  await connection.flush();
  const bodies = broken();
  for (const body of bodies) connection.publish(SUBJECT, body);
  const dirty = `x${INVISIBLE.join("y")}z`;
  const evidence = [{ condition: dirty, source: dirty, modality: dirty, captured_at: "2026-01-01T00:00:00Z", duration_ms: 1e308, offset_ms: -1e308, confidence: 1e308, text: dirty }];
  const hostile = alert({ id: dirty, rule: dirty, group: dirty, summary: dirty, reason: dirty, supersedes: dirty, continues: dirty, revision: 2 ** 53, confidence: 1e308, evidence, events: [{ id: dirty }], [dirty]: dirty });
  connection.publish(SUBJECT, Buffer.from(JSON.stringify(hostile)));
  connection.publish(SUBJECT, encode(alert({ summary: "the last", huge: 2 ** 60 })));
  await connection.flush();
  for (const one of [plain, json]) {
    await eventually(() => one.stdout.includes("the last"));
    t.equal(one.stderr.split("is no alert of fusiond's").length - 1, bodies.length, "each that was left out is told");
    t.equal(plainText(one.stdout.replaceAll("\n", "")), one.stdout.replaceAll("\n", "").replaceAll("\ud800", "\ufffd"));
    t.equal(plainText(one.stderr.replaceAll("\n", "")), one.stderr.replaceAll("\n", ""));
    one.kill("SIGTERM");
    t.match(await one.ended(), { code: 0 });
  }
  t.match(JSON.parse(json.stdout.split("\n")[0] ?? ""), { summary: dirty }, "as JSON it is the same value");
});

void t.test("tail: says that there is no broker, waits for it, and ends on a signal", { skip: natsServerMissing(), timeout: 60_000 }, async (t) => {
  const broker = await new TestNatsServer().start();
  const { url } = broker;
  await broker.kill();
  const waiting = tail(t, url);
  await eventually(() => /^not connected to the broker \(.*\), trying again$/m.test(waiting.stderr));
  await broker.start();
  t.teardown(() => broker.stop());
  await eventually(() => waiting.stderr.includes("connected, waiting for alerts"));
  waiting.kill("SIGINT");
  t.match(await waiting.ended(), { code: 0, stdout: "" });
});

void t.test("terminal text: JSON keeps its value and loses what steers", (t) => {
  const text = fc.array(fc.oneof(fc.constantFrom(...INVISIBLE), fc.string({ unit: "binary" }))).map((parts) => parts.join(""));
  holds(t, "same value, plain", fc.property(fc.dictionary(text, text), (value) => {
    const line = plainJson(value);
    return plainText(line) === line && JSON.stringify(JSON.parse(line)) === JSON.stringify(value);
  }));
  t.end();
});
