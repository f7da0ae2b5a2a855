// What a broker's refusal means to the daemon and to the operator.
import type { ErrorCode } from "../../fusion/model/errors.js";
import type { PublishErrorReason } from "./bus.js";

/** JetStream's code for a message larger than the stream takes. */
const MESSAGE_TOO_LARGE = 10054;

/** Which error a refusal becomes, its metric label, and what can be done about it. */
export interface BrokerFailure {
  readonly code: ErrorCode;
  readonly reason: PublishErrorReason;
  readonly advice: string;
}

/** The meaning of the client's error code and, if JetStream answered, of JetStream's. */
export function brokerFailure(code: string, apiCode: number | undefined): BrokerFailure {
  if (code === "MAX_PAYLOAD_EXCEEDED" || apiCode === MESSAGE_TOO_LARGE) {
    return { code: "sink_rejected", reason: "too_large", advice: "raise the broker's max_payload and the stream's max_msg_size to 128 KiB" };
  }
  if (code === "PERMISSIONS_VIOLATION") {
    return { code: "sink_rejected", reason: "not_permitted", advice: "grant the permissions that docs/nats.md lists" };
  }
  if (apiCode !== undefined) return { code: "sink_unavailable", reason: "refused", advice: "see to the stream; it is tried again" };
  if (code === "503") {
    return { code: "sink_unavailable", reason: "no_stream", advice: "see that JetStream is enabled; the stream is made again" };
  }
  if (code === "TIMEOUT") return { code: "sink_unavailable", reason: "timeout", advice: "see to the broker; it is tried again" };
  return { code: "sink_unavailable", reason: "disconnected", advice: "it is tried again once the broker is back" };
}
