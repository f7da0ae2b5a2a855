// The judgement of a live source's health, and the loop that keeps it alive, on a virtual clock.
import t from "tap";
import { FrozenPicture, type SeenFrame } from "../../daemon/sources/frozen-picture.js";
import type { ConnectionEnd, Link } from "../../daemon/sources/connection.js";
import { defaultAnomalies } from "../../daemon/sources/anomalies.js";
import { greyGrid } from "../../daemon/sources/grey-grid.js";
import { defaultPatience, LiveRun, patienceAt, type LiveRunOptions } from "../../daemon/sources/live-run.js";
import type { WatchedFrame } from "../../daemon/sources/media-intake.js";
import { LiveWatcher } from "../../daemon/sources/live-watcher.js";
import { Liveness } from "../../daemon/sources/liveness.js";
import { SignalOutlet } from "../../daemon/sources/signal-outlet.js";
import type { SourceSignal } from "../../daemon/sources/source.js";
import { Sustained } from "../../daemon/sources/sustained.js";
import { again } from "../support/eventually.js";
import { RememberedTelemetry } from "./support.js";
import { VirtualClock } from "./virtual-clock.js";

const patience = { steadyMs: 5000, coolDownMs: 300_000, escalateMs: 60_000, failMs: 600_000 };

void t.test("sources: health goes from alarmed to escalated to failed, and back by steady work", (t) => {
  const liveness = new Liveness(patience, 0, 100);
  t.match(liveness.produced(10, 110), { state: "healthy", at: 110 });
  t.equal(liveness.produced(1000, 1100), undefined);
  t.match(liveness.lost(9000, 9100), { state: "alarmed", at: 1100 }, "blind since what it gave last");
  t.equal(liveness.lost(9500, 9600), undefined, "told once");
  t.equal(liveness.tick(68_000, 68_100), undefined);
  t.match(liveness.tick(69_000, 69_100), { state: "escalated", at: 69_100 });
  t.match(liveness.tick(609_000, 609_100), { state: "failed" });
  t.match(liveness.produced(700_000, 700_100), { state: "recovering" });
  t.match(liveness.lost(701_000, 701_100), { state: "failed" }, "it is still the same outage");
  t.match(liveness.produced(702_000, 702_100), { state: "recovering" });
  t.match(liveness.produced(707_000 + 100, 707_200), { state: "healthy", at: 707_200 });
  t.end();
});

void t.test("sources: a source that flaps has to be steady for longer each time", (t) => {
  const liveness = new Liveness(patience, 0, 0);
  liveness.produced(0, 0);
  let nowMs = 1000;
  const timesMs: number[] = [];
  for (let i = 0; i < 8; i++) {
    liveness.lost(nowMs, nowMs);
    const lostMs = nowMs;
    while (liveness.state !== "healthy") liveness.produced((nowMs += 100), nowMs);
    timesMs.push(Math.round((nowMs - lostMs) / 1000));
  }
  t.same(timesMs, [5, 10, 20, 40, 80, 160, 160, 160]);
  nowMs += patience.coolDownMs;
  liveness.lost(nowMs, nowMs);
  liveness.produced(nowMs, nowMs);
  t.match(liveness.produced(nowMs + 5000, nowMs + 5000), { state: "healthy" }, "after a calm time it is quick again");
  t.end();
});

void t.test("sources: what lasts counts, what occurs does not", (t) => {
  const sustained = new Sustained(1000, 200);
  t.equal(sustained.observe(true, 0), false);
  t.equal(sustained.observe(false, 900), false);
  t.equal(sustained.observe(true, 1000), false);
  t.ok(sustained.observe(true, 2000) && sustained.active);
  t.equal(sustained.observe(false, 2100), false);
  t.ok(sustained.observe(false, 2300) && !sustained.active);
  t.end();
});

/** A picture of 16 x 16 that is as its name is. */
function frameOf(name: string): WatchedFrame {
  const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (name.charCodeAt(i % name.length) * 37 * (1 + (i % 7))) % 256);
  return { checksum: name, width: 16, height: 16, pixels };
}

function seen(name: string): SeenFrame {
  const { checksum, width, height, pixels } = frameOf(name);
  return { checksum, grid: greyGrid(pixels, width, height) };
}

void t.test("sources: one picture for long is frozen, another one is not", (t) => {
  const frozen = new FrozenPicture(30_000);
  for (let now = 0; now <= 60_000; now += 1000) t.notOk(frozen.observe(seen(`${Math.floor(now / 20_000)}`), now, now), "changes every 20 s");
  const still = new FrozenPicture(30_000);
  const changes: number[] = [];
  for (let now = 0; now <= 40_000; now += 1000) if (still.observe(seen("a"), now, 1_000_000 + now)) changes.push(now);
  t.same(changes, [31_000]);
  t.equal(still.since, 1_000_000);
  t.ok(still.reconnectDue(40_000));
  still.connecting();
  still.observe(seen("a"), 41_000, 0);
  t.notOk(still.reconnectDue(100_000), "the new connection has its time, twice as much as the one before");
  t.ok(still.reconnectDue(101_000));
  t.ok(still.observe(seen("b"), 102_000, 0), "it moves");
  t.notOk(still.active);
  t.end();
});

void t.test("sources: a frozen camera is told, left, and not trusted until its picture changes", async (t) => {
  const clock = new VirtualClock();
  const telemetry = new RememberedTelemetry();
  const watcher = new LiveWatcher("cam", { ...defaultAnomalies, silent: 5000 }, telemetry);
  let checksum = "a";
  const { signals, stop } = start(clock, telemetry, {
    connect: async (link) => {
      const watch = watcher.watch(link);
      while (!link.signal.aborted) {
        await watch.frame(frameOf(checksum), clock.monotonicNowMs(), clock.wallNowMs());
        await tickOrAbort(clock, 1000, link.signal);
      }
      return { reason: "exit", detail: "ended" };
    },
  });
  await clock.advance(100_000);
  checksum = "b";
  await clock.advance(1500);
  const still = again(0, () => (checksum += "b"));
  await clock.advance(20_000);
  still();
  await stop();
  watcher.close();
  t.same(states(signals).slice(0, 3), ["starting", "healthy", "alarmed"]);
  t.match(telemetry.anomalies.slice(0, 2), ["frozen true", "frozen false"]);
  t.match(telemetry.restarts, ["frozen"]);
  const alarmed = signals.find((signal) => signal.kind === "state" && signal.state === "alarmed");
  const healthy = signals.find((signal) => signal.kind === "state" && signal.state === "healthy");
  t.ok(alarmed?.kind === "state" && healthy?.kind === "state" && alarmed.at === healthy.at, "blind since the picture stands still");
  t.equal(states(signals).at(-1), "healthy");
});

void t.test("sources: digital silence is told, and taken back once there is sound", async (t) => {
  const telemetry = new RememberedTelemetry();
  const watcher = new LiveWatcher("mic", { ...defaultAnomalies, silent: 5000 }, telemetry);
  const said: string[] = [];
  const link: Link = {
    signal: new AbortController().signal,
    shown: (modality) => Promise.resolve(void said.push(modality)),
    blind: (modality, why, since) => Promise.resolve(void said.push(`${modality}: ${why} since ${since}`)),
    absent: () => Promise.resolve(),
    end: () => undefined,
  };
  const watch = watcher.watch(link);
  for (let now = 0; now <= 6000; now += 100) await watch.sound({ samples: new Float32Array(10), isOutOfPhase: false }, now, now, now - 100);
  for (let now = 6100; now <= 10_000; now += 100) await watch.sound({ samples: new Float32Array(10).fill(0.1), isOutOfPhase: false }, now, now, now - 100);
  t.same(telemetry.anomalies, ["silent true", "silent false"]);
  t.same([...new Set(said)], ["audio", "audio: digital silence (for 5 s; write silent: off if that is normal here) since -100"], "blind since the silence began, and not for its pictures");
  t.equal(said.at(-1), "audio");
});

void t.test("sources: a connection that gives nothing is ended by the watchdog", async (t) => {
  const clock = new VirtualClock();
  const telemetry = new RememberedTelemetry();
  const { signals, stop } = start(clock, telemetry, { connect: untilAborted });
  await clock.advance(21_000);
  t.same(telemetry.restarts, ["start_failed"]);
  t.match(signals, [{ state: "starting" }, { state: "alarmed", detail: "no picture within 20 s of connecting" }]);
  await clock.advance(600_000);
  t.same(states(signals), ["starting", "alarmed", "escalated", "failed"]);
  t.ok(telemetry.restarts.length < 40, "with pauses");
  t.ok(telemetry.notes.length <= 3, "and without a flood of notes");
  await stop();
});

void t.test("sources: a picture that stays away ends the connection although sound goes on", async (t) => {
  const clock = new VirtualClock();
  const telemetry = new RememberedTelemetry();
  const { stop } = start(clock, telemetry, {
    modalities: ["image", "audio"],
    connect: async (link) => {
      for (let frame = 0; frame < 2; frame++) await link.shown("image", clock.wallNowMs());
      for (; !link.signal.aborted; await tickOrAbort(clock, 500, link.signal)) await link.shown("audio", clock.wallNowMs());
      return { reason: "exit", detail: "" };
    },
  });
  await clock.advance(10_600);
  t.same(telemetry.restarts, ["stall"]);
  t.match(telemetry.notes[0], /no picture for 10 s/);
  await stop();
});

void t.test("sources: a mute camera is healthy without its sound", async (t) => {
  const clock = new VirtualClock();
  const telemetry = new RememberedTelemetry();
  const { signals, stop } = start(clock, telemetry, {
    modalities: ["image", "audio"],
    connect: async (link) => {
      for (; !link.signal.aborted; await tickOrAbort(clock, 500, link.signal)) await link.shown("image", clock.wallNowMs());
      return { reason: "exit", detail: "" };
    },
  });
  await clock.advance(100_000);
  t.same(states(signals), ["starting", "healthy"]);
  t.match(signals.at(-1), { witnesses: [{ modality: "image", healthy: true }, { modality: "audio", healthy: false, why: /nothing came yet/ }] });
  t.same(telemetry.restarts, []);
  await stop();
});

void t.test("sources: a sound track that pauses leaves the picture alone, and witnesses only while it is there", async (t) => {
  const clock = new VirtualClock();
  const telemetry = new RememberedTelemetry();
  let speaks = true;
  const { signals, stop, outlet } = start(clock, telemetry, {
    modalities: ["image", "audio"],
    connect: async (link) => {
      for (; !link.signal.aborted; await tickOrAbort(clock, 500, link.signal)) {
        const time = clock.wallNowMs();
        await outlet.progress("image", time);
        await link.shown("image", time);
        if (speaks) await link.shown("audio", time);
      }
      return { reason: "exit", detail: "" };
    },
  });
  for (let round = 0; round < 5; round++) {
    speaks = true;
    await clock.advance(15_000);
    speaks = false;
    await clock.advance(15_000);
  }
  await stop();
  t.same(new Set(states(signals)), new Set(["starting", "healthy"]));
  t.same(telemetry.restarts, []);
  const sound = signals.flatMap((signal) => (signal.kind === "state" ? (signal.witnesses ?? []) : [])).filter(({ modality }) => modality === "audio");
  t.equal(sound.filter(({ healthy }) => healthy).length, 5, "it witnesses again each time");
  t.match(sound.at(-1), { healthy: false, why: "no sound for 10 s" });
  t.ok(sound.slice(1).every(({ at }, i) => at >= (sound[i]?.at ?? 0)));
});

void t.test("sources: a source that comes back witnesses from its first good frame on, before it is called healthy", async (t) => {
  const clock = new VirtualClock();
  let up = true;
  const { signals, stop } = start(clock, new RememberedTelemetry(), {
    connect: async (link) => {
      for (; up && !link.signal.aborted; await tickOrAbort(clock, 500, link.signal)) await link.shown("image", clock.wallNowMs());
      return { reason: "start_failed", detail: "connection refused" };
    },
  });
  await clock.advance(10_000);
  up = false;
  await clock.advance(20_000);
  t.match(signals.at(-1), { state: "alarmed", detail: "connection refused", witnesses: [{ healthy: false, why: "connection refused" }] });
  up = true;
  await clock.advance(4500);
  t.match(signals.at(-1), { state: "recovering", witnesses: [{ healthy: true }] });
  await stop();
});

void t.test("sources: why it went on being down is said when it is escalated and failed", async (t) => {
  const clock = new VirtualClock();
  let detail = "no answer";
  const { signals, stop } = start(clock, new RememberedTelemetry(), { connect: () => Promise.resolve({ reason: "start_failed", detail }) });
  await clock.advance(30_000);
  detail = "wrong password";
  await clock.advance(650_000);
  await stop();
  t.match(
    signals.filter((signal) => signal.kind === "state").map((signal) => `${signal.state}: ${signal.detail}`),
    ["starting: undefined", "alarmed: no answer", "escalated: wrong password", "failed: wrong password"],
  );
});

void t.test("sources: once pictures flowed, the next failure is tried again at once", async (t) => {
  const clock = new VirtualClock();
  const tries: number[] = [];
  let flowsMs = 0;
  const { stop } = start(clock, new RememberedTelemetry(), {
    connect: async (link) => {
      tries.push(clock.monotonicNowMs());
      const endMs = clock.monotonicNowMs() + flowsMs;
      for (; clock.monotonicNowMs() < endMs && !link.signal.aborted; await tickOrAbort(clock, 500, link.signal)) await link.shown("image", clock.wallNowMs());
      return { reason: "exit", detail: "gone" };
    },
  });
  await clock.advance(60_000);
  flowsMs = 4000;
  await clock.advance(60_000);
  const gapsMs = tries.slice(1).map((at, i) => at - (tries[i] as number));
  t.ok(gapsMs.some((gap) => gap > 2000), "out for long: with pauses");
  t.ok(gapsMs.slice(-5).every((gap) => gap <= flowsMs + 1500), gapsMs.join(" "));
  await stop();
});

void t.test("sources: a slow camera has the time that it needs, by its configuration or by its own pace", async (t) => {
  t.match([patienceAt(5), patienceAt(0.1)], [{ stallMs: 10_000, startMs: 20_000 }, { stallMs: 30_000, startMs: 30_000 }]);
  const clock = new VirtualClock();
  const telemetry = new RememberedTelemetry();
  const { signals, stop } = start(clock, telemetry, {
    connect: async (link) => {
      for (; !link.signal.aborted; await tickOrAbort(clock, 12_000, link.signal)) await link.shown("image", clock.wallNowMs());
      return { reason: "exit", detail: "" };
    },
  });
  await clock.advance(600_000);
  await stop();
  t.same([states(signals), telemetry.restarts], [["starting", "healthy"], []], "a picture every 12 s at the usual patience");
});

void t.test("sources: a camera that is away is tried as soon as it is back, and one that refuses the password seldom", async (t) => {
  const clock = new VirtualClock();
  const tries: number[] = [];
  const back = clock.monotonicNowMs() + 300_000;
  const away = start(clock, new RememberedTelemetry(), {
    connect: () => Promise.resolve({ reason: "start_failed", detail: String(tries.push(clock.monotonicNowMs())) }),
    untilBack: async (signal) => {
      const isAway = clock.monotonicNowMs() < back;
      while (clock.monotonicNowMs() < back && !signal.aborted) await tickOrAbort(clock, 500, signal);
      return isAway;
    },
  });
  await clock.advance(301_000);
  await away.stop();
  t.ok(tries.length <= 4 && tries.some((at) => at >= back && at <= back + 500), tries.join(" "));
  let count = 0;
  const locked = start(clock, new RememberedTelemetry(), {
    connect: () => Promise.resolve({ reason: "start_failed", detail: `wrong password ${++count}`, isLocking: true }),
  });
  await clock.advance(600_000);
  await locked.stop();
  t.ok(count >= 5 && count <= 11, `${count} tries in ten minutes`);
});

void t.test("sources: states are told in steady time, whatever the wall clock does", async (t) => {
  const clock = new VirtualClock();
  const { signals, stop } = start(clock, new RememberedTelemetry(), {
    connect: async (link) => {
      await link.shown("image", clock.epochMs + clock.monotonicNowMs());
      return { reason: "exit", detail: "gone" };
    },
  });
  for (const jumpMs of [-86_400_000, 3_600_000, -10_000]) {
    await clock.advance(2000);
    clock.jumpWall(jumpMs);
  }
  await clock.advance(2000);
  await stop();
  const times = signals.flatMap((signal) => (signal.kind === "state" ? [signal.at] : []));
  t.ok(times.length > 3);
  t.ok(times.every((at) => at >= clock.epochMs && at <= clock.epochMs + clock.monotonicNowMs()), String(times));
});

function start(clock: VirtualClock, telemetry: RememberedTelemetry, change: Partial<LiveRunOptions> & Pick<LiveRunOptions, "connect">) {
  const outlet = new SignalOutlet({ sourceId: "cam", capacity: 100, whenFull: "drop_oldest", onDropped: () => undefined });
  const signals: SourceSignal[] = [];
  const abort = new AbortController();
  const options = { sourceId: "cam", modalities: ["image"] as const, patience: defaultPatience, ...change };
  const running = new LiveRun(options, outlet, telemetry, clock).run(abort.signal).finally(() => outlet.close());
  const reading = (async () => {
    for await (const signal of outlet) signals.push(signal);
  })();
  const stop = async (): Promise<void> => {
    abort.abort();
    await running;
    await reading;
  };
  return { outlet, signals, stop };
}

function states(signals: readonly SourceSignal[]): string[] {
  return signals.flatMap((signal) => (signal.kind === "state" ? [signal.state] : []));
}

async function untilAborted(link: Link): Promise<ConnectionEnd> {
  await new Promise<void>((resolve) => link.signal.addEventListener("abort", () => resolve()));
  return { reason: "exit", detail: "ended" };
}

function tickOrAbort(clock: VirtualClock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, resolve);
    signal.addEventListener("abort", () => {
      timer.cancel();
      resolve();
    });
  });
}
