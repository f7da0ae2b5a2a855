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
    `  r${index}: {any: [{read: {field: ${JSON.stringify(key)}, equals: ${JSON.stringify(VALUE)}}}], within: 1s, resolve_after: 1s}`;
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
    "",
  ].join("\n");
}

const NO_OBJECTS = ["[1]", "null", "{"];

/** A line for each key, and a few in which all keys stand together, nested and with other values. */
function hostileLines(): readonly string[] {
  const object = (value: string): string => `{${HOSTILE_KEYS.map((key) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
  const single = KEYS.map((key) => `{${JSON.stringify(key)}:${JSON.stringify(VALUE)}}`);
  return [...single, object("1"), object("null"), object("[]"), object('{"__proto__":{"toJSON":1}}'), '{"toJSON":1,"constructor":2}', ...NO_OBJECTS];
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

void t.test("hostile lines: each is data, from files and subjects to JSON and msgpack, and after a crash", async (t) => {
  const folder = t.testdir({ "log.txt": "" });
  for (const format of ["json", "msgpack"] as const) {
    writeFileSync(join(folder, "fusiond.yaml"), configOf(format));
    const daemon = Fusiond.start(["run", "--config", "fusiond.yaml"], { cwd: folder });
    t.teardown(() => daemon.end());
    const port = await daemon.running();
    await eventually(() => daemon.log.filter(({ state }) => state === "healthy").length === 2);
    const tail = Fusiond.start(["tail", "--config", "fusiond.yaml", "--json"], { cwd: folder });
    t.teardown(() => tail.end());
    await eventually(() => tail.stderr.includes("connected, waiting"));
    const { url, user, password: pass } = JSON.parse(readFileSync(join(folder, "state/nats/credentials.json"), "utf8")) as Record<string, string>;
    const connection = await connect({ servers: url!, user: user!, pass: pass! });
    t.teardown(() => connection.close());

    for (const line of hostileLines()) {
      appendFileSync(join(folder, "log.txt"), `${line}\n`);
      connection.publish("plant.door", Buffer.from(line));
    }
    const objects = hostileLines().length - NO_OBJECTS.length;
    const observed = async (source: string): Promise<boolean> => {
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return metrics.includes(`fusiond_source_observations_total{source="${source}",modality="text"} ${objects}\n`);
    };
    await eventually(async () => (await observed("constructor")) && (await observed("then")));
    t.pass("every line is an observation, of the file and of the subject");
    for (const group of ["toString", "valueOf"]) await eventually(() => fired(daemon, group).size === KEYS.length);
    t.pass("every rule on a hostile name fired");
    await eventually(() => {
      const alerts = tail.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as { rule: string; evidence: { text?: string }[] });
      const proto = alerts.filter(({ rule }) => rule === `r${KEYS.indexOf("__proto__")}`);
      return new Set(alerts.map(({ rule }) => rule)).size === KEYS.length && proto.some(({ evidence }) => evidence[0]?.text?.startsWith(`${VALUE} dog`));
    });
    t.pass("and reached who watches, with the template's names taken from the line alone");
    wasUnharmed(t, daemon);
    await connection.close();
    await tail.end();
    daemon.kill("SIGKILL"); // the next one takes up its journal
    await daemon.ended();
  }
});
