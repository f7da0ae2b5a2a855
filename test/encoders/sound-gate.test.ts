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

void t.test("sound gate: every 2 s a quiet window goes to the cohort, 20 within a minute, and after 30 one in 10 s", (t) => {
  const gate = new SoundGate();
  const verdicts = Array.from({ length: 240 }, (_, i) => gate.judge(window(0.01), i * 500));
  const closed = verdicts.flatMap((verdict, i) => (verdict === "closed" ? [i] : []));
  t.same(closed, [...Array.from({ length: 30 }, (_, k) => 19 + 4 * k), 155, 175, 195, 215, 235]);
  t.ok(closed.filter((i) => i * 500 + 2000 <= 60_000).length >= 20);
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

void t.test("sound gate: a quiet window in which something comes or goes never goes to the cohort", (t) => {
  const gate = new SoundGate();
  const fading = loudnessOf(Float32Array.from({ length: 1600 }, (_, n) => 0.01 * Math.sin(n) * (n < 1400 ? 1 : 0.4)));
  t.ok(fading.swing > 2 && window(0.01).swing < 1.2);
  for (let i = 0; i < 100; i++) {
    const verdict = gate.judge(i % 2 === 0 ? fading : window(0.01), i * 500);
    if (i % 2 === 0) t.equal(verdict, "open", `window ${i}`);
  }
  t.equal(loudnessOf(Float32Array.from({ length: 1600 }, (_, n) => (n < 100 ? 0 : 0.01))).swing, Infinity);
  t.end();
});
