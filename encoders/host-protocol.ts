// What the daemon and a tower's child process say to each other over the IPC channel (structured clone).
import type { ErrorCode } from "../fusion/model/errors.js";
import type { Scan } from "./encoder.js";
import type { Device, ImageGateOptions, ModelCapture, Sample, TowerSpec } from "./tower-spec.js";

/** First message to a child. */
export interface StartMessage {
  readonly kind: "start";
  readonly tower: TowerSpec;
  readonly device: Device;
  readonly threads: number;
  readonly gate: ImageGateOptions;
}

/** What the daemon says. At most one "encode" is unanswered at any time. `isBusy`: more waits than the tower takes, so what can wait is put off. */
export type HostMessage = StartMessage | { readonly kind: "encode"; readonly captures: readonly ModelCapture[]; readonly isBusy: boolean } | { readonly kind: "stop" };

/** What came of one capture, in the order of the request. */
export type CaptureResult =
  | { readonly samples: readonly Sample[]; readonly encodeMs: number; readonly unseen?: string; readonly scan?: Scan }
  | { readonly error: string };

/** What a child says. "refused": it cannot serve, and says why. */
export type ChildMessage =
  | { readonly kind: "ready"; readonly provider: string; readonly batchMax: number }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: "encoded"; readonly results: readonly CaptureResult[] };
