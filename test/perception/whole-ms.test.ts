// Fractions of a millisecond never put a sample behind what was told before it.
import fc from "fast-check";
import t from "tap";
import { inWholeMs } from "../../daemon/perception/whole-ms.js";
import { endedAt } from "../../fusion/model/observation.js";
import { holds } from "../support/property.js";

void t.test("whole ms: samples are never behind a progress that was told before them", (t) => {
  const time = fc.double({ min: 0, max: 1e6, noNaN: true });
  const duration = fc.double({ min: 0, max: 2000, noNaN: true });
  holds(
    t,
    "order is kept",
    fc.property(time, duration, time, (capturedAt, durationMs, progress) => {
      const capture = inWholeMs({
        kind: "capture",
        capture: { modality: "text", text: "", sourceId: "s", seq: 0, capturedAt, durationMs, receivedAtMs: 0 },
      });
      const told = inWholeMs({ kind: "progress", modality: "text", time: progress });
      if (capture.kind !== "capture" || told.kind !== "progress") return false;
      const whole = [capture.capture.capturedAt, capture.capture.durationMs, told.time].every(Number.isInteger);
      const late = capturedAt + durationMs > progress && endedAt(capture.capture) <= told.time;
      return whole && !late && capture.capture.durationMs >= 0;
    }),
  );
  t.end();
});
