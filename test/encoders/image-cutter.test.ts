import t from "tap";
import { ImageCutter } from "../../encoders/child/image-cutter.js";
import { overlap } from "../../encoders/child/regions.js";
import { loadOpenCv } from "../../encoders/child/opencv.js";
import type { Cut } from "../../encoders/child/look.js";
import { scanPlaces } from "../../fusion/model/scan.js";
import { DEFAULT_CAMERA_GATE, type CameraGateOptions, type TowerSpec } from "../../encoders/tower-spec.js";
import { frame, withoutOpenCv } from "./support.js";

const skip = withoutOpenCv();
const tower = { modality: "image", input: { name: "rgb", dtype: "uint8", shape: ["batch", 64, 64, 3] } } as unknown as TowerSpec;
/** Neither scanned nor followed where it rests: only what moves is cut. */
const moving: CameraGateOptions = { ...DEFAULT_CAMERA_GATE, scanRate: 0, settleAfterMs: 1 };
type Squares = Parameters<typeof frame>[1];

/** The cuts of 60 frames (12 s), the first 15 of which show nothing. */
function cutAll(scene: (i: number) => Squares, options: Partial<CameraGateOptions> = {}): (readonly Cut[])[] {
  const cutter = new ImageCutter(tower, { cameras: new Map([["cam", { ...moving, ...options }]]) }, loadOpenCv());
  return Array.from({ length: 60 }, (_, i) => cutter.cut(frame(i, i < 15 ? [] : scene(i)), false).cuts);
}

function open(cuts: readonly Cut[]): readonly Cut[] {
  return cuts.filter(({ gate }) => gate === "open");
}

void t.test("image gate: a square that moves is found, followed, and encoded once a second", { skip }, (t) => {
  const at = (i: number): { x: number; y: number; side: number } => ({ x: 4 * i - 40, y: 70, side: 40 });
  const cuts = cutAll((i) => [at(i)]);
  const found = cuts.flatMap((all, i) => open(all).map((cut) => ({ i, cut })));
  t.same(found.map(({ i }) => i), [15, 20, 25, 30, 35, 40, 45, 50, 55]);
  t.equal(new Set(found.map(({ cut }) => cut.track)).size, 1);
  for (const { i, cut } of found.slice(1)) {
    const { x, y, width, height } = cut.region as NonNullable<Cut["region"]>;
    const region = { x: x * 320, y: y * 180, width: width * 320, height: height * 180 };
    t.ok(overlap(region, { x: at(i).x, y: 70, width: 40, height: 40 }) > 0.5, `frame ${i}: ${JSON.stringify(region)}`);
    t.equal(cut.input.length, 64 * 64 * 3);
  }
  t.end();
});

void t.test("image gate: what moves and places are cut once more with half as much around them, but not what fills the picture", { skip }, (t) => {
  const at = (i: number): { x: number; y: number; side: number } => ({ x: 4 * i - 40, y: 70, side: 40 });
  const moved = cutAll((i) => [at(i)], { scanRate: 6 }).flatMap(open);
  const wide = moved.filter(({ track }) => track !== undefined);
  t.ok(wide.length > 0);
  for (const { input, wider, region } of wide) {
    t.equal(wider?.length, 64 * 64 * 3);
    const white = (pixels: Uint8Array | undefined): number => (pixels ?? new Uint8Array()).filter((value) => value > 200).length;
    const share = white(wider as Uint8Array) / white(input as Uint8Array);
    t.ok(share > 0.3 && share < 0.65, `the square is 1 / 2.25 of what it was in the picture: ${share}, ${JSON.stringify(region)}`);
  }
  for (const { wider, region } of moved.filter(({ place }) => place !== undefined)) t.equal(wider === undefined, region?.height === 1);
  const large = cutAll((i) => [{ x: i, y: 2, side: 170 }]).flatMap(open);
  t.ok(large.some(({ region }) => region?.height === 1) && large.every(({ region, wider }) => wider === undefined || (region?.height ?? 1) < 1), "there is nothing around it");
  t.end();
});

void t.test("image gate: the same frames give the same cuts", { skip }, (t) => {
  const scene = (i: number): Squares => [{ x: 4 * i - 40, y: 70, side: 40 }];
  t.same(cutAll(scene), cutAll(scene));
  t.end();
});

void t.test("image gate: of a picture in which nothing moves nothing is cut", { skip }, (t) => {
  t.same(cutAll(() => []).flat(), []);
  t.end();
});

void t.test("image gate: what moves behind a mask is not seen, and is black in what is", { skip }, (t) => {
  const masks = [[[0, 0], [1, 0], [1, 0.6], [0, 0.6]]] as const;
  const hidden = cutAll((i) => [{ x: 4 * i - 40, y: 20, side: 40 }], { masks });
  t.same(hidden.flatMap(open), []);
  const half = cutAll((i) => [{ x: 4 * i - 40, y: 90, side: 40 }], { masks }).flatMap(open);
  t.ok(half.length > 0);
  for (const { input, region } of half) {
    const maskedRows = Math.floor(((0.6 - (region?.y ?? 0)) / (region?.height ?? 1)) * 64) - 1;
    if (maskedRows > 0) t.ok(input.subarray(0, maskedRows * 64 * 3).every((value) => value === 0));
  }
  t.end();
});

void t.test("image gate: of many regions the biggest are taken", { skip }, (t) => {
  const scene = (i: number): Squares => [0, 1, 2, 3, 4, 5].map((k) => ({ x: 8 + 52 * k, y: ((i * 5) % 60) + 20, side: 24 + 2 * k }));
  const cuts = cutAll(scene, { regionsMax: 3 });
  t.ok(Math.max(...cuts.map((all) => open(all).length)) === 3);
  t.end();
});

void t.test("image gate: a change of the whole picture is no movement", { skip }, (t) => {
  const cutter = new ImageCutter(tower, { cameras: new Map([["cam", moving]]) }, loadOpenCv());
  for (let i = 0; i < 40; i++) {
    const capture = frame(i);
    if (i >= 20) capture.pixels.fill(200);
    t.same(open(cutter.cut(capture, false).cuts), [], `frame ${i}`);
  }
  t.end();
});

void t.test("image gate: while something moves the whole frame is taken as often as asked", { skip }, (t) => {
  const cuts = cutAll((i) => [{ x: 4 * i - 40, y: 70, side: 40 }], { wholeFrameIntervalMs: 5000 });
  const whole = cuts.flatMap((all, i) => open(all).filter(({ region }) => region?.width === 1).map(() => i));
  t.same(whole, [15, 40]);
  t.end();
});

void t.test("image gate: a frame of the wrong length is refused", { skip }, (t) => {
  const cutter = new ImageCutter(tower, { cameras: new Map([["cam", moving]]) }, loadOpenCv());
  t.throws(() => cutter.cut({ ...frame(1), pixels: new Uint8Array(5) }, false), { message: "a frame of 320x180 from cam has 5 bytes instead of 172800" });
  t.end();
});

void t.test("image gate: a camera whose masks are not known is never looked at", { skip }, (t) => {
  const cutter = new ImageCutter(tower, { cameras: new Map([["cam", moving]]) }, loadOpenCv());
  for (const id of ["yard", "Cam", "cam ", "", "constructor", "__proto__", "toString"]) {
    t.throws(() => cutter.cut(frame(1, [], id), false), { message: `a frame came from ${id}, whose masks are not known: it was not looked at` });
  }
  t.same(cutter.cut(frame(1), false).cuts, [], "the others go on");
  t.end();
});

void t.test("image gate: chosen pictures are taken whole, whatever a camera's gate would say", { skip }, (t) => {
  const cutter = new ImageCutter(tower, { cameras: new Map(), wholePictures: true }, loadOpenCv());
  const { cuts } = cutter.cut(frame(0), false);
  t.match(cuts, [{ gate: "open", region: { x: 0, y: 0, width: 1, height: 1 }, quality: 1 }]);
  t.equal(cuts[0]?.input.length, 64 * 64 * 3);
  t.same(cutter.cut(frame(0), false).cuts, cuts, "nothing is remembered of a source");
  t.end();
});

void t.test("image gate: every place is looked at in turn, from the first frame on, and what is masked is black there", { skip }, (t) => {
  const masks = [[[0, 0], [1, 0], [1, 0.5], [0, 0.5]]] as const;
  const cutter = new ImageCutter(tower, { cameras: new Map([["cam", { ...DEFAULT_CAMERA_GATE, masks }]]) }, loadOpenCv());
  const looks = Array.from({ length: 60 }, (_, i) => cutter.cut(frame(i), false));
  t.match(looks[0], { cuts: [{ gate: "open" }], unseen: /still learning/ }, "a scan needs no background");
  const scan = looks.find((look) => look.scan !== undefined)?.scan;
  t.ok((scan?.from ?? Infinity) < 1000, "the first scan began with the first frames");
  const places = looks.flatMap(({ cuts }) => cuts.filter(({ place }) => place !== undefined));
  const all = scanPlaces(320, 180);
  t.same(new Set(places.map(({ place }) => place)), new Set(all.flatMap(({ y, height }, place) => (y + height > 0.505 ? [place] : []))));
  for (const { place, region, input, track } of places) {
    t.equal(track, undefined);
    t.ok(Math.abs((region?.x ?? 0) - (all[place ?? 0]?.x ?? 0)) < 0.01 && Math.abs((region?.height ?? 0) - (all[place ?? 0]?.height ?? 0)) < 0.01);
    const masked = Math.floor(((0.5 - (region?.y ?? 0)) / (region?.height ?? 1)) * 64) - 1;
    if (masked > 0) t.ok((input as Uint8Array).subarray(0, masked * 64 * 3).every((value) => value === 0));
  }
  t.end();
});

void t.test("image gate: a look at a place says whether something moves there", { skip }, (t) => {
  const cutter = new ImageCutter(tower, { cameras: new Map([["cam", DEFAULT_CAMERA_GATE]]) }, loadOpenCv());
  const looks = Array.from({ length: 60 }, (_, i) => cutter.cut(frame(i, i < 15 ? [] : [{ x: 4 * i - 40, y: 70, side: 40 }]), false).cuts.map((cut) => ({ i, ...cut }))).flat();
  const places = looks.filter(({ place, i }) => place !== undefined && i >= 20);
  const shows = ({ region, i }: (typeof places)[number]): number => {
    const square = { x: (region?.x ?? 0) * 320, y: (region?.y ?? 0) * 180, width: (region?.width ?? 0) * 320, height: (region?.height ?? 0) * 180 };
    return overlap(square, { x: 4 * i - 40, y: 70, width: 40, height: 40 });
  };
  const [there, elsewhere] = [places.filter((look) => shows(look) > 0.1), places.filter((look) => shows(look) === 0)];
  t.ok(there.length >= 5 && there.every(({ moving }) => moving === true));
  t.ok(elsewhere.length >= 5 && elsewhere.filter(({ moving }) => moving === true).length <= elsewhere.length / 5, "but for its edges");
  t.ok(looks.every(({ place, moving }) => place !== undefined || moving === undefined));
  t.end();
});

void t.test("image gate: what can wait is put off while the tower is busy, what moves is not", { skip }, (t) => {
  const cutter = new ImageCutter(tower, { cameras: new Map([["cam", DEFAULT_CAMERA_GATE]]) }, loadOpenCv());
  const cuts = Array.from({ length: 60 }, (_, i) => cutter.cut(frame(i, i < 15 ? [] : [{ x: 4 * i - 40, y: 70, side: 40 }]), true)).flatMap((look) => open(look.cuts));
  t.ok(cuts.length >= 9 && cuts.every(({ place, track }) => place === undefined && track !== undefined));
  t.end();
});

void t.test("image gate: what came to rest is looked at with its track until it goes", { skip }, (t) => {
  const cutter = new ImageCutter(tower, { cameras: new Map([["cam", { ...DEFAULT_CAMERA_GATE, scanRate: 0 }]]) }, loadOpenCv());
  const at = (i: number): Squares => (i < 15 || i >= 700 ? [] : [{ x: Math.min(20 + 4 * (i - 15), 180), y: 70, side: 40 }]);
  const cuts = Array.from({ length: 800 }, (_, i) => cutter.cut(frame(i, at(i)), false).cuts.map((cut) => ({ i, ...cut }))).flat();
  const there = cuts.filter(({ i, gate }) => gate === "open" && i > 15 && i < 700);
  const gaps = there.slice(1).map(({ i }, k) => i - (there[k]?.i ?? 0));
  t.ok(Math.max(...gaps) <= 20, `looked at again within ${Math.max(...gaps) * 200} ms`);
  const resting = there.filter(({ i }) => i > 500);
  t.ok(resting.length >= 15, `${resting.length} looks in 40 s`);
  t.equal(new Set(resting.map(({ track }) => track)).size, 1);
  t.ok(there.some(({ i, track }) => i < 60 && track === resting[0]?.track), "with the track that it had when it moved");
  for (const { region } of resting) t.ok(overlap({ x: (region?.x ?? 0) * 320, y: (region?.y ?? 0) * 180, width: (region?.width ?? 0) * 320, height: (region?.height ?? 0) * 180 }, { x: 180, y: 70, width: 40, height: 40 }) > 0.5);
  t.ok(cuts.every(({ i }) => i < 720), "and it is over when it has gone");
  t.end();
});

void t.test("image gate: at a frame in ten seconds what moves is known after three frames, at many after two seconds", { skip }, (t) => {
  const learningFor = (periodMs: number): number => {
    const cutter = new ImageCutter(tower, { cameras: new Map([["cam", moving]]) }, loadOpenCv());
    return Array.from({ length: 20 }, (_, i) => cutter.cut({ ...frame(i), capturedAt: i * periodMs }, false)).findIndex(({ unseen }) => unseen === undefined) * periodMs;
  };
  t.equal(learningFor(10_000), 30_000);
  t.equal(learningFor(1000), 3000);
  t.equal(learningFor(200), 2000);
  t.equal(learningFor(40), 400);
  t.end();
});

void t.test("image gate: what was cut is copied, so that the frame's pixels can be those of the next", { skip }, (t) => {
  const cutter = new ImageCutter(tower, { cameras: new Map([["cam", { ...moving, scanRate: 6 }]]) }, loadOpenCv());
  const same = new ImageCutter(tower, { cameras: new Map([["cam", { ...moving, scanRate: 6 }]]) }, loadOpenCv());
  for (let i = 0; i < 30; i++) {
    const captured = frame(i, [{ x: 5 * i, y: 60, side: 40 }]);
    const expected = cutter.cut({ ...captured, pixels: captured.pixels.slice() }, false).cuts;
    const { cuts } = same.cut(captured, false);
    captured.pixels.fill(123);
    t.same(cuts, expected, `frame ${i}`);
  }
  t.end();
});

void t.test("image gate: what OpenCV holds of a frame is released with it, not when the collector comes by", { skip }, (t) => {
  const cv = loadOpenCv();
  const alive = new Set<unknown>();
  const watch = (prototype: object, names: readonly string[], note: (mat: unknown, made: unknown) => void): void => {
    for (const name of names) {
      const own = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
      const watched = function (this: unknown, ...args: unknown[]): unknown {
        const made = own.apply(this, args);
        note(this, made);
        return made;
      };
      Reflect.set(prototype, name, watched);
      t.teardown(() => Reflect.set(prototype, name, own));
    }
  };
  const mats = cv.Mat.prototype as object;
  watch(mats, ["resize", "getRegion", "threshold", "morphologyEx", "cvtColor"], (_, made) => alive.add(made));
  watch(cv.BackgroundSubtractorMOG2.prototype as object, ["apply"], (_, made) => alive.add(made));
  watch(mats, ["release"], (mat) => alive.delete(mat));
  const cutter = new ImageCutter(tower, { cameras: new Map([["cam", { ...moving, scanRate: 6 }]]) }, cv);
  for (let i = 0; i < 40; i++) {
    const { cuts } = cutter.cut(frame(i, [{ x: 6 * i, y: 60, side: 40 }]), false);
    t.equal(alive.size, 0, `frame ${i}, ${cuts.length} cuts`);
  }
  t.end();
});
