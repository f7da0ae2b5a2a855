// What decoded pieces become on their way to captures, and what of them was never heard.
import t from "tap";
import { MediaIntake, nobody } from "../../daemon/sources/media-intake.js";
import { SignalOutlet } from "../../daemon/sources/signal-outlet.js";
import type { SourceSignal } from "../../daemon/sources/source.js";
import { replayTimeline } from "../../daemon/sources/timeline.js";
import { VirtualClock } from "./virtual-clock.js";

/** What is told of tenths of a second of sound that start at these times, ms; "break": sound was lost, nobody knows how much. */
async function told(...pieces: readonly (number | "break")[]): Promise<readonly SourceSignal[]> {
  const outlet = new SignalOutlet({ sourceId: "mic", capacity: 100, whenFull: "drop_oldest", onDropped: () => undefined });
  const sound = { sampleRateHz: 1000, windowMs: 200, hopMs: 100 };
  const intake = new MediaIntake(replayTimeline(0), outlet, new VirtualClock(), nobody, sound);
  for (const at of pieces) {
    if (at === "break") intake.breakSound();
    else await intake.sound(at, { samples: new Float32Array(100), isOutOfPhase: false });
  }
  outlet.close();
  const signals: SourceSignal[] = [];
  for await (const signal of outlet) signals.push(signal);
  return signals;
}

void t.test("intake: sound that has a gap was not heard in it", async (t) => {
  const heard = (signals: readonly SourceSignal[]): readonly number[] => signals.flatMap((one) => (one.kind === "capture" ? [one.capture.capturedAt] : []));
  const lost = (signals: readonly SourceSignal[]): readonly SourceSignal[] => signals.filter(({ kind }) => kind === "lost");
  const loss = (from: number, to: number): SourceSignal => ({ kind: "lost", modality: "audio", from, to, reason: "skew" });
  for (const [pieces, captures, losses] of [
    [[0, 100, 200, 300], [0, 100, 200], []],
    [[0, 100, 5000, 5100], [0, 5000], [loss(201, 4999)]],
    [[0, 100, "break", 5000, 5100], [0, 5000], [loss(201, 4999)]],
    [[0, 100, "break", 200, 300], [0, 200], [loss(201, 201)]],
    [["break", 5000, 5100], [5000], []],
  ] as const) {
    const signals = await told(...pieces);
    t.same([heard(signals), lost(signals)], [captures, losses], pieces.join(" "));
  }
});

void t.test("media intake: in a replay a loss has its place among what is told, however late that is taken", async (t) => {
  const line = (capturedAt: number): Parameters<SignalOutlet["capture"]>[0] => ({ modality: "text", text: "", capturedAt, durationMs: 0, receivedAtMs: 0 });
  for (const late of [false, true]) {
    const outlet = new SignalOutlet({ sourceId: "file", capacity: 100, whenFull: "block", onDropped: () => undefined });
    const kinds: string[] = [];
    const taken = async (): Promise<void> => {
      for await (const { kind } of outlet) kinds.push(kind);
    };
    const reading = late ? undefined : taken();
    await outlet.capture(line(10));
    await new Promise((resolve) => setImmediate(resolve));
    outlet.lost("text", 20, "skew");
    await outlet.capture(line(30));
    outlet.lost("text", 40, "skew");
    await outlet.state("ended", 50);
    outlet.close();
    await (reading ?? taken());
    t.strictSame(kinds, ["capture", "progress", "lost", "capture", "progress", "lost", "state"]);
  }
});
