// The towers of pictures and sound, in the process of the test.
import t from "tap";
import { encodeLooks, lookAt, type Gate } from "../../encoders/child/look.js";
import type { Tower } from "../../encoders/child/tower.js";
import type { Encoded } from "../../encoders/encoder.js";
import type { Unnumbered } from "../../fusion/model/observation.js";
import { DEFAULT_CAMERA_GATE } from "../../encoders/tower-spec.js";
import { norm } from "../../fusion/model/vector.js";
import { changeJson, frame, packCopy, sound, testTower, withoutOpenCv } from "./support.js";

const noPictures = withoutOpenCv();
const never = new AbortController().signal;

/** Frames of the background, then of a square that wanders. */
function wandering(): ReturnType<typeof frame>[] {
  return Array.from({ length: 24 }, (_, i) => (i < 12 ? frame(i) : frame(i, [{ x: 20 + 6 * i, y: 60, side: 40 }])));
}

async function encodeAll(tower: Tower, modality: "image" | "audio"): Promise<Unnumbered[]> {
  const captures = modality === "image" ? wandering() : Array.from({ length: 12 }, (_, i) => sound(i));
  const encoded = await Promise.all(captures.map((capture) => tower.encode(capture)));
  return encoded.flatMap(({ observations }) => observations);
}

for (const modality of ["image", "audio"] as const) {
  void t.test(`tower: the ${modality} tower keeps the port's promises`, { skip: modality === "image" && noPictures }, async (t) => {
    const first = await testTower(t, modality);
    const second = await testTower(t, modality);
    await Promise.all([first.tower.start(never), second.tower.start(never)]);
    const observations = await encodeAll(first.tower, modality);
    t.ok(observations.length > 0);
    t.ok(observations.some(({ gate }) => gate === "open"));
    for (const { embedding } of observations) {
      t.equal(embedding?.space, first.tower.space);
      t.equal(embedding?.vector.length, first.tower.dimensions);
      t.ok(Math.abs(norm(embedding?.vector as Float32Array) - 1) < 1e-4, "unit length");
    }
    t.same(await encodeAll(second.tower, modality), observations, "the same captures give the same bits");
    t.same(first.telemetry.told, [`provider:${modality}:cpu`]);
    t.ok(first.telemetry.lastVariance > 0);
  });
}

void t.test("tower: results come in the order of the calls, several windows in one run", async (t) => {
  const { tower, telemetry } = await testTower(t, "audio");
  await tower.start(never);
  const order: number[] = [];
  await Promise.all([5, 3, 9, 1, 7, 2].map(async (seq) => {
    const { observations } = await tower.encode(sound(seq));
    order.push((observations[0]?.capturedAt as number) / 500);
  }));
  t.same(order, [5, 3, 9, 1, 7, 2]);
  t.same(telemetry.batches, [6], "what arrived together is run together");
});

void t.test("tower: digital silence is encoded to nothing", async (t) => {
  const { tower, telemetry } = await testTower(t, "audio");
  await tower.start(never);
  t.same((await tower.encode(sound(1, 0))).observations, []);
  t.same(telemetry.batches, [0], "what a run made is counted, not what it was given");
});

void t.test("tower: a bad capture is refused alone", async (t) => {
  const { tower, telemetry } = await testTower(t, "audio");
  await tower.start(never);
  const [bad, good] = await Promise.allSettled([tower.encode({ ...sound(1), sampleRateHz: 8000 }), tower.encode(sound(2))]);
  t.match(bad, { status: "rejected", reason: { code: "encode_failed", message: /at 8000 Hz came from mic, but the tower takes 32000 at 16000 Hz/ } });
  t.match(good, { status: "fulfilled" });
  await t.rejects(tower.encode(frame(1)), { code: "encode_failed", message: "the tower of audio was given image" });
  t.same(telemetry.told, ["provider:audio:cpu", "failed:encode_failed", "failed:encode_failed"]);
});

void t.test("tower: more captures than may wait are refused", async (t) => {
  const { tower } = await testTower(t, "audio", { waitingMax: 2 });
  await tower.start(never);
  const results = await Promise.allSettled([1, 2, 3, 4].map((seq) => tower.encode(sound(seq))));
  t.same(results.map(({ status }) => status), ["fulfilled", "fulfilled", "rejected", "rejected"]);
});

void t.test("tower: stop answers what was asked, then takes no more", async (t) => {
  const { tower } = await testTower(t, "audio");
  await tower.start(never);
  const answer = tower.encode(sound(1));
  await Promise.all([tower.stop(), tower.stop()]);
  t.equal((await answer).observations.length, 1);
  await t.rejects(tower.encode(sound(2)), { code: "encode_failed", message: /is being stopped/ });
});

void t.test("tower: one that is not what the manifest says does not start", async (t) => {
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
    const { tower } = await testTower(t, "audio", { folder });
    await t.rejects(tower.start(never), { code: "model_invalid", message }, name);
  }
});

void t.test("tower: a device that is asked for and is not there ends the start", async (t) => {
  const { tower } = await testTower(t, "audio", { device: "tensorrt" });
  await t.rejects(tower.start(never), { code: "model_invalid", message: /tensorrt/ });
});

void t.test("tower: a start that is given up leaves nothing that takes captures", async (t) => {
  const { tower } = await testTower(t, "audio");
  const given = new AbortController();
  const started = tower.start(given.signal);
  given.abort();
  await t.rejects(started);
  await t.rejects(tower.encode(sound(1)), { code: "encode_failed", message: /was not started/ });
});

void t.test("tower: a scan of a live camera waits while the tower is behind, of a file it does not", { skip: noPictures }, async (t) => {
  const live = await testTower(t, "image", { isLive: (id) => id === "cam" });
  await live.tower.start(never);
  const late = (i: number) => ({ ...frame(i), receivedAtMs: performance.now() - 1000 });
  const places = ({ observations }: Encoded): number => observations.filter(({ place }) => place !== undefined).length;
  t.equal(places(await live.tower.encode(late(0))), 0);
  t.same(live.telemetry.told.at(-1), "put off:cam");
  t.ok(places(await live.tower.encode({ ...frame(5), receivedAtMs: performance.now() })) > 0, "and goes on when it is not");
  const file = await testTower(t, "image");
  await file.tower.start(never);
  t.equal(places(await file.tower.encode(late(0))), 1);
  t.match(file.telemetry.scans, [{ sourceId: "cam", looks: 1, tookMs: undefined }]);
  let scanned: Encoded["scan"];
  for (let i = 1; i < 80 && scanned === undefined; i++) ({ scan: scanned } = await file.tower.encode(late(i)));
  t.same(scanned, { from: 0 });
  t.ok((file.telemetry.scans.at(-1)?.tookMs ?? 0) > 0);
});

void t.test("tower: pieces of several live cameras are run together, bit for bit what each gives alone", { skip: noPictures }, async (t) => {
  const cameras = ["cam", "gate", "yard"];
  const gate = { cameras: new Map(cameras.map((id) => [id, { ...DEFAULT_CAMERA_GATE, scanRate: 30 }])) };
  const shown = (i: number, sourceId: string) => ({ ...frame(i, [{ x: 30 * i, y: 60, side: 40 }], sourceId), receivedAtMs: performance.now() });
  const alone = await testTower(t, "image", { gate });
  await alone.tower.start(never);
  const each: Unnumbered[] = [];
  for (const id of cameras) each.push(...(await alone.tower.encode(shown(1, id))).observations);

  const live = await testTower(t, "image", { gate, isLive: () => true });
  await live.tower.start(never);
  const together: Promise<Encoded>[] = [];
  for (const id of cameras) {
    together.push(live.tower.encode(shown(1, id)));
    await new Promise((resolve) => setImmediate(resolve)); // one arrives after the other
  }
  t.same((await Promise.all(together)).flatMap(({ observations }) => observations), each);
  t.same(live.telemetry.batches, [each.length], "in one run");
  t.equal(live.tower.underWayMs, 0, "nothing is left");
});

void t.test("tower: what makes a run fail spoils only itself", async (t) => {
  const poison = Uint8Array.of(9);
  const runs: number[] = [];
  const encode = (inputs: readonly (Uint8Array | Float32Array)[]): Promise<Float32Array[]> => {
    runs.push(inputs.length);
    if (inputs.includes(poison)) return Promise.reject(new Error("out of memory"));
    return Promise.resolve(inputs.map(() => Float32Array.of(1, 0)));
  };
  const gateFor = (input: Uint8Array): Gate => ({ cut: () => ({ cuts: [{ input, gate: "open", quality: 1 }] }) });
  const looks = [Uint8Array.of(1), poison, Uint8Array.of(2)].map((input, i) => lookAt(gateFor(input), frame(i), false));
  const [first, second, third] = await encodeLooks({ encode }, looks);
  t.match([first, third], [{ samples: [{ vector: Float32Array.of(1, 0) }] }, { samples: [{}] }]);
  t.same(second, { error: "the tower failed: out of memory" });
  t.same(runs, [3, 1, 1, 1]);
});
