import fc from "fast-check";
import t from "tap";
import { looksPerFrame, PLACES_MAX, SCAN_LOOKS_MAX, scanPeriodMs, scanPlaces } from "../../fusion/model/scan.js";

void t.test("scan: the places of a picture are squares within it, cover it, and are no more than 64", (t) => {
  const size = fc.integer({ min: 64, max: 3840 });
  fc.assert(
    fc.property(size, size, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (width, height, x, y) => {
      const places = scanPlaces(width, height);
      const inside = places.every((one) => one.x >= 0 && one.y >= 0 && one.x + one.width <= 1 + 1e-9 && one.y + one.height <= 1 + 1e-9);
      const square = places.every((one) => Math.abs(one.width * width - one.height * height) < 1e-6);
      const covered = places.length === 0 || places.some((one) => one.x <= x + 1e-9 && x <= one.x + one.width + 1e-9 && one.y <= y + 1e-9 && y <= one.y + one.height + 1e-9);
      return inside && square && covered && places.length <= PLACES_MAX && places.length > 0;
    }),
    { seed: 1 },
  );
  t.equal(scanPlaces(640, 360).length, 50);
  t.equal(scanPlaces(640, 480).length, 49);
  t.end();
});

void t.test("scan: places that follow one another lie beside one another", (t) => {
  const places = scanPlaces(640, 480).slice(-35);
  const steps = places.slice(1).map((one, i) => Math.abs(one.x - (places[i]?.x ?? 0)) * 640 + Math.abs(one.y - (places[i]?.y ?? 0)) * 480);
  t.ok(steps.every((step) => step <= 81), "half a side further each time");
  t.end();
});

void t.test("scan: its period follows from frames, rate and places alone", (t) => {
  t.equal(scanPeriodMs({ fps: 5, scanRate: 6, places: 50 }), 9600);
  t.equal(scanPeriodMs({ fps: 0.1, scanRate: 6, places: 50 }), 110_000, "a frame carries six at most");
  t.equal(scanPeriodMs({ fps: 5, scanRate: 0, places: 50 }), Infinity);
  t.equal(looksPerFrame({ fps: 0.1, scanRate: 6 }), SCAN_LOOKS_MAX);
  t.end();
});
