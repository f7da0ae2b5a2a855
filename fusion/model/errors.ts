// The one error class of fusiond. Operating errors carry a code from a closed set; programmer errors crash.

/** Closed set of operating error codes: the code is the metric label and the log field. */
export const ERROR_CODES = [
  "config_invalid",
  "dependency_missing",
  "resources_exhausted",
  "source_unavailable",
  "source_stalled",
  "media_invalid",
  "model_invalid",
  "prompt_unknown",
  "encode_failed",
  "encode_timeout",
  "sink_unavailable",
  "sink_rejected",
  "outbox_full",
  "store_unavailable",
  "store_locked",
  "store_full",
  "store_version",
  "address_in_use",
  "shutdown_timeout",
  "output_failed",
  "report_invalid",
  "report_version",
] as const;

/** One of the closed set of operating error codes. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * An error that the operator can act on: its message is one sentence that says what to do.
 *
 * Errors: `cause` holds the error that led to it, wherever there was one.
 */
export class FusiondError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FusiondError";
    this.code = code;
  }
}

/** Crashes on a broken invariant: a programmer's error, never the operator's. */
export function assertInvariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

/** The message of anything that was thrown; OpenCV's binding, for one, throws strings. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
