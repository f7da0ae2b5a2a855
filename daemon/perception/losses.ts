// What the loss of captures comes to, in an operator's words.
import type { DropReason } from "../sources/source.js";

/** Why a source whose captures are lost for this reason is not looked at. */
export const LOSSES: Readonly<Record<DropReason, string>> = {
  queue_full: "more comes than can be looked at",
  rate: "more comes than its limit",
  overload: "more comes of all sources together than can be taken",
  too_late: "it comes too late to count",
  encode_failed: "it cannot be encoded",
  skew: "some of it is missing",
  outlier: "its times are not to be trusted",
  shutdown: "fusiond is stopping",
  failed: "a fault of fusiond: see the log",
  oversize: "a line was too long",
  malformed: "a line could not be read",
};
