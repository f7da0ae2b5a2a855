import t from "tap";
import { all, any, not, truthOf } from "../../rules/truth.js";
import { watchingOver, withChange, withoutOlder, type HealthSpan } from "../../rules/witnesses.js";

void t.test("truth: unknown stays unknown unless something decides", (t) => {
  t.equal(not("unknown"), "unknown");
  t.equal(not(truthOf(true)), "false");
  t.equal(not(truthOf(false)), "true");
  t.equal(all(["true", "unknown"]), "unknown");
  t.equal(all(["false", "unknown"]), "false");
  t.equal(all([]), "true");
  t.equal(any(["true", "unknown"]), "true");
  t.equal(any(["false", "unknown"]), "unknown");
  t.equal(any([]), "false");
  t.end();
});

void t.test("witnesses: only uninterrupted health over the whole interval counts", (t) => {
  const cam = { sourceId: "cam", modality: "image" as const };
  let spans: readonly HealthSpan[] = [];
  spans = withChange(spans, { ...cam, at: 10, healthy: true });
  t.equal(withChange(spans, { ...cam, at: 11, healthy: true }), spans);
  t.same(watchingOver(spans, "image", 10, 1000), ["cam"]);
  t.same(watchingOver(spans, "image", 9, 20), []);
  t.same(watchingOver(spans, "audio", 10, 20), []);
  spans = withChange(spans, { ...cam, at: 50, healthy: false });
  t.equal(withChange(spans, { ...cam, at: 51, healthy: false }), spans);
  spans = withChange(spans, { ...cam, at: 60, healthy: true });
  t.same(watchingOver(spans, "image", 20, 50), ["cam"]);
  t.same(watchingOver(spans, "image", 40, 70), []);
  t.equal(withoutOlder(spans, 50), spans);
  t.equal(withoutOlder(spans, 51).length, 1);
  t.end();
});
