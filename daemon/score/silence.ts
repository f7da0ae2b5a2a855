// Telemetry of what runs only to be measured: nobody listens.
import type { GroupTelemetry } from "../groups/group-telemetry.js";
import type { PipelineTelemetry } from "../pipeline/pipeline-telemetry.js";

const nothing = (): undefined => undefined;

/** Hears nothing of groups. */
export const silentGroups: GroupTelemetry = { eventEnded: nothing, late: nothing, incident: nothing, suppressed: nothing };

/** Hears nothing of the data path. */
export const silentPipeline: PipelineTelemetry = {
  sourceState: nothing,
  observed: nothing,
  scanned: nothing,
  dropped: nothing,
  refused: nothing,
  witnessing: nothing,
  calibration: nothing,
  took: nothing,
  failed: nothing,
  progressed: nothing,
  clockSet: nothing,
};
