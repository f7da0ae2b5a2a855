import fc from "fast-check";
import t from "tap";
import { rasterise } from "../../encoders/child/mask.js";
import { PictureScan } from "../../encoders/child/scan.js";
import { SCAN_LOOKS_MAX, scanPeriodMs, scanPlaces } from "../../fusion/model/scan.js";

const size = { width: 320, height: 180 };
const open = rasterise([], 320, 180);

/** What a scan does with frames at these times, and with which of them the tower is busy. */
function run(scan: PictureScan, times: readonly number[], isBusy: (i: number) => boolean = () => false) {
  return times.map((at, i) => ({ at, ...scan.step(at, isBusy(i)) }));
}

function every(periodMs: number, frames: number): number[] {
  return Array.from({ length: frames }, (_, i) => 1_000_000 + i * periodMs);
}

void t.test("scan: every place is looked at in turn, and what is told was looked at whole", (t) => {
  const inputs = fc.record({ periodMs: fc.integer({ min: 20, max: 10_000 }), rate: fc.double({ min: 0.1, max: 30, noNaN: true }), busy: fc.array(fc.boolean(), { minLength: 300, maxLength: 300 }) });
  fc.assert(
    fc.property(inputs, ({ periodMs, rate, busy }) => {
      const steps = run(new PictureScan(rate, size, open), every(periodMs, 300), (i) => busy[i] === true);
      const looked = new Map<number, number>();
      return steps.every(({ at, looks, scan }, i) => {
        for (const { place } of looks) looked.set(place, at);
        const honest = scan === undefined || (looked.size === scanPlaces(320, 180).length && Math.min(...looked.values()) >= scan.from);
        return honest && looks.length <= SCAN_LOOKS_MAX && (busy[i] === false || looks.length === 0);
      });
    }),
    { seed: 1, numRuns: 50 },
  );
  t.end();
});

void t.test("scan: every interval of its period holds a whole one that was told", (t) => {
  for (const [fps, scanRate] of [[5, 6], [10, 4], [1, 6], [0.1, 6], [30, 2]] as const) {
    const steps = run(new PictureScan(scanRate, size, open), every(1000 / fps, 2000));
    const period = scanPeriodMs({ fps, scanRate, places: scanPlaces(320, 180).length });
    const told = steps.flatMap(({ at, scan }) => (scan === undefined ? [] : [{ from: scan.from, to: at }]));
    const last = steps.at(-1)?.at ?? 0;
    const holds = steps.filter(({ at }) => at + period <= last).every(({ at }) => told.some(({ from, to }) => from >= at && to <= at + period));
    t.ok(told.length > 0 && holds, `${fps} frames and ${scanRate} looks a second`);
    t.ok(told.every(({ to }, i) => i === 0 || to - (told[i - 1]?.to ?? 0) >= 1000), "told once a second at most");
  }
  t.end();
});

void t.test("scan: what is wholly masked is left out, what is masked in part is not", (t) => {
  const left = rasterise([[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]], 320, 180);
  const places = new Set(run(new PictureScan(30, size, left), every(200, 200)).flatMap(({ looks }) => looks.map(({ place }) => place)));
  const expected = scanPlaces(320, 180).flatMap(({ x, width }, place) => ((x + width) * 320 > 160.5 ? [place] : []));
  t.same([...places].sort((a, b) => a - b), expected);
  const all = rasterise([[[0, 0], [1, 0], [1, 1], [0, 1]]], 320, 180);
  t.ok(run(new PictureScan(30, size, all), every(200, 200)).every(({ looks, scan }) => looks.length === 0 && scan === undefined), "of nothing no scan is told");
  t.end();
});

void t.test("scan: what was put off is done later, and not all at once", (t) => {
  const steps = run(new PictureScan(6, size, open), every(200, 400), (i) => i >= 100 && i < 200);
  t.ok(steps.slice(100, 200).every(({ looks }) => looks.length === 0));
  const after = steps.slice(200);
  t.ok(after.every(({ looks }) => looks.length <= SCAN_LOOKS_MAX));
  const first = after.find(({ scan }) => scan !== undefined);
  t.ok((first?.scan?.from ?? Infinity) < 1_000_000 + 100 * 200, "a scan that was interrupted began before");
  t.end();
});
