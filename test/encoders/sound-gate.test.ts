import t from "tap";
import { loudnessOf, SoundGate, type Loudness } from "../../encoders/child/sound-gate.js";

const window = (level: number): Loudness => loudnessOf(Float32Array.from({ length: 1600 }, (_, n) => level * Math.sin(n)));

void t.test("sound gate: digital silence is nothing, the faintest noise is something", (t) => {
  const gate = new SoundGate();
  t.equal(gate.judge(window(0), 0), "silence");
  t.equal(gate.judge(window(0.9e-5), 500), "silence");
  t.equal(gate.judge(window(1e-4), 1000), "open");
  t.end();
});

void t.test("sound gate: once in 10 s a quiet window goes to the cohort", (t) => {
  const gate = new SoundGate();
  const verdicts = Array.from({ length: 120 }, (_, i) => gate.judge(window(0.01), i * 500));
  const closed = verdicts.flatMap((verdict, i) => (verdict === "closed" ? [i] : []));
  t.same(closed, [19, 39, 59, 79, 99, 119]);
  t.end();
});

void t.test("sound gate: loud windows never go to the cohort", (t) => {
  const gate = new SoundGate();
  for (let i = 0; i < 100; i++) {
    const loud = i % 3 === 0;
    const verdict = gate.judge(window(loud ? 0.5 : 0.01), i * 500);
    if (loud) t.equal(verdict, "open", `window ${i}`);
  }
  t.end();
});
