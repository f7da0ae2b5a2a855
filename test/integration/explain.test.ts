// fusiond explain: a real daemon is asked why its rules are silent.
import { appendFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { askRule } from "../../daemon/cli/ask-rule.js";
import { eventually } from "../support/eventually.js";
import { Fusiond, runFusiond, type Ended } from "../support/fusiond.js";

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Doors are read; the camera is switched off. */
function configOf(http: string): string {
  const met = (value: string): string => `all: [{read: {field: door, equals: ${value}}}], within: 1s, resolve_after: 1s`;
  return [
    "site: test",
    "state_dir: state",
    "nats: {embedded: true, port: 0}",
    `http: ${http}`,
    "log: {level: debug}",
    "sources:",
    '  doors: {text: {file: doors.txt, json: true}}',
    '  yard-cam: {camera: "rtsp://127.0.0.1:1/stream"}',
    "groups: {yard: {sources: [doors, yard-cam], allowed_lateness: 100ms, idle_after: 2s}}",
    "rules:",
    `  back-door: {${met("back")}, cooldown: 10m}`,
    `  side-door: {${met("side")}, unless: {read: {field: badge, equals: accepted}, within: 500ms}}`,
    `  front-door: {${met("front")}, unless: {see: person, within: 20s}}`,
    `  cellar-door: {${met("cellar")}}`,
    `  attic-door: {${met("attic")}, enabled: false}`,
    "",
  ].join("\n");
}

const explain = (cwd: string, ...args: string[]): Promise<Ended> => runFusiond(["explain", "--config", "fusiond.yaml", ...args], { cwd });

/** A command that refuses in one sentence. */
function refused(t: Test, { code, stdout, stderr }: Ended, expected: number, sentence: string): void {
  t.strictSame([code, stdout], [expected, ""]);
  t.equal(stderr, `${sentence}\n`);
}

void t.test("explain: a running daemon says of each rule how it stands and why it was silent", async (t) => {
  const folder = t.testdir({ "doors.txt": "" });
  writeFileSync(join(folder, "fusiond.yaml"), configOf(`{listen: "127.0.0.1:${await freePort()}"}`));
  const daemon = Fusiond.start(["run", "--config", "fusiond.yaml"], { cwd: folder });
  t.teardown(() => daemon.end());
  await daemon.running();
  await eventually(() => daemon.log.some(({ source, state }) => source === "doors" && state === "healthy"));
  const said = (line: object): void => appendFileSync(join(folder, "doors.txt"), `${JSON.stringify(line)}\n`);
  const entry = (rule: string, more: object): Promise<Readonly<Record<string, unknown>>> =>
    eventually(() => daemon.log.find((one) => one["rule"] === rule && Object.entries(more).every(([key, value]) => one[key] === value)));

  said({ door: "back" });
  await entry("back-door", { state: "resolved" });
  said({ door: "back" });
  said({ badge: "accepted" });
  said({ door: "side" });
  said({ door: "front" });

  t.match(await entry("back-door", { reason: "cooldown" }), { level: "debug", msg: "incident was held back", group: "yard", why: /^the rule was cooling down until \d{4}-.*Z$/ });
  t.match(await entry("side-door", { reason: "unless" }), { why: /^read: badge = accepted was met at / });
  t.match(await entry("front-door", { reason: "blind" }), { why: /^see: person cannot be answered from .* to .*, no source was watching$/ });

  const asked = [["back-door"], ["side-door"], ["front-door"], ["cellar-door"], ["--json", "cellar-door"], ["font-door"], ["attic-door"]];
  const answers = await Promise.all(asked.map((args) => explain(folder, ...args)));
  const [back, side, front, cellar, json, misspelt, off] = answers as [Ended, Ended, Ended, Ended, Ended, Ended, Ended];
  t.equal(back.code, 0);
  t.match(back.stdout, /^back-door in yard, at \d\d:\d\d:\d\d: cooling down for [\d.]+ s more, until /);
  t.match(back.stdout, /fired last: \d\d:\d\d:\d\d to \d\d:\d\d:\d\d\n {2}held back since fusiond started: cooldown 1; lately:\n/);
  t.match(back.stdout, /held back \(cooldown\): the rule was cooling down until .*; it was read: door = back \(doors 1\.00\)\n$/);
  t.match(side.stdout, /must not be:\n {4}read: badge = accepted in the last 0\.5 s: /);
  t.match(side.stdout, /held back \(unless\): read: badge = accepted was met at \d\d:\d\d:\d\d;/);
  t.match(front.stdout, /see: person in the last 20 s: unknown; yard-cam has never been watching \(connection refused.*\); nothing ever spoke for it\n/);
  t.match(front.stdout, /held back since fusiond started: blind 1; lately:\n.*held back \(blind\): see: person cannot be answered from /);
  t.match(cellar.stdout, /^cellar-door in yard, at .*: idle, its conditions are not met\n {2}needed, all within 1 s:\n {4}read: door = cellar: no; nothing ever spoke for it\n/);
  t.match(cellar.stdout, /fired: not that it remembers\n {2}held back since fusiond started: nothing\n$/);
  t.match(JSON.parse(json.stdout), { ruleId: "cellar-door", groups: [{ groupId: "yard", standing: { state: "idle" } }] });

  refused(t, misspelt, 2, 'fusiond.yaml has no rule "font-door"; the nearest it has: front-door');
  refused(t, off, 1, 'the rule "attic-door" is switched off: take "enabled: false" out of it and restart fusiond');
});

void t.test("explain: where nobody can be asked, one sentence says so", async (t) => {
  const asked = (http: string, rule = "back-door"): Promise<Ended> => explain(t.testdir({ "doors.txt": "", "fusiond.yaml": configOf(http) }), rule);
  refused(t, await asked("{enabled: false}"), 1, "http is switched off, by which a running fusiond is asked: set http.enabled to true and restart it");
  refused(t, await asked('{listen: "127.0.0.1:0"}'), 1, "http.listen takes any free port (0), so nobody knows where to ask: give it a port and restart fusiond");
  refused(t, await asked("{}", "\u001b[2J"), 2, 'fusiond.yaml has no rule "\ufffd[2J"; it has: back-door, side-door, front-door, cellar-door, attic-door');
});

void t.test("explain: what answers and is no such daemon, or nothing, is told in one sentence", async (t) => {
  t.match(await askRule({ host: "127.0.0.1", port: await freePort() }, "back-door", false), {
    why: /^fusiond does not answer on 127\.0\.0\.1:\d+ \(ECONNREFUSED\): start it, or see http\.listen$/,
  });
  const answers = [
    { status: 200, body: "hello", why: "is no fusiond: see http.listen" },
    { status: 200, body: "null", why: "is no fusiond: see http.listen" },
    { status: 200, body: '{"ruleId": "back-door", "groups": [{}]}', why: "is no fusiond: see http.listen" },
    { status: 404, body: "", why: 'does not know the rule "back-door": restart fusiond with this configuration' },
    { status: 503, body: "fusiond is starting; ask again in a moment.\n", why: "cannot answer: fusiond is starting; ask again in a moment." },
  ];
  for (const { status, body, why } of answers) {
    const server = createServer((_request, response) => void response.writeHead(status).end(body)).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    t.teardown(() => server.close());
    const asked = await askRule({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }, "back-door", false);
    t.ok("why" in asked && asked.why.endsWith(why), JSON.stringify(asked));
  }
});
