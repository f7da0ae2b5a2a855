// The pipeline benchmark on real media, real encoders and a real broker, too short to measure anything.
import t from "tap";
import { delimiter, dirname } from "node:path";
import { benchPipeline } from "../../bench/pipeline/bench-pipeline.js";
import { programs } from "../support/debian.js";

void t.test("bench pipeline: one camera and one microphone go through", { timeout: 120_000 }, async (t) => {
  process.env["PATH"] = [dirname(programs.natsServer()), process.env["PATH"]].join(delimiter);
  const printed: string[] = [];
  const output = { print: (text: string) => void printed.push(text), note: (text: string) => t.comment(text) };
  const steps = await benchPipeline({ counts: [1], measureMs: 3_000, warmUpMs: 0, oneGroup: true, scans: [true], json: false }, output);

  t.equal(steps.length, 1);
  const [step] = steps;
  t.ok(step !== undefined && step.encodedMs.audio.length > 0, "windows were encoded");
  t.ok(step !== undefined && step.captures > step.encodedMs.audio.length, "frames came too");
  t.same(step?.usage.map((use) => use.role).filter((role) => role !== "other"), ["daemon", "perception", "ffmpeg", "nats-server"]);
  for (const [what, cost] of Object.entries(step?.bare ?? {})) t.ok(cost > 0, `bare: ${what}`);
  t.ok((step?.pssBytes.get("ffmpeg") ?? 0) > 2 ** 20, "memory of ffmpeg");
  t.match(printed.join("\n"), /all in one group[^]*frame p50[^]*Memory[^]*ratio/);
});
