// groups: which sources can witness the same happening.
import { z } from "zod";
import { duration, strict, text } from "./common.js";

/** The sources that can witness the same happening. */
export interface GroupConfig {
  readonly id: string;
  /** Ids, those of disabled sources too. */
  readonly sources: readonly string[];
  /** How much later than others a source may come and still count. */
  readonly allowedLatenessMs: number;
  /** The longest silence inside one event. */
  readonly sessionGapMs: number;
  /** Longer events are cut, and go on as another. */
  readonly maxDurationMs: number;
  /** A source that tells nothing for this long no longer holds the watermark. */
  readonly idleAfterMs: number;
}

/** One group, its id still apart. */
export const groupSchema = strict({
  sources: z.array(text).min(1).describe("ids of the sources that can witness the same happening"),
  allowed_lateness: duration("0s", "1h").prefault("2s").describe("how much later than others a source may come and still count"),
  session_gap: duration("100ms", "1h").prefault("4s").describe("the longest silence inside one event"),
  max_duration: duration("1s", "1d").prefault("5m").describe("longer events are cut, and go on as another"),
  idle_after: duration("1s", "1d").prefault("10s").describe("a source that tells nothing for this long is not waited for"),
})
  .superRefine((group, context) => {
    if (group.session_gap < group.max_duration) return;
    context.addIssue({ code: "custom", path: ["session_gap"], message: "must be shorter than max_duration" });
  })
  .transform(
    (group): Omit<GroupConfig, "id"> => ({
      sources: group.sources,
      allowedLatenessMs: group.allowed_lateness,
      sessionGapMs: group.session_gap,
      maxDurationMs: group.max_duration,
      idleAfterMs: group.idle_after,
    }),
  );
