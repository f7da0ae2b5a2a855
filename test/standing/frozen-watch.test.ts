import t from "tap";
import { FrozenWatch } from "../../daemon/standing/frozen-watch.js";
import type { Source, SourceSignal } from "../../daemon/sources/source.js";
import { seededRandom } from "../../fusion/simulator/random.js";

const never = new AbortController().signal;
const [width, height] = [128, 72];

/** Two pictures a second: noise until `frozenFrom`, then the same picture. */
function camera(frames: number, frozenFrom: number): Source {
  const random = seededRandom(1);
  const pictures = Array.from({ length: frames }, (_, i) => (i < frozenFrom ? Uint8Array.from({ length: width * height * 3 }, (_, at) => (at % 200) + Math.floor(random.between(0, 12))) : undefined));
  async function* observe(): AsyncIterable<SourceSignal> {
    await Promise.resolve();
    for (let seq = 0; seq < frames; seq++) {
      const pixels = pictures[Math.min(seq, frozenFrom - 1)] as Uint8Array;
      yield { kind: "capture", capture: { sourceId: "cam", modality: "image", seq, capturedAt: seq * 500, durationMs: 0, receivedAtMs: 0, width, height, pixels } };
    }
  }
  return { id: "cam", modalities: ["image"], finite: true, observe };
}

async function statesOf(source: Source) {
  const states = [];
  for await (const told of new FrozenWatch(source).observe(never)) if (told.kind === "state") states.push(told);
  return states;
}

void t.test("frozen watch: a recorded picture that does not change is no witness from its last change on", async (t) => {
  const states = await statesOf(camera(120, 20));
  t.match(states, [{ state: "alarmed", at: 19 * 500, witnesses: [{ modality: "image", healthy: false }] }]);
  t.equal(states.length, 1);
});

void t.test("frozen watch: a still scene with a sensor's noise is one", async (t) => {
  t.same(await statesOf(camera(120, 120)), []);
});
