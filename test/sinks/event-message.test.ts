import t from "tap";
import { eventBody } from "../../daemon/sinks/event-message.js";
import { parseBody } from "../../daemon/sinks/message-body.js";
import type { FusionEvent } from "../../fusion/model/event.js";
import { embeddingOf } from "../../fusion/model/observation.js";

const event: FusionEvent = {
  id: "0123456789abcdef",
  groupId: "yard",
  revision: 3,
  phase: "open",
  startedAt: 1000,
  endedAt: 3500,
  representatives: [
    { sourceId: "mic", modality: "audio", observationId: "o", capturedAt: 1000, durationMs: 2000, embedding: embeddingOf("s", Float32Array.of(1, 0)), quality: 1 },
  ],
  counts: { image: 0, audio: 2, text: 0 },
};

void t.test("event message: says what happened, when and who witnessed it, in either format", (t) => {
  for (const format of ["json", "msgpack"] as const) {
    const body = parseBody(eventBody(event, "home", format));
    t.equal(body.format, format);
    t.strictSame(body.fields, {
      schema_version: 1,
      id: "0123456789abcdef",
      revision: 3,
      phase: "open",
      site: "home",
      group: "yard",
      started_at: "1970-01-01T00:00:01.000Z",
      ended_at: "1970-01-01T00:00:03.500Z",
      counts: { image: 0, audio: 2, text: 0 },
      witnesses: [{ source: "mic", modality: "audio" }],
    });
  }
  t.end();
});

void t.test("event message: says what it continues, became, is called and why it ended", (t) => {
  const over: FusionEvent = { ...event, phase: "merged", concept: "dog", continues: "a", mergedInto: "b", closeReason: "gap" };
  t.match(parseBody(eventBody(over, "home", "json")).fields, { phase: "merged", concept: "dog", continues: "a", merged_into: "b", close_reason: "gap" });
  t.end();
});
