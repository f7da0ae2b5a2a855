// Acts as a perception process that does one thing wrong, named by its argument, once it is allowed to begin.
import type { Command, Configure, Told } from "../../daemon/perception/protocol.js";
import { encodeReport } from "../../daemon/report/report-codec.js";
import type { Report } from "../../daemon/report/report.js";
import { again } from "../support/eventually.js";

const [, , fault = ""] = process.argv;
let share: Configure | undefined;

function say(told: Told, sent: () => void = () => undefined): void {
  process.send?.(told, sent);
}

function tell(reports: readonly Uint8Array[], oldestMs = 0, sent?: () => void): void {
  const waiting = [{ sourceId: "mic", modality: "audio", size: 3, capacity: 32, oldestAgeMs: 1 }];
  say({ kind: "told", reports, calls: [], callsLost: 0, beat: { oldestMs, waiting } }, sent);
}

/** Progress of the microphone, numbered from 0: at 1 ms, 2 ms and so on. */
function progress(seq: number, time = seq + 1): Uint8Array {
  const { site, encoders, run } = share as Configure;
  const report: Report = { kind: "progress", site, encoders, run, sourceId: "mic", modality: "audio", seq, time };
  return encodeReport(report);
}

function begin(): void {
  const acts: Readonly<Record<string, () => void>> = {
    nothing: () => undefined,
    crash: () => process.kill(process.pid, "SIGKILL"),
    babble: () => process.stderr.write("rtsp://u:hunter2@cam/stream cannot be read\n", () => process.exit(1)),
    flood: () => {
      let seq = 1;
      again(1, () => tell(Array.from({ length: 1024 }, () => progress(seq++))));
    },
    garble: () => tell([Uint8Array.of(1, 2, 3), progress(4999)]),
    ahead: () => tell([progress(1, Date.now() + 60_000), progress(2)]),
    hang: () => void again(50, () => tell([], 60_000)),
    well: () => {
      let seq = 1;
      again(50, () => tell([progress(seq++)]));
    },
  };
  tell([progress(0)], 0, acts[fault]);
}

process.on("disconnect", () => process.exit(0));
process.on("message", (command: Command) => {
  if (command.kind === "stop") process.exit(0);
  if (command.kind === "begin") begin();
  if (command.kind !== "configure") return;
  share = command;
  if (fault === "refuse") say({ kind: "refused", error: { code: "model_invalid", message: "the audio tower does not reproduce its golden vector" } });
  else if (fault === "driver" && command.device === "auto") process.kill(process.pid, "SIGKILL");
  else say({ kind: "ready" });
});
