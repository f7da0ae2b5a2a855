// Which settings of an existing stream are worth a word.
import t from "tap";
import { streamChanges, streamDifferences, type ExistingStream } from "../../daemon/bus/stream-differences.js";
import { isEmptied, streamFault } from "../../daemon/bus/stream-fault.js";

const spec = { name: "S", subjects: ["a.b.>", "a.c.>"], maxAgeMs: 7_000, maxBytes: 900, duplicateWindowMs: 1_000, messageBytesMax: 100, owned: false };
const same: ExistingStream = {
  name: "S",
  subjects: ["a.b.>", "a.c.>"],
  retention: "limits",
  storage: "file",
  discard: "old",
  denyDelete: true,
  denyPurge: true,
  maxAgeMs: 7_000,
  maxBytes: 900,
  maxMessages: Infinity,
  maxMessagesPerSubject: Infinity,
  maxMessageBytes: Infinity,
  duplicateWindowMs: 1_000,
  sealed: false,
  acknowledges: true,
  messages: 3,
  bytes: 300,
  lastSequence: 9,
  lastStoredAt: 50_000,
};

await t.test("stream differences: none where it promises as much or more", (t) => {
  t.same(streamDifferences(spec, same), []);
  t.same(streamDifferences(spec, { ...same, subjects: ["a.>"], maxAgeMs: Infinity, maxBytes: Infinity, duplicateWindowMs: 9_000 }), []);
  t.same(streamDifferences(spec, { ...same, subjects: [">", "x"] }), []);
  t.same(streamDifferences(spec, { ...same, subjects: ["*.b.>", "*.*.>"] }), []);
  t.end();
});

await t.test("stream differences: each weaker setting in a clause of its own", (t) => {
  t.same(streamDifferences(spec, { ...same, subjects: ["a.b.>", "a.*"] }), ["it does not take a.c.>"]);
  t.same(streamDifferences(spec, { ...same, subjects: ["a.b.x", "a.c.>.d"] }).length, 1);
  const weak = {
    ...{ ...same, subjects: [], retention: "interest", storage: "memory", discard: "new", denyDelete: false, denyPurge: false },
    ...{ maxAgeMs: 1, maxBytes: 1, maxMessages: 1, maxMessagesPerSubject: 1, duplicateWindowMs: 1 },
  };
  t.equal(streamDifferences(spec, weak).length, 11);
  t.end();
});

await t.test("stream changes: what an own stream has to be given, larger or smaller", (t) => {
  t.same(streamChanges(spec, same), []);
  t.same(streamChanges(spec, { ...same, maxBytes: 1_000 }), ["max_bytes from 1000 to 900"]);
  t.same(streamChanges(spec, { ...same, maxAgeMs: Infinity, duplicateWindowMs: 500 }).length, 2);
  t.same(streamChanges(spec, { ...same, subjects: ["a.b.>"] }), ["subjects to a.b.> and a.c.>"]);
  t.end();
});

await t.test("stream fault: each state in which a stream does not store what it is given, and what to do", (t) => {
  const fault = (change: Partial<ExistingStream>, maxPayloadBytes = 1_000) => streamFault(spec, { ...same, ...change }, maxPayloadBytes);
  t.equal(fault({}), undefined);
  t.equal(fault({ discard: "new", maxMessages: 4 }), undefined, "not full yet");
  t.match(fault({ sealed: true }), { reason: "unfit", detail: /sealed.*delete or rename/ });
  t.match(fault({ mirrorOf: "M", subjects: [] }), { reason: "unfit", detail: /mirrors M/ });
  t.match(fault({ subjects: ["a.b.>"] }), { reason: "unfit", detail: /does not take a\.c\.>.*add the subjects/ });
  t.match(fault({ acknowledges: false }), { reason: "unfit", detail: /no_ack/ });
  t.match(fault({ retention: "workqueue" }), { reason: "unfit", detail: /workqueue/ });
  t.match(fault({ discard: "new", maxMessages: 3 }), { reason: "full", detail: /make|raise/ });
  t.match(fault({ discard: "new", maxBytes: 300 }), { reason: "full" });
  t.match(fault({}, 99), { reason: "too_large", detail: /max_payload is 99 bytes/ });
  t.match(fault({ maxMessageBytes: 50 }), { reason: "too_large", detail: /max_msg_size of the stream S is 50/ });
  t.end();
});

await t.test("stream fault: a stream is emptied only if its last message would still be there by age", (t) => {
  const emptied = (change: Partial<ExistingStream>, nowMs: number) => isEmptied({ ...same, messages: 0, ...change }, nowMs);
  t.equal(emptied({}, 56_999), true);
  t.equal(emptied({}, 57_000), false, "its time was over");
  t.equal(emptied({ messages: 1 }, 51_000), false);
  t.equal(emptied({ lastSequence: 0 }, 51_000), false, "it never held anything");
  t.equal(emptied({ lastStoredAt: NaN }, 51_000), false, "nobody knows");
  t.equal(emptied({ retention: "workqueue" }, 51_000), false, "consumed");
  t.end();
});
