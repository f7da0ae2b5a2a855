import t from "tap";
import { VectorMonitor } from "../../encoders/vector-monitor.js";
import { normalise } from "../../fusion/model/vector.js";
import { pseudoRandom } from "./support.js";

void t.test("vector monitor: names what is wrong with a vector", (t) => {
  const monitor = new VectorMonitor(4);
  t.equal(monitor.judge(Float32Array.of(1, 0, 0, 0), 1), undefined);
  t.equal(monitor.judge(Float32Array.of(1, 0, 0), 2), "dimensions");
  t.equal(monitor.judge(Float32Array.of(1, 0, 0, Number.NaN), 3), "not_finite");
  t.equal(monitor.judge(Float32Array.of(Infinity, 0, 0, 0), 4), "not_finite");
  t.equal(monitor.judge(Float32Array.of(0.1, 0, 0, 0), 5), "norm");
  t.equal(monitor.judge(Float32Array.of(3, 0, 0, 0), 6), "norm");
  t.end();
});

void t.test("vector monitor: one vector for 64 different inputs is a collapsed tower", (t) => {
  const monitor = new VectorMonitor(4);
  const same = normalise(Float32Array.of(1, 2, 3, 4));
  for (let i = 0; i < 63; i++) t.equal(monitor.judge(same, i), undefined);
  t.equal(monitor.judge(same, 63), "collapsed");
  t.end();
});

void t.test("vector monitor: one vector for one input, again and again, is not", (t) => {
  const monitor = new VectorMonitor(4);
  for (let i = 0; i < 300; i++) t.equal(monitor.judge(Float32Array.of(1, 0, 0, 0), 1), undefined);
  t.end();
});

void t.test("vector monitor: the variance of directions without preference is near 1", (t) => {
  const monitor = new VectorMonitor(16);
  const random = pseudoRandom(3);
  for (let i = 0; i < 500; i++) monitor.judge(normalise(Float32Array.from({ length: 16 }, () => random.next().value - 0.5)), i);
  t.ok(monitor.variance > 0.9, String(monitor.variance));
  t.end();
});
