// A live source whose child cannot be started for a while, because the machine has no more to give.
import t from "tap";
import { defaultPatience, LiveRun } from "../../daemon/sources/live-run.js";
import { SignalOutlet } from "../../daemon/sources/signal-outlet.js";
import { startError } from "../../daemon/runtime/child-process.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { RememberedTelemetry } from "./support.js";
import { VirtualClock } from "./virtual-clock.js";

/** A run whose connections fail by these errors, one after the other. */
function failing(failures: Error[]): { run: Promise<void>; clock: VirtualClock; telemetry: RememberedTelemetry } {
  const clock = new VirtualClock();
  const telemetry = new RememberedTelemetry();
  const outlet = new SignalOutlet({ sourceId: "cam", capacity: 100, whenFull: "drop_oldest", onDropped: () => undefined });
  const connect = () => Promise.reject(failures.shift() ?? new Error("asked too often"));
  const run = new LiveRun({ sourceId: "cam", modalities: ["image"], patience: defaultPatience, connect }, outlet, telemetry, clock);
  return { run: run.run(new AbortController().signal).finally(() => outlet.close()), clock, telemetry };
}

const NO_FFMPEG = new FusiondError("dependency_missing", "ffmpeg was not found on PATH");

void t.test("sources: what the machine cannot give now is asked for again, errors of ours are not hidden", async (t) => {
  const exhausted = ["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"].map((code) => startError("ffmpeg", Object.assign(new Error(), { code })));
  const failures = [...exhausted, NO_FFMPEG, NO_FFMPEG, new TypeError("a fault of ours")];
  const { run, clock, telemetry } = failing(failures);
  const ended = t.rejects(run, new TypeError("a fault of ours"));
  for (let i = 0; i < 120; i += 1) await clock.advance(2000);
  await ended;
  t.equal(failures.length, 0);
  t.match(telemetry.notes.join(), /cannot start ffmpeg: no more open files, processes or memory are allowed \(EAGAIN\)/);
  t.match(telemetry.notes.join(), /ffmpeg was not found on PATH/, "it is being replaced by a newer one, say");
});

void t.test("sources: a program that was never there ends the start", async (t) => {
  await t.rejects(failing([NO_FFMPEG]).run, { code: "dependency_missing" });
});
