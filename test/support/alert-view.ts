// An alert for tests of what reads alerts.
import type { AlertView } from "../../daemon/tail/alert-view.js";

/** A usual alert with some fields different. */
export function alertView(fields: Partial<AlertView> = {}): AlertView {
  const startedAt = Date.parse("2026-01-01T12:00:00Z");
  return {
    id: "8a1f00c2d3e4b5f6",
    revision: 1,
    state: "firing",
    group: "yard",
    rule: "dog-with-person",
    severity: "warning",
    startedAt,
    updatedAt: startedAt + 2_400,
    confidence: 0.8,
    calibrated: true,
    delayed: false,
    unwitnessed: false,
    summary: "dog heard, person seen",
    eventIds: ["e1", "e2"],
    evidence: [],
    ...fields,
  };
}
