import fc from "fast-check";
import t from "tap";
import { blacken, rasterise } from "../../encoders/child/mask.js";
import { RegionTracker } from "../../encoders/child/region-tracker.js";
import { mergeBoxes, overlap, squareAround } from "../../encoders/child/regions.js";
import { SourceStates } from "../../encoders/child/source-states.js";

const box = fc.record({ x: fc.integer({ min: 0, max: 300 }), y: fc.integer({ min: 0, max: 150 }), width: fc.integer({ min: 1, max: 200 }), height: fc.integer({ min: 1, max: 100 }) });

void t.test("regions: a square lies inside the frame and, if it fits, holds the box", (t) => {
  fc.assert(
    fc.property(box, fc.integer({ min: 32, max: 700 }), fc.integer({ min: 32, max: 500 }), (moved, frameWidth, frameHeight) => {
      const inside = { ...moved, x: Math.min(moved.x, frameWidth - 1), y: Math.min(moved.y, frameHeight - 1) };
      const width = Math.min(inside.width, frameWidth - inside.x);
      const height = Math.min(inside.height, frameHeight - inside.y);
      const square = squareAround({ ...inside, width, height }, frameWidth, frameHeight);
      const fits = Math.max(width, height) <= Math.min(frameWidth, frameHeight);
      const holds = square.x <= inside.x && square.y <= inside.y && square.x + square.width >= inside.x + width && square.y + square.height >= inside.y + height;
      return square.width === square.height && square.x >= 0 && square.y >= 0 && square.x + square.width <= frameWidth && square.y + square.height <= frameHeight && (!fits || holds);
    }),
  );
  t.end();
});

void t.test("regions: merged boxes lie apart, cover all, and do not depend on being merged again", (t) => {
  fc.assert(
    fc.property(fc.array(box, { maxLength: 12 }), (boxes) => {
      const merged = mergeBoxes(boxes, 3);
      const apart = merged.every((a, i) => merged.slice(i + 1).every((b) => overlap(a, b) === 0));
      const covered = boxes.every((b) => merged.some((m) => m.x <= b.x && m.y <= b.y && m.x + m.width >= b.x + b.width && m.y + m.height >= b.y + b.height));
      return apart && covered && mergeBoxes(merged, 3).length === merged.length;
    }),
  );
  t.end();
});

void t.test("masks: what lies inside a polygon is black and nothing else", (t) => {
  const pixels = new Uint8Array(10 * 10 * 3).fill(9);
  blacken(pixels, rasterise([[[0, 0], [0.2, 0], [0.2, 1], [0, 1]], [[0.5, 0.5], [1, 0.5], [1, 1]]], 10, 10));
  const black = (x: number, y: number): boolean => pixels.subarray((y * 10 + x) * 3, (y * 10 + x) * 3 + 3).every((value) => value === 0);
  for (let y = 0; y < 10; y++) {
    for (let x = 0; x < 10; x++) {
      const triangle = x + 0.5 >= 5 && y + 0.5 >= 5 && x - y >= 0;
      t.equal(black(x, y), x < 2 || triangle, `${x},${y}`);
    }
  }
  t.end();
});

void t.test("tracker: a region that goes on is due once a second, a new one at once, and ids are never used twice", (t) => {
  const tracker = new RegionTracker(1000);
  const due: number[] = [];
  const tracks = new Set<number>();
  for (let i = 0; i < 16; i++) {
    const [region] = tracker.follow([{ x: i * 2, y: 10, width: 40, height: 40 }], i, i * 200);
    tracks.add(region?.track as number);
    if (region?.due === true) due.push(i);
  }
  t.same(due, [0, 5, 10, 15]);
  t.equal(tracks.size, 1);
  const [far] = tracker.follow([{ x: 200, y: 10, width: 40, height: 40 }], 16, 3200);
  t.equal(far?.due, true);
  t.notOk(tracks.has(far?.track as number));
  const [late] = tracker.follow([{ x: 200, y: 10, width: 40, height: 40 }], 40, 8000);
  t.not(late?.track, far?.track, "a track that was lost for more than two seconds has ended");
  t.end();
});

void t.test("source states: the one used longest ago is forgotten", (t) => {
  let made = 0;
  const states = new SourceStates(2, () => made++);
  t.same([states.of("a"), states.of("b"), states.of("a"), states.of("c"), states.of("a"), states.of("b")], [0, 1, 0, 2, 0, 3]);
  t.end();
});
