// A process for orphans.test.ts: uses a source and waits to be killed. Arguments: "media" LOCATION | "microphone" DEVICE.
import { defaultPatience } from "../../daemon/sources/live-run.js";
import { MicrophoneSource } from "../../daemon/sources/microphone-source.js";
import { MediaSource } from "../../daemon/sources/media-source.js";
import { defaultAnomalies } from "../../daemon/sources/anomalies.js";
import { mediaOptions, RememberedTelemetry, sound } from "./support.js";

const [kind, where = ""] = process.argv.slice(2);
const common = { id: "mic", sound, queueCapacity: 8, patience: defaultPatience, anomalies: defaultAnomalies, skewMaxMs: 2000 };
const source =
  kind === "media"
    ? new MediaSource(mediaOptions(where, { mode: "realtime_file", loop: true }), new RememberedTelemetry())
    : new MicrophoneSource({ ...common, device: where }, new RememberedTelemetry());
for await (const signal of source.observe(new AbortController().signal)) {
  if (signal.kind === "state") process.stdout.write(`${signal.state}\n`);
}
