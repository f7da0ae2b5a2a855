// Text feeds: followed files, subjects, replay.
import { execFileSync } from "node:child_process";
import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { LineCutter } from "../../daemon/sources/line-cutter.js";
import type { SourceSignal } from "../../daemon/sources/source.js";
import { TextSource, type TextFeed, type TextSourceOptions } from "../../daemon/sources/text-source.js";
import { provesSource } from "./conformance.js";
import { collect, RememberedTelemetry, scratch, toTheEnd, type Told } from "./support.js";
import { VirtualClock } from "./virtual-clock.js";
import { keepAlive } from "../support/eventually.js";

/** A feed that the test speaks through. */
class SpokenFeed implements TextFeed {
  say: (text: string) => void = () => undefined;
  link: (up: boolean) => void = () => undefined;
  closed = false;

  subscribe(_subject: string, onMessage: (data: Uint8Array) => void, onLink?: (up: boolean) => void): Promise<{ close(): Promise<void> }> {
    this.say = (text) => onMessage(Buffer.from(text));
    this.link = (up) => onLink?.(up);
    return Promise.resolve({
      close: () => {
        this.closed = true;
        return Promise.resolve();
      },
    });
  }
}

const options = (change: Partial<TextSourceOptions> & Pick<TextSourceOptions, "origin">): TextSourceOptions => ({
  id: "badges",
  json: false,
  lineBytesMax: 4096,
  linesPerSecondMax: 50,
  queueCapacity: 256,
  ...change,
});
const texts = (told: Told): string[] => told.of("text").map((capture) => (capture.modality === "text" ? capture.text : ""));
const isHealthy = (told: Told): boolean => told.states.at(-1) === "healthy";

void t.test("sources: a followed file keeps what every source promises", async (t) => {
  const path = join(scratch(t), "log");
  writeFileSync(path, "old\n");
  const source = new TextSource(options({ origin: { kind: "file", path } }), new RememberedTelemetry());
  await provesSource(t, { source, provoke: (told) => (isHealthy(told) && told.captures.length < 3 ? appendFileSync(path, "a line\n") : undefined) });
});

void t.test("sources: a subject keeps what every source promises", async (t) => {
  const feed = new SpokenFeed();
  const source = new TextSource(options({ origin: { kind: "subject", subject: "a.>", feed } }), new RememberedTelemetry());
  await provesSource(t, { source, provoke: (told) => (isHealthy(told) ? feed.say("a message") : undefined) });
  t.ok(feed.closed);
});

void t.test("sources: a replayed text keeps what every source promises", async (t) => {
  const path = join(scratch(t), "log");
  writeFileSync(path, "one\ntwo\nthree\nfour\nfive\n");
  await provesSource(t, { source: new TextSource(options({ origin: { kind: "replay", path, startsAtMs: 0 } }), new RememberedTelemetry()) });
});

void t.test("sources: a followed file is followed through rotation, cutting and absence", async (t) => {
  const path = join(scratch(t), "log");
  const steps: ((told: Told) => boolean)[] = [
    (told) => isHealthy(told) && (appendFileSync(path, "one\r\n\ntw"), true),
    (told) => texts(told).includes("one") && (appendFileSync(path, "o\nhalf"), true),
    (told) => texts(told).includes("two") && (renameSync(path, `${path}.1`), writeFileSync(path, "after rotation\n"), true),
    (told) => texts(told).includes("after rotation") && (truncateSync(path), true),
    (told) => texts(told).includes("half") && (appendFileSync(path, "short\n"), true),
    (told) => texts(told).includes("short") && (rmSync(path), true),
    (told) => told.states.at(-1) === "alarmed" && (writeFileSync(path, "anew\n"), true),
    (told) => texts(told).includes("anew"),
  ];
  writeFileSync(path, "old\n");
  const source = new TextSource(options({ origin: { kind: "file", path } }), new RememberedTelemetry());
  const told = await collect(source, (so_far) => {
    if (steps[0]?.(so_far) === true) steps.shift();
    return steps.length === 0;
  });
  t.same(texts(told), ["one", "two", "after rotation", "half", "short", "anew"]);
  t.same(told.states, ["starting", "healthy", "alarmed", "healthy"]);
});

void t.test("sources: a silent feed's progress follows the clock, and an unlinked one is no witness", async (t) => {
  const clock = new VirtualClock();
  const feed = new SpokenFeed();
  const source = new TextSource(options({ origin: { kind: "subject", subject: "a", feed } }), new RememberedTelemetry(), clock);
  const collecting = collect(source, (told) => told.states.length === 4);
  await clock.advance(5000);
  feed.link(false);
  await clock.advance(1000);
  feed.link(true);
  const told = await collecting;
  t.same(told.states, ["starting", "healthy", "alarmed", "healthy"]);
  t.same(
    told.progress("text").slice(0, 5).map((time, i, all) => time - (all[0] as number) - i * 1000),
    [0, 0, 0, 0, 0],
  );
});

void t.test("sources: JSON lines become fields and a sentence; others are counted", async (t) => {
  const feed = new SpokenFeed();
  const telemetry = new RememberedTelemetry();
  const origin = { kind: "subject", subject: "a", feed } as const;
  const source = new TextSource(options({ origin, json: true, template: "badge {result} at {door.name}{none}", linesPerSecondMax: 1000 }), telemetry);
  let said = false;
  const told = await collect(source, (so_far) => {
    if (isHealthy(so_far) && !said) {
      said = true;
      for (let i = 0; i < 150; i++) feed.say("no json");
      feed.say("[1]");
      feed.say(`"${"x".repeat(5000)}"`);
      feed.say('{"result":"accepted","door":{"name":"dock","n":[1,true]},"gone":null}');
    }
    return so_far.captures.length === 1;
  });
  t.match(told.captures[0], { text: "badge accepted at dock", fields: new Map([["result", "accepted"], ["door.name", "dock"], ["door.n.0", "1"], ["door.n.1", "true"]]) });
  t.same(Object.fromEntries(telemetry.drops), { malformed: 151, oversize: 1 });
  t.equal(telemetry.notes.length, 2, "one note in a hundred");
});

void t.test("sources: more lines than allowed in a second are dropped and counted", async (t) => {
  const clock = new VirtualClock();
  const feed = new SpokenFeed();
  const telemetry = new RememberedTelemetry();
  const origin = { kind: "subject", subject: "a", feed } as const;
  const source = new TextSource(options({ origin, linesPerSecondMax: 10 }), telemetry, clock);
  const collecting = collect(source, (told) => texts(told).at(-1) === "later");
  await clock.advance(100);
  for (let i = 0; i < 30; i++) feed.say(`line ${i}`);
  await clock.advance(1000);
  feed.say("later");
  const told = await collecting;
  t.equal(told.captures.length, 11);
  t.same(Object.fromEntries(telemetry.drops), { rate: 20 });
  t.equal(told.signals.filter((signal) => signal.kind === "lost" && signal.reason === "rate").length, 1, "that something was lost is told once a second, however much it is");
});

void t.test("sources: a consumer that does not come loses the oldest lines, counted, but no state", async (t) => {
  const feed = new SpokenFeed();
  const telemetry = new RememberedTelemetry();
  const origin = { kind: "subject", subject: "a", feed } as const;
  const source = new TextSource(options({ origin, queueCapacity: 4 }), telemetry);
  const iterator = source.observe(new AbortController().signal)[Symbol.asyncIterator]();
  t.match((await iterator.next()).value, { state: "starting" });
  await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 20; i++) feed.say(`line ${i}`);
  const seen: string[] = [];
  while (seen.at(-1) !== "line 19") {
    const { value } = (await iterator.next()) as { value: { kind: string; state?: string; capture?: { text: string } } };
    if (value.kind !== "progress") seen.push(value.state ?? value.capture?.text ?? value.kind);
  }
  t.same(seen, ["lost", "healthy", "line 16", "line 17", "line 18", "line 19"]);
  await iterator.return?.();
  t.same(Object.fromEntries(telemetry.drops), { queue_full: 16 });
  t.ok(feed.closed, "leaving it ends it");
});

void t.test("sources: a replayed line happens at its own time, else one ms after the line before", async (t) => {
  const path = join(scratch(t), "log");
  const lines = ['{"a":"1"}', '{"a":"2","time":"1970-01-01T00:01:00Z"}', '{"a":"3","time":"1970-01-01T00:00:30+00:00"}', '{"a":"4"}', '{"a":"5","time":"soon"}'];
  writeFileSync(path, lines.join("\n"));
  const origin = { kind: "replay", path, startsAtMs: 5000 } as const;
  const told = await collect(new TextSource(options({ origin, json: true }), new RememberedTelemetry()), toTheEnd);
  t.same(told.captures.map((capture) => capture.capturedAt), [5000, 60_000, 60_001, 60_002, 60_003]);
  t.same(told.states, ["healthy", "ended"]);
  const absent = { kind: "replay", path: `${path}.none`, startsAtMs: 0 } as const;
  await t.rejects(collect(new TextSource(options({ origin: absent }), new RememberedTelemetry()), toTheEnd), { code: "media_invalid" });
});

void t.test("sources: a replay refuses what is no file or cannot be read as text, without waiting for it", async (t) => {
  const folder = scratch(t);
  execFileSync("mkfifo", [join(folder, "fifo")]);
  writeFileSync(join(folder, "utf16"), Buffer.from("\uFEFFdoor\n", "utf16le"));
  for (const [name, says] of [["fifo", /is no file/], ["", /is a folder/], ["utf16", /is UTF-16/]] as const) {
    const origin = { kind: "replay", path: join(folder, name), startsAtMs: 0 } as const;
    await t.rejects(collect(new TextSource(options({ origin }), new RememberedTelemetry()), toTheEnd), { code: "media_invalid", message: says });
  }
});

void t.test("sources: a line that is too long is passed over, its neighbours are not", (t) => {
  let oversize = 0;
  const cutter = new LineCutter({ maxBytes: 5, onOversize: () => (oversize += 1), onNotUtf8: () => undefined });
  t.same(cutter.push(Buffer.from("12345\n123456\nab")), ["12345"]);
  t.same(cutter.push(Buffer.from("c\n1234567")), ["abc"]);
  t.same(cutter.push(Buffer.from("89\nä")), []);
  t.equal(cutter.flush(), "ä");
  t.equal(cutter.flush(), undefined);
  t.equal(oversize, 2);
  t.end();
});

void t.test("sources: a live line happens when it arrives, and a time that cannot be read is counted", async (t) => {
  const clock = new VirtualClock();
  const feed = new SpokenFeed();
  const telemetry = new RememberedTelemetry();
  const origin = { kind: "subject", subject: "a", feed } as const;
  const source = new TextSource(options({ origin, json: true }), telemetry, clock);
  const collecting = collect(source, (told) => told.captures.length === 3);
  await clock.advance(100);
  for (const time of ['"shift 7"', "1793511000", '"2001-07-01T00:00:00Z"']) feed.say(`{"time":${time}}`);
  await clock.advance(1000);
  const told = await collecting;
  t.ok(told.captures.every(({ capturedAt }) => Math.abs(capturedAt - clock.wallNowMs()) <= 1100));
  t.same(Object.fromEntries(telemetry.faults), { time_unreadable: 2 });
});

void t.test("sources: a line that is given up is told as a loss, so that nobody concludes what it did not say", async (t) => {
  const feed = new SpokenFeed();
  const origin = { kind: "subject", subject: "a", feed } as const;
  const source = new TextSource(options({ origin, json: true, lineBytesMax: 64, linesPerSecondMax: 2 }), new RememberedTelemetry());
  const iterator = source.observe(new AbortController().signal)[Symbol.asyncIterator]();
  keepAlive(t);
  const next = async (): Promise<SourceSignal> => {
    const { value } = (await iterator.next()) as { value: SourceSignal };
    return value.kind === "progress" || value.kind === "state" ? next() : value;
  };
  t.match((await iterator.next()).value, { state: "starting" });
  await new Promise((resolve) => setImmediate(resolve));
  for (const [line, reason] of [["x".repeat(100), "oversize"], ["no JSON", "malformed"]] as const) {
    feed.say(line);
    const lost = await next();
    t.match(lost, { kind: "lost", modality: "text", reason });
    t.ok(lost.kind === "lost" && lost.from <= lost.to);
  }
  for (let i = 0; i < 5; i++) feed.say('{"a": "1"}');
  t.match(await next(), { kind: "lost", reason: "rate" });
  await iterator.return?.();
});
