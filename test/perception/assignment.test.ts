// Which process perceives which source: balanced, whole, and steady when the configuration changes a little.
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import t from "tap";
import { spread, usefulProcesses, type CostedSource } from "../../daemon/perception/assignment.js";
import { holds } from "../support/property.js";

const sources = fc.uniqueArray(fc.record({ id: fc.stringMatching(/^[a-z]{1,8}$/), cost: fc.double({ min: 0.001, max: 0.5, noNaN: true }) }), { selector: ({ id }) => id, minLength: 1, maxLength: 64 });
const processes = fc.integer({ min: 1, max: 16 });

function loadsOf(shares: readonly (readonly string[])[], all: readonly CostedSource[]): number[] {
  return shares.map((ids) => ids.reduce((sum, id) => sum + (all.find((one) => one.id === id)?.cost ?? 0), 0));
}

void t.test("assignment: every source is in one process, whatever their order", (t) => {
  const sorted = (shares: readonly (readonly string[])[]): string[][] => shares.map((ids) => [...ids].sort());
  const property = fc.property(sources, processes, fc.func(fc.integer()), (all, count, key) => {
    const shares = spread(all, count);
    const shuffled = spread([...all].sort((a, b) => key(a.id) - key(b.id)), count);
    return isDeepStrictEqual(shares.flat().sort(), all.map(({ id }) => id).sort()) && isDeepStrictEqual(sorted(shuffled), sorted(shares));
  });
  holds(t, "whole, and the same in any order", property);
  t.end();
});

void t.test("assignment: no process has more than its even share and a tenth, or one source, more", (t) => {
  const property = fc.property(sources, processes, (all, count) => {
    const even = all.reduce((sum, { cost }) => sum + cost, 0) / count;
    const dearest = Math.max(...all.map(({ cost }) => cost));
    return loadsOf(spread(all, count), all).every((load) => load <= Math.max(even * 1.1, even + dearest) + 1e-9);
  });
  holds(t, "balanced", property);
  t.end();
});

void t.test("assignment: alike sources are spread evenly, and one more moves few", (t) => {
  const alike = Array.from({ length: 32 }, (_, i) => ({ id: `cam-${i}`, cost: 0.05 }));
  let moved = 0;
  for (let n = 8; n < 32; n++) {
    const [before, after] = [spread(alike.slice(0, n), 4), spread(alike.slice(0, n + 1), 4)];
    t.ok(Math.max(...before.map(({ length }) => length)) - Math.min(...before.map(({ length }) => length)) <= 3);
    moved += alike.slice(0, n).filter(({ id }) => before.findIndex((ids) => ids.includes(id)) !== after.findIndex((ids) => ids.includes(id))).length;
  }
  t.comment(`${moved} of ${24 * 20} moved`);
  t.ok(moved / (24 * 20) < 0.15, "a new spread would move three of four");
  t.end();
});

void t.test("assignment: as many processes as keep busy, no more than there are cores or sources", (t) => {
  const of = (count: number, cost: number): CostedSource[] => Array.from({ length: count }, (_, i) => ({ id: `${i}`, cost }));
  t.equal(usefulProcesses(of(8, 0.05), 16), 1);
  t.equal(usefulProcesses(of(32, 0.05), 16), 4);
  t.equal(usefulProcesses(of(32, 0.05), 2), 2);
  t.equal(usefulProcesses(of(1, 3), 8), 1);
  t.end();
});
