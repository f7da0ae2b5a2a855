import t from "tap";
import { Clusterer, type ClustererOptions, type EventChange } from "../../fusion/clusterer.js";
import { embeddingOf, observationId, type Observation } from "../../fusion/model/observation.js";
import type { Modality } from "../../fusion/model/modality.js";
import { Scorer } from "../../fusion/scorer.js";
import { simulateScene } from "../../fusion/simulator/scene.js";
import { normalise } from "../../fusion/model/vector.js";

const { space } = simulateScene({ seed: 2, durationMs: 1, happenings: 0, sources: [], noise: 0 });
const scorer = new Scorer(space, []);
const options: ClustererOptions = {
  groupId: "yard",
  sessionGapMs: 4000,
  maxDurationMs: 60_000,
  observationMaxMs: 2000,
  openMax: 8,
  conceptNames: space.concepts.map((c) => c.name),
  sameModality: space.sameModality,
};
const concept = (i: number): Float32Array => (space.concepts[i] as { vector: Float32Array }).vector;

function seen(vector: Float32Array, capturedAt: number, more: Partial<Observation> = {}): Observation {
  const modality: Modality = more.modality ?? "image";
  const key = { sourceId: more.sourceId ?? "cam", modality, run: 0, seq: more.seq ?? 0, capturedAt, durationMs: modality === "audio" ? 2000 : 0 };
  return { ...key, gate: "open", quality: 1, embedding: embeddingOf(space.id, vector), ...more, id: observationId(key) };
}

function observe(clusterer: Clusterer, observation: Observation): readonly EventChange[] {
  return clusterer.observe(observation, (scorer.score(observation, undefined) as { odds: Float32Array }).odds);
}

void t.test("clusterer: a dog heard and a dog seen are one event, named by its concept", (t) => {
  const clusterer = new Clusterer(options);
  observe(clusterer, seen(concept(0), 2500));
  const [change] = observe(clusterer, seen(concept(0), 1000, { modality: "audio", sourceId: "mic" }));
  t.equal(change?.kind, "joined");
  const event = (change as { event: { counts: object; concept?: string; startedAt: number; endedAt: number } }).event;
  t.strictSame(event.counts, { image: 1, audio: 1, text: 0 });
  t.equal(event.concept, "concept-0");
  t.equal(event.startedAt, 1000);
  t.equal(event.endedAt, 3000);
  t.end();
});

void t.test("clusterer: different meaning at the same moment stays different", (t) => {
  const clusterer = new Clusterer(options);
  observe(clusterer, seen(concept(0), 2500));
  t.equal(observe(clusterer, seen(concept(1), 1000, { modality: "audio", sourceId: "mic" }))[0]?.kind, "founded");
  t.equal(clusterer.open.length, 2);
  t.end();
});

void t.test("clusterer: a gap closes exactly one event", (t) => {
  const clusterer = new Clusterer(options);
  observe(clusterer, seen(concept(0), 0));
  observe(clusterer, seen(concept(1), 5000));
  t.strictSame(clusterer.advance(6000), [], "a window of sound could still reach it");
  const closed = clusterer.advance(6001);
  t.equal(closed.length, 1);
  t.match(closed[0], { kind: "closed", event: { phase: "closed", closeReason: "gap", endedAt: 0 } });
  t.equal(clusterer.open.length, 1);
  t.end();
});

void t.test("clusterer: the same meaning after the gap is another event", (t) => {
  const clusterer = new Clusterer(options);
  observe(clusterer, seen(concept(0), 0));
  t.equal(observe(clusterer, seen(concept(0), 4001))[0]?.kind, "founded");
  t.end();
});

void t.test("clusterer: an event that lasts too long is cut, and the next one says what it continues", (t) => {
  const clusterer = new Clusterer(options);
  const first = observe(clusterer, seen(concept(0), 0))[0] as { event: { id: string } };
  let changes: readonly EventChange[] = [];
  for (let at = 3000; at <= 63_000; at += 3000) changes = observe(clusterer, seen(concept(0), at));
  t.match(changes, [
    { kind: "closed", event: { id: first.event.id, closeReason: "max_duration" } },
    { kind: "founded", event: { continues: first.event.id } },
  ]);
  t.end();
});

void t.test("clusterer: what the gate followed stays one event whatever it looks like", (t) => {
  const clusterer = new Clusterer(options);
  observe(clusterer, seen(concept(0), 0, { track: 7 }));
  t.equal(observe(clusterer, seen(concept(5), 1000, { track: 7 }))[0]?.kind, "joined");
  t.equal(observe(clusterer, seen(concept(6), 2000, { track: 8 }))[0]?.kind, "founded");
  t.equal(observe(clusterer, seen(concept(9), 2000, { track: 7, sourceId: "other" }))[0]?.kind, "founded", "tracks are a source's own");
  t.equal(observe(clusterer, seen(concept(12), 3000, { track: 7, run: 1 }))[0]?.kind, "founded", "and those of a run: a gate that begins anew counts anew");
  t.end();
});

void t.test("clusterer: events that turn out to mean the same are merged into the older one", (t) => {
  const clusterer = new Clusterer(options);
  const mixed = normalise(concept(0).map((x, i) => x + 1.1 * (concept(1)[i] as number)));
  const older = observe(clusterer, seen(concept(0), 0))[0] as { event: { id: string } };
  observe(clusterer, seen(concept(3), 100, { track: 1 }));
  observe(clusterer, seen(mixed, 200, { sourceId: "cam2" }));
  const before = clusterer.open.length;
  const changes = observe(clusterer, seen(concept(0), 300, { track: 1 }));
  t.equal(changes[0]?.kind, "joined");
  const merged = [...changes, ...observe(clusterer, seen(concept(0), 400, { track: 1, quality: 1 }))].filter((c) => c.kind === "merged");
  t.ok(before >= 2);
  for (const change of merged) t.match(change, { from: { phase: "merged" } });
  const ids = clusterer.open.map((state) => state.event.id);
  t.ok(ids.includes(older.event.id), "the older founding observation keeps its id");
  t.end();
});

void t.test("clusterer: never holds more than its bound, and says what it evicted", (t) => {
  const clusterer = new Clusterer({ ...options, openMax: 3, sameModality: { image: { a: 0, b: -9 }, audio: { a: 0, b: -9 }, text: { a: 0, b: -9 } } });
  let evicted = 0;
  for (let i = 0; i < 12; i++) {
    const changes = observe(clusterer, seen(concept(i), i * 10, { sourceId: `cam${i}` }));
    evicted += changes.filter((c) => c.kind === "closed" && c.event.closeReason === "evicted").length;
    t.ok(clusterer.open.length <= 3);
  }
  t.equal(evicted, 9);
  t.end();
});

void t.test("clusterer: a copy goes its own way", (t) => {
  const clusterer = new Clusterer(options);
  observe(clusterer, seen(concept(0), 0));
  const copy = clusterer.clone();
  observe(copy, seen(concept(0), 100));
  t.equal(clusterer.open[0]?.event.revision, 1);
  t.equal(copy.open[0]?.event.revision, 2);
  t.match(copy.advance(1e6), [{ kind: "closed", event: { closeReason: "gap" } }]);
  t.equal(copy.openCount, 0);
  t.equal(clusterer.openCount, 1);
  t.end();
});
