// Lines whose names and values mean something to languages and libraries, through the whole daemon: data, from every input
// of text to every output, and after a crash.
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "nats";
import t, { type Test } from "tap";
import { eventually } from "../support/eventually.js";
import { Fusiond } from "../support/fusiond.js";
import { HOSTILE_KEYS } from "../support/hostile.js";

/** A configuration asks for every key but the empty one. */
const KEYS = HOSTILE_KEYS.filter((key) => key !== "");
const VALUE = '{a} $& \u0000\u001b[2J\u202e __proto__ "toJSON" \u{1f436}';

/** Sources, groups and rules are called as badly as lines are. Double-quoted YAML takes the escapes of JSON. */
function configOf(format: "json" | "msgpack"): string {
  const rule = (key: string, index: number): string =>
    `  r${index}: {any: [{read: {field: ${JSON.stringify(key)}, equals: ${JSON.stringify(VALUE)}}}], within: 1s, resolve_after: 10m}`;
  return [
    "site: hasOwnProperty",
    "state_dir: state",
    `nats: {embedded: true, port: 0, format: ${format}, events: true, candidates: true}`,
    'http: {listen: "127.0.0.1:0"}',
    "log: {level: debug}",
    "sources:",
    "  constructor: {text: {file: log.txt, json: true, template: \"{__proto__} dog {toString}\"}}",
    "  then: {text: {subject: plant.>, json: true}}",
    "groups: {toString: {sources: [constructor]}, valueOf: {sources: [then]}}",
    "rules:",
    ...KEYS.map(rule),
    "  toJSON: {any: [{read: {field: door, equals: open}}]}",
    "",
  ].join("\n");
}

/** A line for each key, and a few in which all keys stand together, nested and with other values. */
function hostileLines(): readonly string[] {
  const object = (value: string): string => `{${HOSTILE_KEYS.map((key) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
  const single = KEYS.map((key) => `{${JSON.stringify(key)}:${JSON.stringify(VALUE)}}`);
  return [...single, object("1"), object("null"), object("[]"), object('{"__proto__":{"toJSON":1}}'), '{"toJSON":1,"constructor":2}', "[1]", "null", "{"];
}

/** Rules that fired, of a group, by the log. */
function fired(daemon: Fusiond, group: string): ReadonlySet<unknown> {
  return new Set(daemon.log.filter((entry) => entry["state"] === "firing" && entry["group"] === group).map(({ rule }) => rule));
}

function wasUnharmed(t: Test, daemon: Fusiond): void {
  const faults = daemon.log.filter(({ level, msg }) => level === "error" && msg !== "captures were dropped");
  t.strictSame(faults, [], "no stage failed");
  const lost = daemon.log.filter(({ msg, reason }) => msg === "captures were dropped" && reason !== "malformed" && reason !== "shutdown");
  t.strictSame(lost, [], "nothing was lost but what is no JSON object");
}

for (const format of ["json", "msgpack"] as const) {
  void t.test(`hostile lines: each is data, in ${format}, and again after a crash`, async (t) => {
    const folder = t.testdir({ "log.txt": "" });
    writeFileSync(join(folder, "fusiond.yaml"), configOf(format));
    const start = async (): Promise<Fusiond> => {
      const daemon = Fusiond.start(["run", "--config", "fusiond.yaml"], { cwd: folder });
      t.teardown(() => daemon.end());
      await daemon.running();
      await eventually(() => daemon.log.filter(({ state }) => state === "healthy").length === 2);
      return daemon;
    };
    const daemon = await start();
    const tail = Fusiond.start(["tail", "--config", "fusiond.yaml", "--json"], { cwd: folder });
    t.teardown(() => tail.end());
    await eventually(() => tail.stderr.includes("connected"));
    const { url, user, password: pass } = JSON.parse(readFileSync(join(folder, "state/nats/credentials.json"), "utf8")) as Record<string, string>;
    const connection = await connect({ servers: url!, user: user!, pass: pass! });
    t.teardown(() => connection.close());

    for (const line of hostileLines()) {
      appendFileSync(join(folder, "log.txt"), `${line}\n`);
      connection.publish("plant.door", Buffer.from(line));
    }
    for (const group of ["toString", "valueOf"]) await eventually(() => fired(daemon, group).size === KEYS.length);
    t.pass("every rule on a hostile name fired, for the file and for the subject");
    const alerts = await eventually(() => {
      const lines = tail.stdout.split("\n").slice(0, -1);
      return lines.length >= 2 * KEYS.length && lines.map((line) => JSON.parse(line) as { rule: string; evidence: { text?: string }[] });
    });
    t.equal(new Set(alerts.map(({ rule }) => rule)).size, KEYS.length, "and reached who watches");
    const proto = alerts.filter(({ rule }) => rule === `r${KEYS.indexOf("__proto__")}`);
    t.ok(proto.some(({ evidence }) => evidence[0]?.text?.startsWith(`${VALUE} dog`)), "with the template's names taken from the line alone");
    const metrics = await (await fetch(`http://127.0.0.1:${await daemon.running()}/metrics`)).text();
    t.match(metrics, /fusiond_source_observations_total\{source="constructor",modality="text"\} [1-9]/);
    wasUnharmed(t, daemon);

    daemon.kill("SIGKILL");
    await daemon.ended();
    const again = await start();
    appendFileSync(join(folder, "log.txt"), '{"door":"open"}\n');
    await eventually(() => fired(again, "toString").has("toJSON"));
    wasUnharmed(t, again);
    again.kill("SIGTERM");
    t.match(await again.ended(), { code: 0 });
  });
}
