// What a broker's refusal means to the daemon and to the operator.
import { FusiondError, type ErrorCode } from "../../fusion/model/errors.js";
import type { DeliveryFault, PublishErrorReason } from "./bus.js";

/** Which error a refusal becomes, its metric label, and what can be done about it. */
export interface BrokerFailure {
  readonly code: ErrorCode;
  readonly reason: PublishErrorReason;
  readonly advice: string;
}

/** What was asked of the broker: something about the stream, or to store a message. */
export type BrokerRequest = "stream" | "publish";

/** What the client's error says: its own code, and if JetStream answered, JetStream's code and words. */
export interface BrokerAnswer {
  readonly code: string;
  readonly apiCode?: number;
  readonly text: string;
}

/** A refusal by the broker; beside the error's code it carries the reason by which delivery is judged. */
export class BrokerFault extends FusiondError {
  readonly reason: PublishErrorReason;

  constructor({ code, reason }: BrokerFailure, message: string, options: ErrorOptions) {
    super(code, message, options);
    this.reason = reason;
  }
}

const TOO_LARGE: BrokerFailure = { code: "sink_rejected", reason: "too_large", advice: "raise the broker's max_payload and the stream's max_msg_size to 128 KiB" };
const NOT_PERMITTED: BrokerFailure = { code: "sink_rejected", reason: "not_permitted", advice: "grant the permissions that docs/nats.md lists" };
const NO_JETSTREAM: BrokerFailure = {
  code: "sink_unavailable",
  reason: "no_jetstream",
  advice: "switch JetStream on in the broker and for fusiond's account, or give nats.servers another broker",
};
const NO_STREAM: BrokerFailure = { code: "sink_unavailable", reason: "no_stream", advice: "see that JetStream runs and the stream takes fusiond's subjects" };
const SUBJECTS_TAKEN: BrokerFailure = {
  code: "sink_unavailable",
  reason: "subjects_taken",
  advice: "take fusiond's subjects out of the other stream, since JetStream stores a subject in one stream only",
};
const FULL: BrokerFailure = {
  code: "sink_unavailable",
  reason: "full",
  advice: "make room: let the stream discard old messages, or raise its limits and those of its account and disk",
};
const UNFIT: BrokerFailure = { code: "sink_unavailable", reason: "unfit", advice: "delete or rename the stream, and fusiond makes the right one" };
const REFUSED: BrokerFailure = { code: "sink_unavailable", reason: "refused", advice: "see to the stream and the broker's log; it is tried again" };
const TIMEOUT: BrokerFailure = {
  code: "sink_unavailable",
  reason: "timeout",
  advice: "see to the broker's load and that fusiond may subscribe to its inbox (docs/nats.md); it is tried again",
};
const DISCONNECTED: BrokerFailure = { code: "sink_unavailable", reason: "disconnected", advice: "it is tried again once the broker is back" };

/** The JetStream codes that have a meaning here (nats-server's errors.json). */
const BY_API_CODE: ReadonlyMap<number, BrokerFailure> = new Map([
  [10002, FULL], // resource limits of the account
  [10023, FULL], // insufficient resources
  [10026, FULL], // maximum number of streams
  [10028, FULL], // memory of the account
  [10039, NO_JETSTREAM], // not enabled for the account
  [10047, FULL], // storage of the account
  [10054, TOO_LARGE],
  [10060, SUBJECTS_TAKEN], // another stream than the expected one stored it
  [10065, SUBJECTS_TAKEN],
  [10076, NO_JETSTREAM],
  [10109, UNFIT], // sealed
]);
/** The stream could not store the message; its words say whether a limit was reached or the disk failed. */
const STORE_FAILED = 10077;

/** The meaning of an answer. */
export function brokerFailure(request: BrokerRequest, { code, apiCode, text }: BrokerAnswer): BrokerFailure {
  if (code === "MAX_PAYLOAD_EXCEEDED") return TOO_LARGE;
  if (code === "PERMISSIONS_VIOLATION") return NOT_PERMITTED;
  if (apiCode === STORE_FAILED && /per subject/.test(text)) return { ...FULL, code: "sink_rejected" }; // other subjects have room
  if (apiCode === STORE_FAILED && /maximum|no space/.test(text)) return FULL;
  if (apiCode !== undefined) return BY_API_CODE.get(apiCode) ?? REFUSED;
  if (code === "503") return request === "stream" ? NO_JETSTREAM : NO_STREAM;
  return code === "TIMEOUT" ? TIMEOUT : DISCONNECTED;
}

/** What an error says about delivery; undefined where it is no refusal, or where the lost connection says it all. */
export function deliveryFaultOf(error: unknown): DeliveryFault | undefined {
  if (!(error instanceof BrokerFault) || error.reason === "disconnected") return undefined;
  return { reason: error.reason, detail: error.message };
}
