// What the place of a camera or microphone is, by what is there.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { parseConfig } from "../../config/load.js";
import { cameraPlace, microphonePlace } from "../../config/media-place.js";
import { problemsOf } from "../../config/problem.js";
import { CAMERAS_MAX, HEARD_MAX } from "../../config/schema.js";
import type { CameraConfig, MicrophoneConfig } from "../../config/schema/sources.js";
import * as towers from "../../encoders/tower-spec.js";

const folder = mkdtempSync(join(tmpdir(), "fusiond-place-"));
t.teardown(() => rmSync(folder, { recursive: true }));
const there = (name: string): string => join(folder, name);
for (const name of ["10:30.wav", "film", "plughw", "camera.rtsp"]) writeFileSync(there(name), "x");
symlinkSync(there("film"), there("link-to-film"));
symlinkSync("/dev/null", there("link-to-device"));
symlinkSync(there("nothing"), there("link-to-nothing"));
mkdirSync(there("default"));
execFileSync("mkfifo", [there("fifo")]);

/** What is seen, without the folder's name. */
function seen(look: typeof cameraPlace, location: string): string {
  const found = look({ kind: "file", location }, folder);
  return ("problem" in found ? found.problem : `${found.input.kind} ${found.input.location}`).replaceAll(`${folder}/`, "");
}

void t.test("config: a camera's place is what is there, not what it is called", (t) => {
  const places: [string, string | RegExp][] = [
    ["/dev/video0", "video_device /dev/video0"],
    ["/dev/v4l/by-id/usb-046d_C525-video-index0", "video_device /dev/v4l/by-id/usb-046d_C525-video-index0"],
    ["/dev/v4l/by-path/pci-0000:00:14.0-usb-0:2:1.0-video-index0", /^video_device \/dev\/v4l\/by-path\//],
    ["/dev/cam-door", "video_device /dev/cam-door"],
    ["/dev/../dev/video7", "video_device /dev/video7"],
    ["film", "file film"],
    ["camera.rtsp", "file camera.rtsp"],
    ["link-to-film", "file link-to-film"],
    ["link-to-nothing", "file link-to-nothing"],
    ["missing.mp4", "file missing.mp4"],
    ["link-to-device", "link-to-device is a device, but none that can be seen or heard: name a video device such as /dev/video0, a video file or a URL"],
    ["/dev/null", /^\/dev\/null is a device, but none/],
    ["default", /^default is a folder: name a video device/],
    ["fifo", /^fifo is a pipe: /],
  ];
  for (const [written, expected] of places) t.match(seen(cameraPlace, written), expected, written);
  t.end();
});

void t.test("config: a microphone's place is a file if one is there, else the name of a device", (t) => {
  const places: [string, string | RegExp][] = [
    ["10:30.wav", "file 10:30.wav"],
    ["11:30.wav", "file 11:30.wav"],
    ["film", "file film"],
    ["sounds/x", "file sounds/x"],
    ["default", "sound_device default"],
    ["pulse", "sound_device pulse"],
    ["plughw:1,0", "sound_device plughw:1,0"],
    ["hw:CARD=x", "sound_device hw:CARD=x"],
    ["sysdefault:CARD=Device_2.0", "sound_device sysdefault:CARD=Device_2.0"],
    ["alsa_input.usb-Blue.analog-stereo", "sound_device alsa_input.usb-Blue.analog-stereo"],
    ["./default", /^default is a folder: name an ALSA device/],
    ["./fifo", /^fifo is a pipe: name an ALSA device/],
    ["/dev/null", /^\/dev\/null is a device, but none/],
  ];
  for (const [written, expected] of places) t.match(seen(microphonePlace, written), expected, written);
  t.end();
});

void t.test("config: a socket is no camera", async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(there("socket"), resolve));
  t.teardown(() => server.close());
  t.match(seen(cameraPlace, "socket"), /^socket is a socket: /);
});

/** The camera and microphone of a configuration in the folder, or what is wrong with it. */
function load(sources: string): readonly (CameraConfig | MicrophoneConfig)[] | readonly string[] {
  try {
    const { config } = parseConfig(`site: s\nnats: {embedded: true}\nsources: {${sources}}\n`, there("c.yaml"), { HOME: folder });
    return config.sources as readonly (CameraConfig | MicrophoneConfig)[];
  } catch (error) {
    return problemsOf(error).map(({ line, column, message }) => `${line}:${column}: ${message}`);
  }
}

void t.test("config: the scheme of a URL may be written in any case", (t) => {
  for (const [written, location] of [
    ["RTSP://Cam.Example/Stream?A=B", "rtsp://Cam.Example/Stream?A=B"],
    ["HTTPS://cam/", "https://cam/"],
    ["Http://[::1]:8080/snap.jpg", "http://[::1]:8080/snap.jpg"],
    ["rTsPs://cam:322/x", "rtsps://cam:322/x"],
  ] as const) {
    t.match(load(`c: {camera: "${written}"}, m: {microphone: "${written}"}`), [{ input: { kind: "url", location } }, { input: { kind: "url", location } }]);
  }
  t.end();
});

void t.test("config: keys that only files have are refused where a look shows none", (t) => {
  t.same(load("c: {camera: /dev/cam, loop: true, audio: true}"), [
    '3:39: "loop" only works with a file: remove it',
    '3:52: "audio" needs a URL or a file: a video device has no sound, add its microphone as a source',
  ]);
  t.same(load("m: {microphone: pulse, starts_at: \"2026-01-01T00:00:00Z\"}"), ['3:45: "starts_at" only works with a file: remove it']);
  t.match(load("m: {microphone: \"10:30.wav\", loop: true}"), [{ input: { kind: "file", location: there("10:30.wav") } }]);
  t.match(load("m: {microphone: ~/film}"), [{ input: { kind: "file", location: there("film") } }]);
  t.match(load("c: {camera: fifo}"), [/^3:23: .*fifo is a pipe: /]);
  t.match(load("c: {camera: fifo, enabled: false}"), [{ enabled: false }], "what is switched off may be anything");
  t.end();
});

void t.test("config: no more cameras and microphones than the towers remember", (t) => {
  const many = (count: number, source: string): string => Array.from({ length: count }, (_, i) => `s${i}: ${source}`).join(", ");
  t.equal(load(many(CAMERAS_MAX, "{camera: film}")).length, 64);
  t.match(load(many(CAMERAS_MAX + 1, "{camera: film}")), [/^3:1: "sources" must have at most 64 cameras, .* not 65: /]);
  t.equal(load(many(65, "{camera: film, enabled: false}")).length, 65, "those that are switched off do not count");
  t.match(load(many(HEARD_MAX + 1, "{microphone: default}")), [/^3:1: "sources" must have at most 256 microphones/]);
  t.same([CAMERAS_MAX, HEARD_MAX], [towers.CAMERAS_MAX, towers.HEARD_MAX]);
  t.end();
});
