// A live source whose child cannot be started for a while, because the machine has no more to give.
import t from "tap";
import { defaultPatience, LiveRun } from "../../daemon/sources/live-run.js";
import { SignalOutlet } from "../../daemon/sources/signal-outlet.js";
import { startError } from "../../daemon/runtime/child-process.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { RememberedTelemetry } from "./support.js";
import { VirtualClock } from "./virtual-clock.js";

void t.test("sources: what the machine cannot give now is asked for again, other errors are not hidden", async (t) => {
  const clock = new VirtualClock();
  const telemetry = new RememberedTelemetry();
  const outlet = new SignalOutlet({ sourceId: "cam", capacity: 100, whenFull: "drop_oldest", onDropped: () => undefined });
  const failures = [...["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"].map((code) => startError("ffmpeg", Object.assign(new Error(), { code }))), new FusiondError("dependency_missing", "no ffmpeg")];
  const connect = () => Promise.reject(failures.shift() ?? new Error("asked too often"));
  const run = new LiveRun({ sourceId: "cam", modalities: ["image"], patience: defaultPatience, connect }, outlet, telemetry, clock);
  const ended = t.rejects(run.run(new AbortController().signal).finally(() => outlet.close()), { code: "dependency_missing" });
  for (let i = 0; i < 60; i += 1) await clock.advance(2000);
  await ended;
  t.equal(failures.length, 0);
  t.match(telemetry.notes.join(), /cannot start ffmpeg: no more open files, processes or memory are allowed \(EAGAIN\)/);
});
