// Why a stream, as it stands, will not store all that fusiond gives it as promised. Pure.
import type { DeliveryFault, StreamSpec } from "./bus.js";
import { missingSubjects, type ExistingStream } from "./stream-differences.js";

/** The gravest fault of a stream and of the broker's largest message; undefined if it will do. */
export function streamFault(spec: StreamSpec, found: ExistingStream, maxPayloadBytes: number): DeliveryFault | undefined {
  const missing = missingSubjects(spec, found);
  const unfit = (what: string, todo: string): DeliveryFault => ({ reason: "unfit", detail: `the stream ${found.name} ${what}: ${todo}` });
  const replace = "delete or rename it, and fusiond makes the right one";
  if (found.sealed) return unfit("is sealed and takes nothing any more", replace);
  if (found.mirrorOf !== undefined) return unfit(`mirrors ${found.mirrorOf} and takes nothing itself`, replace);
  if (missing.length > 0) return unfit(`does not take ${missing.join(" and ")}`, "add the subjects to it");
  if (!found.acknowledges) return unfit("acknowledges nothing (no_ack)", "switch its acknowledgements on");
  if (found.retention !== "limits") {
    return unfit(`keeps messages only until they were consumed (retention ${found.retention})`, `${replace}, with limits retention`);
  }
  if (isFull(found)) {
    return { reason: "full", detail: `the stream ${found.name} is full and refuses new messages: let it discard old ones, or raise its limits` };
  }
  const largest = Math.min(maxPayloadBytes, found.maxMessageBytes);
  if (largest >= spec.messageBytesMax) return undefined;
  const which = maxPayloadBytes <= found.maxMessageBytes ? "the broker's max_payload" : `max_msg_size of the stream ${found.name}`;
  return { reason: "too_large", detail: `${which} is ${largest} bytes and an alert may need ${spec.messageBytesMax}: raise it to 128 KiB` };
}

/** Whether the stream holds nothing although its last message's time is not over: somebody took it out. */
export function isEmptied(found: ExistingStream, nowMs: number): boolean {
  const ageMs = nowMs - found.lastStoredAt;
  return found.messages === 0 && found.lastSequence > 0 && found.retention === "limits" && ageMs < found.maxAgeMs;
}

function isFull(found: ExistingStream): boolean {
  return found.discard === "new" && (found.messages >= found.maxMessages || found.bytes >= found.maxBytes);
}
