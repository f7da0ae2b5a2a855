// A microphone through ALSA and node-record-lpcm16, with the faults that microphones have.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { defaultPatience } from "../../daemon/sources/live-run.js";
import { MicrophoneSource } from "../../daemon/sources/microphone-source.js";
import { keepAlive } from "../support/eventually.js";
import { VirtualMic, virtualMicMissing } from "../support/virtual-mic.js";
import { provesSource } from "./conformance.js";
import { collect, makeMedia, micOptions, pitchHz, RememberedTelemetry, scratch } from "./support.js";

const skip = virtualMicMissing();

void t.test("sources: microphone", { skip }, async (t) => {
  const tone = makeMedia(scratch(t), "tone.wav", "-f", "lavfi", "-i", "sine=1000:r=48000", "-t", "20");

  await t.test("sources: a microphone keeps what every source promises", async (t) => {
    const mic = await plugIn(t);
    await provesSource(t, { source: new MicrophoneSource(micOptions(mic.device), new RememberedTelemetry()) });
  });

  await t.test("sources: a microphone hears a tone in real time, and silence before it", async (t) => {
    const mic = await plugIn(t);
    const source = new MicrophoneSource(micOptions(mic.device), new RememberedTelemetry());
    const pitches: number[] = [];
    const told = await collect(source, (so_far, signal) => {
      if (signal.kind !== "capture" || signal.capture.modality !== "audio") return false;
      pitches.push(pitchHz(signal.capture.samples, signal.capture.sampleRateHz));
      if (so_far.captures.length === 1) {
        const player = mic.play(tone);
        t.teardown(() => player.kill());
      }
      return pitches.length > 20 || pitches.filter((pitch) => Math.abs(pitch - 1000) < 20).length >= 2;
    });
    t.equal(pitches[0], 0, "silence");
    t.ok(pitches.some((pitch) => Math.abs(pitch - 1000) < 20), `a tone: ${pitches.join(" ")}`);
    const last = told.captures.at(-1);
    const age = Date.now() - ((last?.capturedAt ?? 0) + (last?.durationMs ?? 0));
    t.ok(age >= 0 && age < 5000, `the last window ended ${age} ms ago`);
  });

  await t.test("sources: a microphone that is unplugged comes back", async (t) => {
    const first = await plugIn(t);
    const telemetry = new RememberedTelemetry();
    const source = new MicrophoneSource(micOptions(first.device), telemetry);
    let unplugged = false;
    const told = await collect(source, async (so_far, signal) => {
      if (signal.kind !== "state") return false;
      if (signal.state === "healthy" && !unplugged) {
        unplugged = true;
        first.unplug();
      }
      if (signal.state === "alarmed") await plugIn(t);
      return so_far.states.filter((state) => state === "healthy").length === 2;
    });
    t.same(told.states, ["starting", "healthy", "alarmed", "recovering", "healthy"]);
    t.ok(telemetry.restarts.length >= 1);
  });
});

void t.test("sources: a microphone that is not there is tried again and again", async (t) => {
  const telemetry = new RememberedTelemetry();
  const source = new MicrophoneSource(micOptions("plughw:99,0"), telemetry);
  const stop = new AbortController();
  telemetry.onRestart = () => {
    if (telemetry.restarts.length === 3) stop.abort();
  };
  const signals = [];
  keepAlive(t);
  for await (const signal of source.observe(stop.signal)) signals.push(signal);
  t.match(signals, [{ state: "starting" }, { state: "alarmed", detail: /no such sound device/ }]);
  t.same(telemetry.restarts, ["start_failed", "start_failed", "start_failed"]);
});

void t.test("sources: without arecord the operator is told what to install", async (t) => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  t.teardown(() => (process.env["PATH"] = path));
  const source = new MicrophoneSource(micOptions("default"), new RememberedTelemetry());
  await t.rejects(collect(source, () => false), { code: "dependency_missing", message: /alsa-utils/ });
});

void t.test("sources: a device with another rate than it was asked for is refused, with what to write instead", async (t) => {
  const warning = "Warning: rate is not accurate (requested = 16000Hz, got = 48000Hz)\n         please, try the plug plugin";
  for (const [hz, said, device, advice] of [
    [48000, warning, "hw:1,0", /hw:1,0 gives 48000 samples per second where 16000 were asked for: write plughw:1,0/],
    [44100, "", "front", /front gives 4[345]\d{3} samples per second where 16000 were asked for: name a device that converts/],
  ] as const) {
    const folder = scratch(t);
    const child = `echo "${said}" >&2\nexec ffmpeg -loglevel error -nostdin -re -f lavfi -i sine=1000:r=${hz} -f s16le -`;
    writeFileSync(join(folder, "arecord"), `#!/bin/sh\n${child}\n`, { mode: 0o755 });
    const path = process.env["PATH"];
    process.env["PATH"] = `${folder}:${path}`;
    const telemetry = new RememberedTelemetry();
    const source = new MicrophoneSource({ ...micOptions(device), patience: { ...defaultPatience, reconnect: { initialMs: 50, maxMs: 50, jitter: 0 } } }, telemetry);
    const told = await collect(source, (_so_far, signal) => signal.kind === "state" && signal.state === "alarmed");
    process.env["PATH"] = path;
    t.match(told.signals.at(-1), { state: "alarmed", detail: advice });
    t.same(telemetry.restarts, ["rate"]);
    t.same(telemetry.anomalies, ["rate true", "unwatched"]);
  }
});

async function plugIn(t: { teardown(fn: () => Promise<void>): void }): Promise<VirtualMic> {
  const mic = await VirtualMic.start();
  t.teardown(() => mic.stop());
  Object.assign(process.env, mic.env);
  return mic;
}

