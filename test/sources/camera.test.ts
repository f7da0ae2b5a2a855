// A camera over RTSP, with the faults that cameras have.
import { readdirSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import t from "tap";
import { MediaSource } from "../../daemon/sources/media-source.js";
import { keepAlive } from "../support/eventually.js";
import { RtspServer, rtspMissing } from "../support/rtsp.js";
import { provesSource } from "./conformance.js";
import { collect, mediaOptions, pitchHz, RememberedTelemetry, without } from "./support.js";

const skip = rtspMissing();
const quickSound = { sampleRateHz: 16000, windowMs: 500, hopMs: 250 };

void t.test("sources: a camera keeps what every source promises", { skip }, async (t) => {
  const server = await RtspServer.start();
  t.teardown(() => server.kill());
  const source = new MediaSource(mediaOptions(server.url, { mode: "live", sound: quickSound }), new RememberedTelemetry());
  await provesSource(t, { source });
});

void t.test("sources: a camera's picture and sound share one time line, and its password is in no argv", { skip }, async (t) => {
  const server = await RtspServer.start();
  t.teardown(() => server.kill());
  const credentials = { user: "viewer", password: "s3cret'pa ss/@#" };
  const telemetry = new RememberedTelemetry();
  const source = new MediaSource(mediaOptions(server.url, { mode: "live", credentials, sound: quickSound }), telemetry);
  let argv = "";
  const told = await collect(source, (so_far) => {
    argv += commandLinesOfChildren(); // on a slow machine the child may be between two connections
    return so_far.of("audio").length >= 6 && so_far.of("image").length >= 6;
  });
  t.match(argv, /ffmpeg.*-i.*pipe:0/, "the child was looked at");
  t.notMatch(argv, /s3cret/);
  t.notMatch(JSON.stringify(told.signals.filter((signal) => signal.kind === "state")) + telemetry.notes.join("\n"), /s3cret/);
  const now = Date.now();
  for (const capture of told.captures) {
    t.ok(capture.capturedAt <= now && capture.capturedAt > now - 30_000, `${capture.modality} happened lately`);
  }
  const window = told.of("audio").at(-1);
  t.equal(window?.modality === "audio" && Math.round(pitchHz(window.samples, 16000) / 20), 50, "a 1 kHz tone");
});

void t.test("sources: a camera is seen from its first keyframe on when the next comes a minute later", { skip }, async (t) => {
  const server = await RtspServer.start();
  t.teardown(() => server.kill());
  const telemetry = new RememberedTelemetry();
  const options = without(mediaOptions(server.longGroupUrl, { mode: "live" }), "sound");
  const source = new MediaSource({ ...options, patience: { ...options.patience, startMs: 20_000 } }, telemetry);
  for (const connection of ["first", "next"]) {
    const told = await collect(source, (so_far, signal) => so_far.of("image").length >= 10 || (signal.kind === "state" && signal.state === "alarmed"));
    t.same(told.states, ["starting", "healthy"], `the ${connection} connection`);
  }
  t.same(telemetry.restarts, []);
});

void t.test("sources: a frozen camera is left and comes back once it goes on", { skip }, async (t) => {
  const server = await RtspServer.start();
  t.teardown(() => server.kill());
  const telemetry = new RememberedTelemetry();
  const options = without(mediaOptions(server.url, { mode: "live" }), "sound");
  const source = new MediaSource({ ...options, patience: { ...options.patience, startMs: 8000 } }, telemetry);
  const told = await collect(source, (so_far, signal) => {
    if (signal.kind === "state" && signal.state === "healthy" && so_far.states.length < 4) server.freeze();
    if (signal.kind === "state" && signal.state === "alarmed") server.thaw();
    return so_far.states.at(-1) === "healthy" && so_far.states.includes("recovering");
  });
  t.same(told.states, ["starting", "healthy", "alarmed", "recovering", "healthy"]);
  t.equal(telemetry.restarts[0], "stall");
  const alarmed = told.signals.find((signal) => signal.kind === "state" && signal.state === "alarmed");
  const before = told.of("image").filter((capture) => capture.capturedAt <= (alarmed?.kind === "state" ? alarmed.at : 0));
  t.equal(before.at(-1)?.capturedAt, alarmed?.kind === "state" ? alarmed.at : 0, "blind since its last frame, not since it was noticed");
});

void t.test("sources: a camera that is lost comes back by itself", { skip }, async (t) => {
  let server = await RtspServer.start();
  t.teardown(() => server.kill());
  const telemetry = new RememberedTelemetry();
  const source = new MediaSource(without(mediaOptions(server.url, { mode: "live" }), "sound"), telemetry);
  let killed = 0;
  const told = await collect(source, async (so_far, signal) => {
    if (signal.kind !== "state") return false;
    if (signal.state === "healthy" && killed++ === 0) await server.kill();
    if (signal.state === "alarmed") server = await RtspServer.start(server.port);
    return so_far.states.filter((state) => state === "healthy").length === 2;
  });
  t.same(told.states, ["starting", "healthy", "alarmed", "recovering", "healthy"]);
  t.ok(telemetry.restarts.length >= 1);
});

void t.test("sources: a camera that does not answer is tried again and again, and its secrets are not told", async (t) => {
  const telemetry = new RememberedTelemetry();
  const credentials = { user: "viewer", password: "s3cret" };
  const gruff = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(gruff, "listening");
  t.teardown(() => gruff.close());
  const { port } = gruff.address() as AddressInfo;
  const source = new MediaSource(mediaOptions(`rtsp://127.0.0.1:${port}/x?token=s3cret`, { mode: "live", credentials }), telemetry);
  const stop = new AbortController();
  telemetry.onRestart = () => {
    if (telemetry.restarts.length === 4) stop.abort();
  };
  const signals = [];
  keepAlive(t);
  for await (const signal of source.observe(stop.signal)) signals.push(signal);
  t.match(signals, [{ state: "starting" }, { state: "alarmed", detail: /hung up/ }], "a state is told when it changes, not at each try");
  t.equal(signals.length, 2);
  t.same(telemetry.restarts, ["start_failed", "start_failed", "start_failed", "start_failed"]);
  t.notMatch(JSON.stringify(signals) + telemetry.notes.join("\n"), /s3cret/);
});

/** The command lines of this process' children and theirs. */
function commandLinesOfChildren(): string {
  const lines: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
      if (Number(parent) === process.pid) lines.push(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
    } catch {
      continue; // it has gone
    }
  }
  return lines.join("\n");
}
