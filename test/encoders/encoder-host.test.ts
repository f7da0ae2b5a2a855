import { renameSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { Encoded } from "../../encoders/encoder.js";
import type { Observation } from "../../fusion/model/observation.js";
import { norm } from "../../fusion/model/vector.js";
import { changeJson, frame, packCopy, sound, testHost, withoutOpenCv, type TestHost } from "./support.js";

const noPictures = withoutOpenCv();
const never = new AbortController().signal;

/** Frames of the background, then of a square that wanders. */
function wandering(): ReturnType<typeof frame>[] {
  return Array.from({ length: 24 }, (_, i) => (i < 12 ? frame(i) : frame(i, [{ x: 20 + 6 * i, y: 60, side: 40 }])));
}

async function encodeAll({ host }: TestHost, modality: "image" | "audio"): Promise<Observation[]> {
  const captures = modality === "image" ? wandering() : Array.from({ length: 12 }, (_, i) => sound(i));
  const encoded = await Promise.all(captures.map((capture) => host.encode(capture)));
  return encoded.flatMap(({ observations }) => observations);
}

for (const modality of ["image", "audio"] as const) {
  void t.test(`encoder: the ${modality} tower keeps the port's promises`, { skip: modality === "image" && noPictures }, async (t) => {
    const first = await testHost(t, modality);
    const second = await testHost(t, modality);
    await Promise.all([first.host.start(never), second.host.start(never)]);
    const observations = await encodeAll(first, modality);
    t.ok(observations.length > 0);
    t.ok(observations.some(({ gate }) => gate === "open"));
    for (const { embedding, id } of observations) {
      t.equal(embedding?.space, first.host.space);
      t.equal(embedding?.vector.length, first.host.dimensions);
      t.ok(Math.abs(norm(embedding?.vector as Float32Array) - 1) < 1e-4, "unit length");
      t.match(id, /^[a-z]+\.(image|audio|text)\.0\.\d+$/);
    }
    t.equal(new Set(observations.map(({ id }) => id)).size, observations.length, "ids are unique");
    t.same(await encodeAll(second, modality), observations, "the same captures give the same bits");
    t.same(first.telemetry.told, [`provider:${modality}:cpu`]);
    t.ok(first.telemetry.lastVariance > 0);
  });
}

void t.test("encoder: results come in the order of the calls, several windows in one run", async (t) => {
  const { host, telemetry } = await testHost(t, "audio");
  await host.start(never);
  const order: number[] = [];
  await Promise.all([5, 3, 9, 1, 7, 2].map(async (seq) => {
    const { observations } = await host.encode(sound(seq));
    order.push((observations[0]?.capturedAt as number) / 500);
  }));
  t.same(order, [5, 3, 9, 1, 7, 2]);
  t.same(telemetry.batches, [1, 5]);
});

void t.test("encoder: digital silence is encoded to nothing", async (t) => {
  const { host, telemetry } = await testHost(t, "audio");
  await host.start(never);
  t.same((await host.encode(sound(1, 0))).observations, []);
  t.same(telemetry.batches, [0], "what a run made is counted, not what it was given");
});

void t.test("encoder: a bad capture is refused alone", async (t) => {
  const { host, telemetry } = await testHost(t, "audio");
  await host.start(never);
  const [bad, good] = await Promise.allSettled([host.encode({ ...sound(1), sampleRateHz: 8000 }), host.encode(sound(2))]);
  t.match(bad, { status: "rejected", reason: { code: "encode_failed", message: /at 8000 Hz came from mic, but the tower takes 32000 at 16000 Hz/ } });
  t.match(good, { status: "fulfilled" });
  await t.rejects(host.encode(frame(1)), { code: "encode_failed", message: "the tower of audio was given image" });
  t.same(telemetry.told, ["provider:audio:cpu", "failed:encode_failed", "failed:encode_failed"]);
});

void t.test("encoder: more captures than may wait are refused", async (t) => {
  const { host } = await testHost(t, "audio", { waitingMax: 2 });
  await host.start(never);
  const results = await Promise.allSettled([1, 2, 3, 4].map((seq) => host.encode(sound(seq))));
  t.same(results.map(({ status }) => status), ["fulfilled", "fulfilled", "fulfilled", "rejected"]);
});

void t.test("encoder: a child killed while it works is replaced and the capture encoded all the same", async (t) => {
  const { host, telemetry, children } = await testHost(t, "audio");
  await host.start(never);
  const before = await host.encode(sound(1));
  children[0]?.kill("SIGSTOP"); // so that it is surely under way
  const answers = [host.encode(sound(1)), host.encode(sound(2))];
  children[0]?.kill("SIGKILL");
  const [after] = (await Promise.all(answers)) as [Encoded, Encoded];
  t.same(after.observations, before.observations);
  t.equal(children.length, 2);
  t.same(telemetry.told, ["provider:audio:cpu", "restarted:crash", "fault:the tower of audio was lost and is started again", "provider:audio:cpu", "serving"]);
});

void t.test("encoder: a child that hangs is killed at its deadline and the capture tried once more", async (t) => {
  const { host, telemetry, children } = await testHost(t, "audio", { deadlineMs: 1000 });
  await host.start(never);
  children[0]?.kill("SIGSTOP");
  t.equal((await host.encode(sound(1))).observations.length, 1);
  t.same(telemetry.told, ["provider:audio:cpu", "restarted:deadline", "fault:the tower of audio was lost and is started again", "provider:audio:cpu", "serving"]);
  t.equal(children[0]?.signalCode, "SIGKILL");
});

void t.test("encoder: a capture whose child is lost twice is rejected, and the next one encoded", async (t) => {
  const { host, telemetry, children } = await testHost(t, "audio");
  await host.start(never);
  children[0]?.kill("SIGSTOP");
  const poison = host.encode(sound(1));
  const waiting = host.encode(sound(2));
  children[0]?.kill("SIGKILL");
  while (children.length < 2) await new Promise((resolve) => setImmediate(resolve));
  children[1]?.once("message", () => children[1]?.kill("SIGKILL")); // "ready": the retry is under way right after
  await t.rejects(poison, { code: "encode_failed", message: /the audio tower's child ended by SIGKILL/ });
  t.equal((await waiting).observations.length, 1);
  t.equal(telemetry.told.filter((told) => told === "failed:encode_failed").length, 1);
});

void t.test("encoder: while no child can be had captures are rejected, until one comes up again", async (t) => {
  const folder = packCopy(t);
  const { host, children } = await testHost(t, "audio", { folder });
  await host.start(never);
  renameSync(join(folder, "audio.onnx"), join(folder, "gone"));
  children[0]?.kill("SIGKILL");
  await t.rejects(host.encode(sound(1)), { code: "encode_failed", message: /cannot be started again: .*audio\.onnx is missing/ });
  await t.rejects(host.encode(sound(2)), { code: "encode_failed" });
  renameSync(join(folder, "gone"), join(folder, "audio.onnx"));
  let encoded: Encoded | undefined;
  while (encoded === undefined) {
    encoded = await host.encode(sound(3)).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(encoded.observations.length, 1);
});

void t.test("encoder: stop answers what was asked, then the child goes", async (t) => {
  const { host, children } = await testHost(t, "audio");
  await host.start(never);
  const answer = host.encode(sound(1));
  await Promise.all([host.stop(), host.stop()]);
  t.equal((await answer).observations.length, 1);
  t.equal(children[0]?.exitCode, 0);
  await t.rejects(host.encode(sound(2)), { code: "encode_failed", message: /is being stopped/ });
});

void t.test("encoder: a tower that is not what the manifest says does not start", async (t) => {
  const faults: [string, (folder: string) => void, RegExp][] = [
    [
      "golden vector",
      (f) => changeJson(f, "golden.json", "audio", Array.from({ length: 256 }, (_, i) => i)),
      /the audio tower does not reproduce its golden vector on cpu \(cosine -?0\.\d+\)/,
    ],
    [
      "input",
      (f) => changeJson(f, "manifest.json", "towers.audio.input.name", "sound"),
      /the input of audio\.onnx is pcm: float32\[.*, 32000\] but the manifest says sound: float32\[batch, 32000\]/,
    ],
    [
      "shape",
      (f) => {
        changeJson(f, "manifest.json", "towers.audio.input.shape", ["batch", 16_000]);
        changeJson(f, "manifest.json", "towers.audio.window_ms", 1000);
      },
      /the input of audio\.onnx is pcm: float32\[.*, 32000\] but the manifest says pcm: float32\[batch, 16000\]/,
    ],
  ];
  for (const [name, tamper, message] of faults) {
    const folder = packCopy(t);
    tamper(folder);
    const { host, children } = await testHost(t, "audio", { folder });
    await t.rejects(host.start(never), { code: "model_invalid", message }, name);
    t.equal(children[0]?.signalCode, "SIGKILL");
  }
});

void t.test("encoder: a device that is asked for and is not there ends the start", async (t) => {
  const { host } = await testHost(t, "audio", { device: "tensorrt" });
  await t.rejects(host.start(never), { code: "model_invalid", message: /tensorrt/ });
});

void t.test("encoder: a start that is given up kills the child", async (t) => {
  const { host, children } = await testHost(t, "audio");
  const given = new AbortController();
  const started = host.start(given.signal);
  given.abort();
  await t.rejects(started);
  t.equal(children[0]?.signalCode, "SIGKILL");
});

void t.test("encoder: a scan of a live camera waits while the tower is behind, of a file it does not", { skip: noPictures }, async (t) => {
  const live = await testHost(t, "image", { isLive: (id) => id === "cam" });
  await live.host.start(never);
  const late = (i: number) => ({ ...frame(i), receivedAtMs: performance.now() - 1000 });
  const places = ({ observations }: Encoded): number => observations.filter(({ place }) => place !== undefined).length;
  t.equal(places(await live.host.encode(late(0))), 0);
  t.same(live.telemetry.told.at(-1), "put off:cam");
  t.ok(places(await live.host.encode({ ...frame(5), receivedAtMs: performance.now() })) > 0, "and goes on when it is not");
  const file = await testHost(t, "image");
  await file.host.start(never);
  t.equal(places(await file.host.encode(late(0))), 1);
  t.match(file.telemetry.scans, [{ sourceId: "cam", looks: 1, tookMs: undefined }]);
  let scanned: Encoded["scan"];
  for (let i = 1; i < 80 && scanned === undefined; i++) ({ scan: scanned } = await file.host.encode(late(i)));
  t.same(scanned, { from: 0 });
  t.ok((file.telemetry.scans.at(-1)?.tookMs ?? 0) > 0);
});
