// Lines, levels and repeats.
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import t from "tap";
import { RepeatLimiter } from "../../daemon/telemetry/repeat-limiter.js";
import { plainLine } from "../../daemon/telemetry/plain-line.js";
import { createLogger, type LoggerOptions } from "../../daemon/telemetry/logger.js";
import { Redactor } from "../../daemon/telemetry/redact.js";
import { HOSTILE_KEYS, hostileText } from "../support/hostile.js";
import { holds } from "../support/property.js";
import { VirtualClock } from "./virtual-clock.js";

function memoryLogger(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const clock = new VirtualClock();
  const destination = { write: (line: string) => void lines.push(line), lost: 0, flush: () => Promise.resolve() };
  return { lines, clock, logger: createLogger({ redactor: new Redactor(), destination, clock, ...options }) };
}

void t.test("logger: one line of JSON with level, time, message and fields", (t) => {
  const { lines, logger } = memoryLogger();
  logger.info("source changed its state", { source: "dock-cam", state: "healthy", time: "noon", missing: undefined });
  t.equal(lines.join(""), '{"level":"info","time":"2023-11-14T22:13:20.000Z","source":"dock-cam","state":"healthy","time_":"noon","msg":"source changed its state"}\n');
  t.end();
});

void t.test("logger: nothing below its level", (t) => {
  const { lines, logger } = memoryLogger({ level: "warn" });
  logger.debug("a");
  logger.info("b");
  logger.warn("c");
  logger.error("d");
  t.equal(lines.length, 2);
  t.end();
});

void t.test("logger: a repeated warning is written first, then once in so many, with the count held back", (t) => {
  const { lines, logger } = memoryLogger({ repeatEvery: 10 });
  for (let i = 0; i < 25; i++) logger.warn("captures were dropped", { source: "dock-cam", count: i });
  logger.warn("captures were dropped", { source: "yard-mic", count: 1 });
  const repeated = lines.map((line) => (JSON.parse(line) as { repeated?: number }).repeated);
  t.strictSame(repeated, [undefined, 9, 9, undefined]);
  t.end();
});

void t.test("logger: changes of state are written every time", (t) => {
  const { lines, logger } = memoryLogger();
  for (let i = 0; i < 5; i++) logger.info("incident changed its state", { rule: "break-in" });
  t.equal(lines.length, 5);
  t.end();
});

void t.test("logger: whatever a field is called and says, it is one line with that field", (t) => {
  holds(
    t,
    "hostile fields",
    fc.property(fc.array(fc.tuple(fc.constantFrom(...HOSTILE_KEYS), hostileText), { maxLength: 10 }), (pairs) => {
      const { lines, logger } = memoryLogger();
      const fields = Object.fromEntries(pairs) as Record<string, unknown>;
      logger.info("a line", { ...fields, inner: fields });
      const line = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
      return lines.length === 1 && line["msg"] === "a line" && Object.keys(fields).every((key) => Object.hasOwn(line, /^(level|time|msg|repeated)$/.test(key) ? `${key}_` : key));
    }),
  );
  t.end();
});

void t.test("logger: plain lines for a terminal hold no control character of their input", (t) => {
  const { lines, logger } = memoryLogger({ format: "plain" });
  logger.warn("source is started again", { source: "dock-cam", reason: "exit", said: "\u001b[2J\u009b1mred \u007f", region: { x: 0.5 } });
  t.equal(lines.join(""), '2023-11-14T22:13:20.000Z WARN  source is started again source=dock-cam reason=exit said="\\u001b[2J?1mred ?" region={"x":0.5}\n');
  t.equal(plainLine('{"level":"info","time":"t","msg":"a\\nb"}'), "t INFO  a?b\n");
  t.end();
});

void t.test("logger: writes JSON to standard error, and all of it when flushed before an exit", (t) => {
  const folder = new URL("../../daemon/telemetry/", import.meta.url).href;
  const script = `
    const { createLogger } = await import("${folder}logger.js");
    const { Redactor } = await import("${folder}redact.js");
    const logger = createLogger({ redactor: new Redactor() });
    for (let i = 0; i < 100; i++) logger.info("line", { i });
    await logger.flush();
    process.exit(3);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  t.equal(status, 3);
  t.equal(stdout, "");
  t.equal(stderr.trim().split("\n").length, 100);
  t.match(JSON.parse(stderr.split("\n")[99] ?? "{}"), { i: 99, msg: "line" });
  t.end();
});

void t.test("logger: lines that nobody reads are lost, counted and told; the daemon goes on", (t) => {
  const folder = new URL("../../daemon/telemetry/", import.meta.url).href;
  // The pipe's reader reads nothing until the writer has said, on a pipe of its own, that it is through.
  const script = `
    const { writeSync } = await import("node:fs");
    const { descriptorDestination } = await import("${folder}log-destination.js");
    const destination = descriptorDestination(2);
    const line = '{"msg":"' + "x".repeat(1000) + '"}\\n';
    for (let i = 0; i < 4000; i++) destination.write(line);
    writeSync(1, "through\\n");
    const { again } = await import("${new URL("../support/eventually.js", import.meta.url).href}");
    again(5, () => destination.write('{"msg":"later"}\\n'));
    process.stdin.on("data", () => void destination.flush().then(() => process.exit(0)));`;
  const reader = `
    const { spawn } = await import("node:child_process");
    const child = spawn(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(script)}], { stdio: "pipe" });
    let text = "";
    child.stdout.once("data", () => child.stderr.on("data", (data) => {
      text += data;
      if (text.includes("were lost")) child.stdin.end("enough");
    }));
    child.on("close", (code) => console.log(JSON.stringify({ code, written: text.split('{"msg":"x').length - 1, lost: text.split("\\n").filter((line) => line.includes("were lost")), later: text.includes("later") })));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", reader], { encoding: "utf8" });
  const seen = JSON.parse(stdout) as { code: number; written: number; lost: string[]; later: boolean };
  const lost = seen.lost.map((line) => (JSON.parse(line) as { count: number }).count).reduce((sum, count) => sum + count, 0);
  t.equal(seen.code, 0);
  t.ok(lost > 2000, `${lost} lines lost of 4000`);
  t.equal(seen.written + lost, 4000, "each is written or counted");
  t.ok(seen.later);
  t.end();
});

void t.test("repeat limiter: a quiet time makes the next one the first again, with what was held back", (t) => {
  const clock = new VirtualClock();
  const limiter = new RepeatLimiter({ clock, every: 10, quietMs: 1000 });
  t.equal(limiter.admit("a"), 0);
  t.equal(limiter.admit("a"), undefined);
  t.equal(limiter.admit("a"), undefined);
  clock.advance(1000);
  t.equal(limiter.admit("a"), 2);
  t.end();
});

void t.test("repeat limiter: keeps no more kinds in mind than its capacity", (t) => {
  const limiter = new RepeatLimiter({ clock: new VirtualClock(), capacity: 2 });
  for (const kind of ["a", "b", "a", "c"]) limiter.admit(kind);
  t.equal(limiter.admit("b"), 0, "the longest unheard was forgotten");
  t.equal(limiter.admit("c"), undefined);
  t.end();
});
