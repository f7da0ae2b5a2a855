import t from "tap";
import { Rests } from "../../encoders/child/rests.js";
import { StillPlace, type GreyPicture } from "../../encoders/child/still-place.js";
import type { Rect } from "../../encoders/child/opencv.js";
import { seededRandom } from "../../fusion/simulator/random.js";

const random = seededRandom(1);

/** A picture of 160 x 90 with noise, the light as given, and darker boxes in it. */
function picture(boxes: readonly Rect[] = [], light = 0): GreyPicture {
  const grey = Uint8Array.from({ length: 160 * 90 }, (_, at) => {
    const [x, y] = [at % 160, Math.floor(at / 160)];
    const dark = boxes.some((box) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height);
    return (dark ? 60 : 120 + (x % 8)) + light + Math.floor(random.between(-3, 4));
  });
  return { width: 160, height: 90, grey };
}

const person: Rect = { x: 60, y: 20, width: 20, height: 50 };
const seen: Rect = { x: 62, y: 22, width: 16, height: 30 };

/** Two seconds of an empty place, then somebody who has come to rest. */
function rested(options = { regionIntervalMs: 1000, settleAfterMs: 600_000 }): { rests: Rests; step: (at: number, boxes: readonly Rect[], more?: Partial<Parameters<Rests["step"]>[0]>) => ReturnType<Rests["step"]> } {
  const rests = new Rests(options);
  const step: ReturnType<typeof rested>["step"] = (at, boxes, more = {}) =>
    rests.step({ picture: picture(boxes), capturedAt: at, track: 999, moving: [], followed: [], gone: [], ...more });
  for (let at = 0; at < 2000; at += 200) step(at, []);
  step(2000, [person], { moving: [person], followed: [person] });
  step(2200, [person], { gone: [{ box: seen, track: 7 }] });
  return { rests, step };
}

void t.test("rests: what stands still is looked at every two seconds with its track, whole, until it has left", (t) => {
  const { rests, step } = rested();
  const looks: number[] = [];
  for (let at = 2400; at < 120_000; at += 200) {
    for (const { track, box } of step(at, [person])) {
      looks.push(at);
      t.equal(track, 7);
      t.ok(box.x <= 61 && box.y <= 21 && box.width >= 18 && box.height >= 48, "its edges are found");
    }
  }
  t.ok(looks.length >= 57 && looks.length <= 60, `${looks.length} looks in two minutes`);
  t.ok(rests.trackAt(person) !== undefined);
  t.equal(rests.trackAt(person), 7, "it begins to move with its track");
  step(120_000, []);
  t.ok(rests.trackAt(person) === undefined, "the place is as it was");
  t.end();
});

void t.test("rests: somebody who goes away, or passes, is not followed", (t) => {
  const { rests, step } = rested();
  step(2400, [], { gone: [{ box: { x: 5, y: 5, width: 10, height: 30 }, track: 8 }] });
  t.equal(rests.trackAt({ x: 5, y: 5, width: 10, height: 30 }), undefined);
  t.end();
});

void t.test("rests: changing light is nobody, and hides nobody", (t) => {
  const { rests, step } = rested();
  for (let at = 2400; at < 60_000; at += 200) step(at, [], { picture: picture([person], Math.round(15 * Math.sin(at / 10_000))) });
  t.ok(rests.trackAt(person) !== undefined, "still there");
  const light = 25;
  step(60_000, [], { picture: picture([person], light) });
  t.ok(rests.trackAt(person) !== undefined, "also when the camera adapts at once");
  step(60_200, [], { picture: picture([], light) });
  t.ok(rests.trackAt(person) === undefined);
  step(60_400, [], { picture: picture([], 0), gone: [{ box: seen, track: 9 }] });
  t.ok(rests.trackAt(person) === undefined, "light alone is no thing");
  t.end();
});

void t.test("rests: what somebody hides in passing is still there afterwards", (t) => {
  const { rests, step } = rested();
  const passer: Rect = { x: 50, y: 10, width: 30, height: 70 };
  for (let at = 2400; at < 4400; at += 200) t.same(step(at, [person, passer], { moving: [passer], followed: [passer] }), [], "not looked at while hidden");
  t.ok(rests.trackAt(person) !== undefined);
  t.match(step(5000, [person]), [{ track: 7 }]);
  t.end();
});

void t.test("rests: after settle_after it belongs to the place", (t) => {
  const { rests, step } = rested({ regionIntervalMs: 1000, settleAfterMs: 60_000 });
  for (let at = 2400; at <= 62_400; at += 200) step(at, [person]);
  t.ok(rests.trackAt(person) === undefined);
  for (let at = 62_600; at < 90_000; at += 200) t.same(step(at, [person], { gone: at === 70_000 ? [{ box: seen, track: 11 }] : [] }), []);
  t.end();
});

void t.test("rests: who stands there when movement was learned anew is found by what the place was like before", (t) => {
  const rests = new Rests({ regionIntervalMs: 1000, settleAfterMs: 600_000 });
  const frame = { track: 999, moving: [], followed: [], gone: [] };
  for (let at = 0; at < 2000; at += 200) rests.step({ ...frame, picture: picture(), capturedAt: at });
  rests.lost();
  rests.step({ ...frame, picture: picture([person], 20), capturedAt: 4000 });
  t.equal(rests.trackAt(person), 999);
  rests.lost();
  const turned: GreyPicture = { width: 160, height: 90, grey: Uint8Array.from({ length: 160 * 90 }, (_, at) => (at * 37) % 251) };
  rests.step({ ...frame, picture: turned, capturedAt: 6000 });
  t.ok(rests.trackAt(person) === undefined, "another view is another place");
  t.end();
});

void t.test("rests: no more than eight things are followed", (t) => {
  const rests = new Rests({ regionIntervalMs: 1000, settleAfterMs: 600_000 });
  const boxes = Array.from({ length: 12 }, (_, i): Rect => ({ x: (i % 6) * 26 + 4, y: Math.floor(i / 6) * 45 + 8, width: 12, height: 24 }));
  const frame = { track: 999, moving: [], followed: [], gone: [] };
  rests.step({ ...frame, picture: picture(), capturedAt: 0 });
  rests.step({ ...frame, picture: picture(boxes), capturedAt: 200, gone: boxes.map((box, track) => ({ box, track })) });
  const tracks = new Set<number>();
  for (let at = 400; at < 8000; at += 200) {
    const looks = rests.step({ ...frame, picture: picture(boxes), capturedAt: at });
    t.ok(looks.length <= 4, "few a frame");
    for (const { track } of looks) tracks.add(track);
  }
  t.same([...tracks].sort((a, b) => a - b), [4, 5, 6, 7, 8, 9, 10, 11], "those that came last");
  t.end();
});

void t.test("still place: what is learned does not swallow who stands there", (t) => {
  const place = new StillPlace(picture(), 0);
  for (let at = 200; at < 300_000; at += 1000) {
    place.see(picture([person], Math.round(at / 20_000)), at);
    place.learn([person]);
  }
  t.ok(place.isOther(person));
  t.ok(place.otherShare() < 0.1);
  t.end();
});
