// The end of the daemon on a virtual clock, with signals of our own.
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import t from "tap";
import { Shutdown, type ShutdownStage } from "../../daemon/runtime/shutdown.js";
import { VirtualClock } from "../telemetry/virtual-clock.js";

/** A shutdown over these stages, and everything it told. */
function prepare(stages: readonly ShutdownStage[]) {
  const clock = new VirtualClock();
  const signals = new EventEmitter();
  const told: string[] = [];
  const shutdown = new Shutdown({
    stages: () => stages,
    deadlineMs: 20_000,
    clock,
    signals,
    telemetry: {
      stopping: (reason) => void told.push(`stopping: ${reason}`),
      stillRunning: (stage, remaining, elapsedMs) => void told.push(`still ${stage}, then ${remaining.join("+")}, after ${elapsedMs}`),
      stageFailed: (stage, error) => void told.push(`${stage} failed: ${String(error)}`),
      aborted: (error) => void told.push(error.message),
    },
  });
  return { clock, signals, told, shutdown };
}

/** A stage that notes its stop and then waits for `release`, or for the abort if it heeds it. */
function stage(name: string, order: string[], heedsAbort = true) {
  let release: () => void = () => undefined;
  const stop = (signal: AbortSignal): Promise<void> => {
    order.push(name);
    return new Promise((resolve) => {
      release = resolve;
      if (heedsAbort) signal.addEventListener("abort", () => resolve());
    });
  };
  return { name, stop, release: () => release() };
}

/** Lets everything that is ready run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const quick = (name: string, order: string[]): ShutdownStage => ({ name, stop: () => Promise.resolve(void order.push(name)) });

void t.test("shutdown: a signal stops the stages in their order and gives 0", async (t) => {
  const order: string[] = [];
  const { clock, signals, told, shutdown } = prepare([quick("sources", order), quick("encoders", order), quick("store", order)]);
  const exitCode = shutdown.wait();
  t.strictSame(order, [], "nothing stops before the signal");
  signals.emit("SIGTERM");
  t.equal(await exitCode, 0);
  t.strictSame(order, ["sources", "encoders", "store"]);
  t.strictSame(told, ["stopping: SIGTERM"]);
  t.equal(clock.pendingTimers, 0);
  t.equal(signals.listenerCount("SIGTERM") + signals.listenerCount("SIGINT"), 0);
});

void t.test("shutdown: the next stage waits for the one before; every 5 s a note says for which", async (t) => {
  const order: string[] = [];
  const sources = stage("sources", order);
  const { clock, signals, told, shutdown } = prepare([sources, quick("store", order)]);
  const exitCode = shutdown.wait();
  signals.emit("SIGINT");
  clock.advance(11_000);
  t.strictSame(order, ["sources"]);
  t.strictSame(told.slice(1), ["still sources, then store, after 5000", "still sources, then store, after 10000"]);
  sources.release();
  t.equal(await exitCode, 0);
});

void t.test("shutdown: the deadline aborts, names what still runs and gives 1", async (t) => {
  const order: string[] = [];
  const { clock, signals, told, shutdown } = prepare([stage("encoders", order, false), quick("store", order)]);
  const exitCode = shutdown.wait();
  signals.emit("SIGTERM");
  clock.advance(20_000);
  t.equal(await exitCode, 1);
  t.equal(told.at(-1), "stopped at once because 20 s were not enough, while these still ran: encoders, store");
  t.equal(clock.pendingTimers, 0, "no more notes");
});

void t.test("shutdown: a second signal aborts at once and gives 1; a third changes nothing", async (t) => {
  const order: string[] = [];
  const { signals, told, shutdown } = prepare([stage("sources", order), stage("store", order)]);
  const exitCode = shutdown.wait();
  signals.emit("SIGTERM");
  signals.emit("SIGINT");
  signals.emit("SIGTERM");
  t.equal(await exitCode, 1);
  t.equal(told.filter((line) => line.startsWith("stopped at once because a second signal (SIGINT)")).length, 1);
  await settle();
  t.strictSame(order, ["sources", "store"], "what heeds the abort lets the next one be told");
});

void t.test("shutdown: a stage that fails does not keep the others, and gives 1", async (t) => {
  const order: string[] = [];
  const broken: ShutdownStage = { name: "sources", stop: () => Promise.reject(new Error("stuck")) };
  const { signals, told, shutdown } = prepare([broken, quick("store", order)]);
  const exitCode = shutdown.wait();
  signals.emit("SIGTERM");
  t.equal(await exitCode, 1);
  t.strictSame(order, ["store"]);
  t.strictSame(told.slice(1), ["sources failed: Error: stuck"]);
});

void t.test("shutdown: begins once, for whatever reason came first, with its exit code", async (t) => {
  for (const code of [0, 1]) {
    const order: string[] = [];
    const { told, shutdown } = prepare([quick("store", order)]);
    const exitCode = shutdown.wait();
    shutdown.begin("the input has ended", code);
    shutdown.begin("again", 1 - code);
    t.equal(await exitCode, code);
    t.strictSame(order, ["store"]);
    t.strictSame(told, ["stopping: the input has ended"]);
  }
});

void t.test("shutdown: a real process stays until it is told, and a stage without handles meets the deadline", async (t) => {
  const runtime = new URL("../../daemon/runtime/", import.meta.url).href;
  const script = `
    const { Shutdown } = await import("${runtime}shutdown.js");
    const { systemClock } = await import("${runtime}clock.js");
    const none = () => undefined;
    const shutdown = new Shutdown({
      stages: () => [{ name: "stuck", stop: () => new Promise(none) }],
      deadlineMs: 100, clock: systemClock, signals: process,
      telemetry: { stopping: none, stillRunning: none, stageFailed: none, aborted: (error) => console.log(error.message) },
    });
    const done = shutdown.wait();
    console.log("ready");
    process.exitCode = await done;`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (data: Buffer) => (said += data.toString()));
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  const [code] = (await once(child, "close")) as [number | null];
  t.equal(code, 1);
  t.match(said, /while these still ran: stuck/);
});
