// Who cannot observe cannot witness: spans of health against what became of each capture.
import fc from "fast-check";
import t from "tap";
import { InputWitness } from "../../daemon/perception/input-witness.js";
import type { Modality } from "../../fusion/model/modality.js";
import { watchingOver, withChange, type HealthSpan, type WitnessChange } from "../../rules/witnesses.js";
import { holds } from "../support/property.js";

/** A witness whose changes are kept as spans. */
class Bench {
  readonly witness: InputWitness;
  spans: readonly HealthSpan[] = [];

  constructor(modality: Modality = "image") {
    this.witness = new InputWitness({ sourceId: "cam", modality });
  }

  take(change: WitnessChange | undefined): void {
    if (change !== undefined) this.spans = withChange(this.spans, change);
  }

  healthy(at: number, healthy = true): void {
    this.take(this.witness.source({ at, healthy }));
  }

  looked(at: number): void {
    this.take(this.witness.looked(at));
  }

  lost(at: number, why = "it keeps crashing"): void {
    this.take(this.witness.lost({ from: at, to: at, why }));
  }

  get times(): readonly (readonly [number, number | undefined])[] {
    return this.spans.map(({ from, to }) => [from, to] as const);
  }
}

void t.test("witness: a camera whose gate stays closed witnesses, and one capture that fails blinds just its own span", (t) => {
  const bench = new Bench();
  bench.healthy(1000);
  for (const at of [1000, 1200, 1400]) bench.looked(at);
  bench.lost(1600);
  t.match(bench.witness, { witnesses: false, blind: "it keeps crashing" });
  bench.looked(1800);
  t.match(bench.witness, { witnesses: true, blind: undefined });
  t.strictSame(bench.times, [[1000, 1600], [1800, undefined]]);
  t.end();
});

void t.test("witness: what was under way when newer captures were lost does not end the blindness", (t) => {
  const bench = new Bench();
  bench.healthy(1000);
  bench.lost(2200);
  bench.lost(2400);
  bench.looked(2000); // the older one, which came through
  bench.looked(2300); // between two that were lost
  t.notOk(bench.witness.witnesses);
  bench.looked(2600);
  t.strictSame(bench.times, [[1000, 2200], [2600, undefined]]);
  t.end();
});

void t.test("witness: a source that comes back stays blind until something of it was looked at", (t) => {
  const bench = new Bench();
  bench.healthy(1000);
  bench.lost(2000);
  bench.healthy(3000, false);
  t.equal(bench.witness.blind, undefined, "its own state says why");
  bench.healthy(5000);
  t.equal(bench.witness.blind, "it keeps crashing");
  bench.looked(5200);
  t.strictSame(bench.times, [[1000, 2000], [5200, undefined]]);
  t.end();
});

void t.test("witness: a feed of text is read on once it says that all was told", (t) => {
  const bench = new Bench("text");
  bench.healthy(1000);
  bench.lost(1500, "a line was too long");
  bench.take(bench.witness.told(1500));
  t.notOk(bench.witness.witnesses, "that is the lost line itself");
  bench.take(bench.witness.told(2500));
  t.strictSame(bench.times, [[1000, 1500], [2500, undefined]]);
  t.end();
});

void t.test("witness: however captures fare, nobody witnesses over one that was lost", (t) => {
  const step = fc.record({ fate: fc.constantFrom("looked", "lost", "late", "sick", "well"), afterMs: fc.integer({ min: 1, max: 50 }), back: fc.integer({ min: 0, max: 60 }) });
  holds(
    t,
    "spans and losses do not meet",
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bench = new Bench();
      const lost: number[] = [];
      const changes: number[] = [];
      let now = 1000;
      const take = (change: WitnessChange | undefined): void => {
        if (change !== undefined) changes.push(change.at);
        bench.take(change);
      };
      take(bench.witness.source({ at: now, healthy: true }));
      for (const { fate, afterMs, back } of steps) {
        now += afterMs;
        if (fate === "looked") take(bench.witness.looked(now));
        else if (fate === "lost") {
          lost.push(now);
          take(bench.witness.lost({ from: now, to: now, why: "x" }));
        } else if (fate === "sick" || fate === "well") take(bench.witness.source({ at: now - back, healthy: fate === "well" }));
      }
      const ordered = changes.every((at, i) => i === 0 || at >= (changes[i - 1] as number));
      return ordered && lost.every((at) => watchingOver(bench.spans, "image", at - 1, at + 1).length === 0);
    }),
  );
  t.end();
});

void t.test("witness: a source that flaps for ever keeps a bounded past", (t) => {
  const bench = new Bench();
  bench.healthy(0);
  for (let at = 10; at < 20_000; at += 20) {
    bench.lost(at);
    bench.looked(at + 10);
  }
  t.equal(bench.spans.length, 256);
  t.same(watchingOver(bench.spans, "image", 0, 5), [], "the oldest is forgotten, not taken for health");
  t.end();
});
