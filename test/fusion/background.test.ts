import fc from "fast-check";
import t from "tap";
import { isFurniture, isSettledAlike, withLook, type PlaceBackground, type PlaceLook } from "../../fusion/background.js";
import { seededRandom, gaussian } from "../../fusion/simulator/random.js";
import { normalise } from "../../fusion/model/vector.js";
import { holds } from "../support/property.js";

const SETTLE_MS = 300_000;
const PERIOD_MS = 8000;
const square = { x: 0, y: 0, width: 0.5, height: 0.5 };
const random = seededRandom(7);
const vector = (): Float32Array => normalise(Float32Array.from({ length: 64 }, () => gaussian(random)));
const [EMPTY, PERSON, CAR] = [vector(), vector(), vector()];

/** The vector with some noise: a cosine of about 0.98. */
function noisy(of: Float32Array): Float32Array {
  return normalise(of.map((x) => x + (0.2 * gaussian(random)) / Math.sqrt(of.length)));
}

/** A place that is looked at once in a scan, and whether each look was furniture when it came. */
class Place {
  background: PlaceBackground | undefined;
  at = 0;

  /** Looks for so long; gives how many of the looks were told. */
  look(shows: Float32Array, forMs: number, everyMs = PERIOD_MS): number {
    let told = 0;
    for (const end = this.at + forMs; this.at < end; ) {
      this.at += everyMs;
      const look: PlaceLook = { region: square, at: this.at, vector: noisy(shows) };
      if (!isFurniture(this.background, look, SETTLE_MS)) told++;
      this.background = withLook(this.background, look, SETTLE_MS);
    }
    return told;
  }

  pass(ms: number): void {
    this.at += ms;
  }

  get settled(): number {
    return this.background?.appearances.filter(({ seenMs }) => seenMs >= SETTLE_MS).length ?? 0;
  }
}

void t.test("background: what stands in view at the first look is told until it has settled, and then not again", (t) => {
  const place = new Place();
  const told = place.look(CAR, 3600_000);
  t.ok(told * PERIOD_MS >= SETTLE_MS && told * PERIOD_MS <= SETTLE_MS + 3 * PERIOD_MS, `${told} looks of 8 s`);
  t.equal(place.look(CAR, 3600_000), 0);
  t.end();
});

void t.test("background: who comes is told at once, is furniture after settle_after, and leaves no news behind", (t) => {
  const place = new Place();
  place.look(EMPTY, 3600_000);
  t.equal(place.look(PERSON, 2 * PERIOD_MS), 2);
  t.equal(place.look(EMPTY, PERIOD_MS), 0, "the empty place is what it always was");
  const told = place.look(PERSON, 2 * SETTLE_MS);
  t.ok(told > 0 && told * PERIOD_MS <= SETTLE_MS + 3 * PERIOD_MS, `${told} looks`);
  t.equal(place.look(EMPTY, 600_000), 0);
  t.equal(place.look(PERSON, PERIOD_MS), 0, "who sat there for ten minutes is remembered for twenty");
  place.look(EMPTY, 1300_000);
  t.ok(place.look(PERSON, PERIOD_MS) > 0, "and no longer");
  t.end();
});

void t.test("background: an outage forgets nothing and settles nothing", (t) => {
  const place = new Place();
  place.look(CAR, 3600_000);
  place.pass(30 * 86_400_000);
  t.equal(place.look(CAR, PERIOD_MS), 0);
  place.pass(30 * 86_400_000);
  t.ok(place.look(PERSON, SETTLE_MS / 2) > 0);
  t.equal(place.settled, 1);
  t.equal(place.look(CAR, PERIOD_MS), 0, "what stood there before is still what always stands there");
  t.end();
});

void t.test("background: a place looks one way by day and another by night, and neither is news", (t) => {
  const place = new Place();
  place.look(CAR, 8 * 3600_000);
  place.look(EMPTY, 8 * 3600_000);
  t.equal(place.look(CAR, 8 * 3600_000), 0);
  t.equal(place.look(EMPTY, 8 * 3600_000), 0);
  t.end();
});

void t.test("background: what drifts slowly stays furniture", (t) => {
  const place = new Place();
  let told = 0;
  place.look(EMPTY, 3600_000);
  for (let i = 0; i < 200; i++) {
    const mixed = normalise(EMPTY.map((x, k) => x * Math.cos(i / 127) + (CAR[k] as number) * Math.sin(i / 127)));
    told += place.look(mixed, 60_000);
  }
  t.ok(told < 5, `${told} of 1 500 looks of three hours of dusk`);
  t.end();
});

void t.test("background: another square under the same number is another place, and a look out of order is none", (t) => {
  const place = new Place();
  place.look(CAR, 3600_000);
  const known = place.background as PlaceBackground;
  const elsewhere = { region: { ...square, x: 0.1 }, at: place.at + PERIOD_MS, vector: CAR };
  t.notOk(isFurniture(known, elsewhere, SETTLE_MS));
  t.match(withLook(known, elsewhere, SETTLE_MS), { region: { x: 0.1 }, appearances: [{ seenMs: 0 }] });
  t.equal(withLook(known, { region: square, at: known.lookedAt, vector: PERSON }, SETTLE_MS), known);
  const bare = withLook(undefined, { at: 1, vector: CAR }, SETTLE_MS);
  t.strictSame(Object.keys(bare), ["lookedAt", "appearances"], "where nobody says which square, it is the same one");
  t.equal(withLook(bare, { at: 2, vector: CAR }, SETTLE_MS).appearances.length, 1);
  t.end();
});

void t.test("background: it is bounded, its means are of unit length, and what was told of it changes only where something settled or was forgotten", (t) => {
  const looks = fc.array(fc.record({ shows: fc.integer({ min: 0, max: 9 }), times: fc.integer({ min: 1, max: 60 }) }), { minLength: 1, maxLength: 30 });
  const all = Array.from({ length: 10 }, vector);
  let settled = 0;
  holds(
    t,
    "whatever it is shown",
    fc.property(looks, (runs) => {
      const place = new Place();
      return runs.every(({ shows, times }) => {
        const before = place.background;
        const had = place.settled;
        place.look(all[shows] as Float32Array, times * PERIOD_MS);
        const { appearances } = place.background as PlaceBackground;
        settled = Math.max(settled, place.settled);
        const unit = appearances.every(({ mean }) => Math.abs(mean.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-4);
        const alike = before === undefined || isSettledAlike(before, place.background as PlaceBackground, SETTLE_MS) === (had === place.settled);
        return appearances.length <= 4 && unit && alike;
      });
    }),
    60,
  );
  t.ok(settled > 1, `some settled (${settled} at once)`);
  t.end();
});
