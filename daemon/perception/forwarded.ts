// Telemetry over the channel: what is called in a perception process is called in the daemon.
import type { EncoderTelemetry } from "../../encoders/encoder.js";
import type { SourceTelemetry } from "../sources/source.js";
import type { PerceptionTelemetry } from "./perception-telemetry.js";
import type { TelemetryCall } from "./protocol.js";
import { errorOf, toldError } from "./told-error.js";

/** The telemetry of one perception process. */
export interface ProcessTelemetry {
  readonly source: SourceTelemetry;
  readonly encoder: EncoderTelemetry;
  readonly perception: PerceptionTelemetry;
}

/** In a perception process: telemetry that is told as calls. */
export function toldTelemetry(tell: (call: TelemetryCall) => void): ProcessTelemetry {
  return {
    source: {
      dropped: (...args) => tell({ of: "source", call: ["dropped", ...args] }),
      lineFault: (...args) => tell({ of: "source", call: ["lineFault", ...args] }),
      restarted: (...args) => tell({ of: "source", call: ["restarted", ...args] }),
      anomaly: (...args) => tell({ of: "source", call: ["anomaly", ...args] }),
      unwatched: (...args) => tell({ of: "source", call: ["unwatched", ...args] }),
      clockSkew: (...args) => tell({ of: "source", call: ["clockSkew", ...args] }),
      note: (...args) => tell({ of: "source", call: ["note", ...args] }),
    },
    encoder: {
      provider: (...args) => tell({ of: "encoder", call: ["provider", ...args] }),
      encoded: (...args) => tell({ of: "encoder", call: ["encoded", ...args] }),
      failed: (...args) => tell({ of: "encoder", call: ["failed", ...args] }),
      rejected: (...args) => tell({ of: "encoder", call: ["rejected", ...args] }),
      variance: (...args) => tell({ of: "encoder", call: ["variance", ...args] }),
      scanned: (...args) => tell({ of: "encoder", call: ["scanned", ...args] }),
      scanPutOff: (...args) => tell({ of: "encoder", call: ["scanPutOff", ...args] }),
      serving: (...args) => tell({ of: "encoder", call: ["serving", ...args] }),
    },
    perception: {
      dropped: (...args) => tell({ of: "perception", call: ["dropped", ...args] }),
      took: (...args) => tell({ of: "perception", call: ["took", ...args] }),
      failed: (stage, error) => tell({ of: "perception", call: ["failed", stage, toldError(error)] }),
    },
  };
}

/** In the daemon: makes the calls that were told. */
export function makeCall(told: TelemetryCall, { source, encoder, perception }: ProcessTelemetry): void {
  switch (told.of) {
    case "source":
      return called(source, told.call);
    case "encoder":
      return called(encoder, told.call);
    case "perception":
      if (told.call[0] === "failed") return perception.failed(told.call[1], errorOf(told.call[2]));
      return called(perception, told.call);
  }
}

function called<T extends object>(telemetry: T, [method, ...args]: readonly [keyof T, ...unknown[]]): void {
  (telemetry[method] as (...args: readonly unknown[]) => void).call(telemetry, ...args);
}
