import fc from "fast-check";
import t from "tap";
import { common, lengthMs, merged, touches, without, type Span } from "../../daemon/score/spans.js";
import { holds } from "../support/property.js";

const span = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 })).map(([fromMs, toMs]): Span => ({ fromMs, toMs }));
const spans = fc.array(span, { maxLength: 8 });

/** The whole milliseconds that spans hold: what the arithmetic is checked against. */
function cells(list: readonly Span[]): Set<number> {
  return new Set(list.flatMap(({ fromMs, toMs }) => Array.from({ length: Math.max(0, toMs - fromMs) }, (_, i) => fromMs + i)));
}

function same(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((cell) => b.has(cell));
}

void t.test("spans: merged, without and common are the set operations", (t) => {
  const inOrder = (list: readonly Span[]): boolean => list.every(({ fromMs, toMs }, i) => toMs > fromMs && (i === 0 || fromMs > (list[i - 1] as Span).toMs));
  holds(t, "merged", fc.property(spans, (a) => same(cells(merged(a)), cells(a)) && inOrder(merged(a)) && lengthMs(a) === cells(a).size));
  holds(t, "without", fc.property(spans, spans, (a, b) => same(cells(without(a, b)), new Set([...cells(a)].filter((x) => !cells(b).has(x))))));
  holds(t, "common", fc.property(spans, spans, (a, b) => same(cells(common(a, b)), new Set([...cells(a)].filter((x) => cells(b).has(x))))));
  holds(t, "what is excused and what is not are all", fc.property(spans, spans, (a, b) => lengthMs(without(a, b)) + lengthMs(common(a, b)) === lengthMs(a)));
  t.end();
});

void t.test("spans: a moment at the edge touches", (t) => {
  const list = [{ fromMs: 10, toMs: 20 }];
  for (const [at, is] of [[9, false], [10, true], [20, true], [21, false]] as const) t.equal(touches(list, { fromMs: at, toMs: at }), is, String(at));
  t.end();
});
