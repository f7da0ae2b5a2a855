// Reports of every kind, by chance and by hand, for tests.
import { toUSVString } from "node:util";
import fc from "fast-check";
import type { Report, ReportBase } from "../../daemon/report/report.js";
import { SOURCE_STATES } from "../../daemon/sources/source.js";
import { MODALITIES, type Modality } from "../../fusion/model/modality.js";
import { embeddingOfCodes, observationId, type Observation } from "../../fusion/model/observation.js";
import { hostileKey, hostileText } from "../support/hostile.js";

const text = hostileText.map((one) => toUSVString(one));
const token = fc.constantFrom("cam", "dock-mic", "badges_2", "constructor", "__proto__", "0");
const time = fc.integer({ min: -8.64e15, max: 8.64e15 });
const count = fc.maxSafeNat();
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x + 0); // no -0, which msgpack has not
const codes = fc.array(fc.integer({ min: -127, max: 127 }), { minLength: 1, maxLength: 64 }).map((list) => Int8Array.from([127, ...list]));
const key = fc.record({ sourceId: token, modality: fc.constantFrom(...MODALITIES), run: count, seq: count });
const stageMs = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((x) => x + 0);

/** Some or none of the fields. */
function maybe<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  return fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}

/** Any observation that can be written. */
export const anyObservation: fc.Arbitrary<Observation> = key.chain((key) =>
  fc
    .tuple(
      fc.record({ capturedAt: time, durationMs: fc.nat(3_600_000), gate: fc.constantFrom("open" as const, "closed" as const), quality: share }),
      maybe<Pick<Required<Observation>, "embedding" | "region" | "track" | "place" | "moving" | "text" | "fields">>({
        embedding: fc.tuple(fc.constantFrom("embedded-3", "simulated"), codes).map(([space, codes]) => embeddingOfCodes(space, codes)),
        region: fc.tuple(share, share, share, share).map(([x, y, width, height]) => ({ x, y, width, height })),
        track: count,
        place: fc.nat(63),
        moving: fc.constant(true),
        text,
        fields: fc.array(fc.tuple(hostileKey, text)).map((pairs) => new Map(pairs.map(([name, value]) => [toUSVString(name), value]))),
      }),
    )
    .map(([rest, more]) => ({ id: observationId(key), ...key, ...rest, ...more })),
);

const base = fc.tuple(key, fc.record({ site: token, encoders: fc.constantFrom("embedded-3@0123456789abcdef", "x") })).map(([key, rest]): ReportBase => ({ ...rest, ...key }));
const witness = (modality: Modality): fc.Arbitrary<{ modality: Modality; healthy: boolean; at: number; why?: string }> =>
  fc.tuple(fc.record({ healthy: fc.boolean(), at: time }), maybe({ why: text })).map(([rest, why]) => ({ modality, ...rest, ...why }));

/** Any report that can be written. */
export const anyReport: fc.Arbitrary<Report> = base.chain((base) =>
  fc.oneof(
    fc.tuple(anyObservation, stageMs, stageMs).map(([observation, captureMs, encodeMs]): Report => {
      const { sourceId, modality, run, seq } = observation;
      return { ...base, sourceId, modality, run, seq, kind: "observation", observation, captureMs, encodeMs };
    }),
    fc.tuple(time, time).map(([a, b]): Report => ({ ...base, kind: "scan", from: Math.min(a, b), to: Math.max(a, b) })),
    time.map((time): Report => ({ ...base, kind: "progress", time })),
    fc.tuple(time, fc.boolean(), maybe({ why: text })).map(([at, healthy, why]): Report => ({ ...base, kind: "witness", at, healthy, ...why })),
    fc
      .tuple(time, fc.constantFrom(...SOURCE_STATES), maybe({ detail: text }), fc.subarray([...MODALITIES]).chain((list) => fc.tuple(...list.map(witness))))
      .map(([at, state, detail, witnesses]): Report => ({ ...base, kind: "health", at, state, ...detail, witnesses })),
    fc.constant<Report>({ ...base, kind: "end" }),
  ),
);

const head = { site: "plant-7", encoders: "embedded-3@0123456789abcdef", sourceId: "dock-cam", run: 1_764_309_600 } as const;
const image = { ...head, modality: "image" } as const;
const line = { sourceId: "badges", modality: "text", run: 7, seq: 3 } as const;
const look = { sourceId: "dock-cam", modality: "image", run: 1_764_309_600, seq: 12_345 } as const;

/** One report of each kind, as written by hand: what the golden file of a version is made of. */
export const SAMPLES: Readonly<Record<string, Report>> = {
  "a look": {
    ...image,
    kind: "observation",
    seq: 12_345,
    captureMs: 41.5,
    encodeMs: 18.25,
    observation: {
      id: observationId(look),
      ...look,
      capturedAt: 1_764_309_712_345,
      durationMs: 0,
      gate: "open",
      quality: 0.75,
      embedding: embeddingOfCodes("embedded-3", Int8Array.of(3, -127, 0, 64)),
      region: { x: 0.125, y: 0.25, width: 0.3, height: 0.4 },
      track: 17,
      place: 5,
      moving: true,
    },
  },
  "a line without a known word": {
    ...head,
    ...line,
    kind: "observation",
    captureMs: 0,
    encodeMs: 0.1,
    observation: {
      id: observationId(line),
      ...line,
      capturedAt: 1_764_309_712_000,
      durationMs: 0,
      gate: "open",
      quality: 0,
      text: "Tür 4 \u{1f6aa}",
      fields: new Map([["door", "4"], ["__proto__", "accepted"]]),
    },
  },
  "a scan": { ...image, kind: "scan", seq: 1, from: 1_764_309_700_000, to: 1_764_309_712_345 },
  "how far all was told": { ...image, kind: "progress", seq: 2, time: 1_764_309_712_345 },
  "blind from now on": { ...image, kind: "witness", seq: 3, at: 1_764_309_712_345, healthy: false, why: "more comes than can be looked at" },
  "how the source is": {
    ...image,
    kind: "health",
    seq: 4,
    at: 1_764_309_712_345,
    state: "recovering",
    detail: "connection refused: is it on, and is the port right?",
    witnesses: [
      { modality: "image", healthy: false, at: 1_764_309_712_345, why: "connection refused" },
      { modality: "audio", healthy: true, at: 1_764_309_700_000 },
    ],
  },
  "the end": { ...image, kind: "end", seq: 5 },
};
