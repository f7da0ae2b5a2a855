// Microphones with two channels: a device of ALSA's own in real time, made of its file and null plugins and a FIFO.
import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import t, { type Test } from "tap";
import { ArecordReport } from "../../daemon/sources/arecord-report.js";
import { defaultAnomalies } from "../../daemon/sources/anomalies.js";
import { MicrophoneSource, type MicrophoneSourceOptions } from "../../daemon/sources/microphone-source.js";
import { halfSumAndDifference } from "../../daemon/sources/phase.js";
import { debianEnvironment } from "../support/debian.js";
import { requireProgram } from "../../daemon/runtime/child-process.js";
import { virtualMicMissing } from "../support/virtual-mic.js";
import { collect, micOptions, pitchHz, RememberedTelemetry, scratch } from "./support.js";

const skip = virtualMicMissing();

/** Frames that arecord takes at a time; ALSA's file plugin fills what it does not find in one read with zeros. */
const PERIOD = 2000;

/** A device that says a tone of 500 Hz in real time, in so many channels; `pan`: how ffmpeg makes them of the tone. */
interface Device {
  readonly name: string;
  /** With how many channels arecord was started, one after the other. */
  asked(): readonly string[];
}

/**
 * Plugs it in for the whole test. Like hardware it can be opened once at a time; `refuses`: asked for so many channels it
 * fails.
 */
function plugIn(t: Test, channels: number, pan: string, refuses = ""): Device {
  const folder = scratch(t);
  const [fifo, asked, config] = [join(folder, "fifo"), join(folder, "asked"), join(folder, "asound.conf")];
  execFileSync("mkfifo", [fifo]);
  const fd = openSync(fifo, constants.O_RDWR); // so that it can be closed and opened again by who listens
  const tone = ["-re", "-f", "lavfi", "-i", "sine=500:r=16000", "-af", `volume=4,pan=${pan},asetnsamples=${PERIOD}`, "-f", "s16le", "-"];
  const speaker = spawn("ffmpeg", ["-loglevel", "error", "-nostdin", ...tone], { stdio: ["ignore", fd, "ignore"] });
  closeSync(fd);
  t.teardown(() => speaker.kill("SIGKILL"));
  const file = `{ type file slave.pcm { type null } file /dev/null infile "${fifo}" format raw }`;
  writeFileSync(config, `</usr/share/alsa/alsa.conf>\npcm.said ${file}\npcm.mic { type plug slave { pcm "said" channels ${channels} rate 16000 } }\n`);
  const refusal = `case "$*" in *"-c ${refuses} "*) echo "arecord: set_params:1358: Channels count non available" >&2; exit 1;; esac`;
  const busy = `exec 9> ${join(folder, "lock")}; flock -n 9 || { echo "arecord: main:850: audio open error: Device or resource busy" >&2; exit 1; }`;
  const log = `echo "$*" | sed 's/.*-c \\([0-9]*\\).*/\\1/' >> ${asked}`;
  writeFileSync(join(folder, "arecord"), `#!/bin/bash\n${log}\n${busy}\n${refuses === "" ? "" : refusal}\nexec ${requireProgram("arecord", "alsa-utils")} "$@"\n`, { mode: 0o755 });
  const { LD_LIBRARY_PATH = "", ALSA_PLUGIN_DIR = "" } = debianEnvironment();
  const PATH = [folder, process.env["PATH"]].join(delimiter);
  const { PATH: path = "" } = process.env;
  Object.assign(process.env, { LD_LIBRARY_PATH, ALSA_PLUGIN_DIR, ALSA_CONFIG_PATH: config, PATH });
  t.teardown(() => (process.env["PATH"] = path));
  return { name: "mic", asked: () => readFileSync(asked, "utf8").trim().split("\n") };
}

/** What a microphone gives until it has told so many windows. */
async function listened(device: Device, windows = 8) {
  const telemetry = new RememberedTelemetry();
  const options: MicrophoneSourceOptions = { ...micOptions(device.name), anomalies: { ...defaultAnomalies, out_of_phase: 1000 } };
  const told = await collect(new MicrophoneSource(options, telemetry), (so_far) => so_far.captures.length >= windows);
  const heard = told.captures.flatMap((capture) => (capture.modality === "audio" ? [capture] : [])).slice(-4);
  return {
    telemetry,
    states: told.states,
    pitches: heard.map(({ samples, sampleRateHz }) => Math.round(pitchHz(samples, sampleRateHz) / 50) * 50),
    peak: Math.max(...heard.map(({ samples }) => Math.max(...samples))),
  };
}

void t.test("sources: a microphone of two channels", { skip }, async (t) => {
  await t.test("sources: two channels that agree are heard as loud as one", async (t) => {
    const device = plugIn(t, 2, "stereo|c0=c0|c1=c0");
    const { pitches, peak, states, telemetry } = await listened(device);
    t.same(pitches, [500, 500, 500, 500]);
    t.ok(Math.abs(peak - 0.5) < 0.01, `${peak}`);
    t.same(device.asked(), ["1", "2"]);
    t.same(states, ["starting", "healthy"]);
    t.same([telemetry.anomalies, telemetry.restarts], [["unwatched"], []]);
  });

  await t.test("sources: two channels out of phase are heard, and told", async (t) => {
    const device = plugIn(t, 2, "stereo|c0=c0|c1=-1*c0");
    const { pitches, peak, telemetry } = await listened(device);
    t.same(pitches, [500, 500, 500, 500]);
    t.ok(Math.abs(peak - 0.5) < 0.01, `${peak}`);
    t.same(telemetry.anomalies, ["out_of_phase true", "unwatched"]);
  });

  await t.test("sources: one channel is asked for alone, and so are four", async (t) => {
    for (const [channels, pan] of [[1, "mono|c0=c0"], [4, "quad|c0=c0|c1=c0|c2=c0|c3=c0"]] as const) {
      await t.test(`${channels}`, async (t) => {
        const device = plugIn(t, channels, pan);
        const { pitches, telemetry } = await listened(device);
        t.same(pitches, [500, 500, 500, 500]);
        t.same(device.asked(), ["1"]);
        t.same([telemetry.anomalies, telemetry.restarts], [["unwatched"], []]);
      });
    }
  });

  await t.test("sources: a device that gives its two channels only as one is heard as before", async (t) => {
    const device = plugIn(t, 2, "stereo|c0=c0|c1=c0", "2");
    const { pitches, states, telemetry } = await listened(device);
    t.same(pitches, [500, 500, 500, 500]);
    t.same(device.asked(), ["1", "2", "1", "2", "1"], "it is not tried for ever");
    t.same(states, ["starting", "healthy"]);
    t.same(telemetry.restarts, []);
    t.match(telemetry.notes.join(), /its two channels gave no sound: going on with one/);
  });
});

/** How ALSA sets up a device of the hardware with another rate and two channels, as arecord 1.2.8 says it. */
const VALUES = ["  stream       : CAPTURE", "  channels     : 1", "  boundary     : 2251799813685248000"];
const SETUP = [
  "Recording raw data '-' : Signed 16 bit Little Endian, Rate 16000 Hz, Mono",
  "Plug PCM: Rate conversion PCM (48000, sformat=S16_LE)",
  "Converter: linear-interpolation",
  "Protocol version: 10003",
  "Its setup is:",
  ...VALUES,
  "Slave: Route conversion PCM (sformat=S16_LE)",
  "  Transformation table:",
  "    0 <- 0*0.5 + 1*0.5",
  "Its setup is:",
  ...VALUES,
  "Slave: Hardware PCM card 1 'USB Audio' device 0 subdevice 0",
  "Its setup is:",
  ...VALUES,
  "  appl_ptr     : 0",
  "  hw_ptr       : 0",
];

void t.test("sources: of what arecord says only what matters is taken for a complaint", (t) => {
  const said = (...lines: readonly string[]): unknown[] => {
    const report = new ArecordReport();
    return lines.map((line) => report.take(line)).filter((one) => one !== undefined);
  };
  t.same(said(...SETUP), [{ kind: "mixes_two" }]);
  for (const row of ["    0 <- 0*0.25 + 1*0.25 + 2*0.25 + 3*0.25", "    0 <- 0", "    1 <- 0*0.5 + 1*0.5"]) t.same(said(row), []);
  const complaint = (line: string, lostSound = false): unknown => ({ kind: "complaint", line, lostSound });
  t.same(said(...SETUP, "overrun!!! (at least 125.000 ms long)", "Status:", "  state       : XRUN", "  avail       : 0")[1], complaint("overrun!!! (at least 125.000 ms long)", true));
  t.same(said(...SETUP, "something new"), [{ kind: "mixes_two" }, complaint("something new")], "after the setup everything counts");
  const refused = "arecord: set_params:1416: Unable to install hw params:";
  t.same(said(SETUP[0] ?? "", refused, "ACCESS:  RW_INTERLEAVED", "TICK_TIME: 0"), [complaint(refused)]);
  t.same(said("Warning: rate is not accurate (requested = 16000Hz, got = 48000Hz)", "         please, try the plug plugin "), [{ kind: "other_rate", rateHz: 48000 }]);
  t.same(said("ALSA lib pcm.c:2660:(snd_pcm_open_noupdate) Unknown PCM x"), [complaint("ALSA lib pcm.c:2660:(snd_pcm_open_noupdate) Unknown PCM x")]);
  t.end();
});

void t.test("sources: two channels of 16 bits become what they share and what they do not", (t) => {
  t.same([...halfSumAndDifference(Int16Array.of(16384, 16384, -32768, 32767, 0, 8192))], [0.5, 0, -1 / 65536, -65535 / 65536, 0.125, -0.125]);
  t.end();
});
