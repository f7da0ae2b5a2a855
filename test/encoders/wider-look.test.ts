// What is cut twice, as it is and with more around it, has one vector: the mean direction of both.
import t from "tap";
import type { Model } from "../../encoders/child/model.js";
import { encodeLooks, lookAt, type Gate } from "../../encoders/child/look.js";
import { frame } from "./support.js";

const [near, wider, alone] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];

/** A tower that says of an input the unit vector along the axis of its only byte. */
function axes(asked: number[]): Model {
  const encode = (inputs: readonly Uint8Array[]): Promise<Float32Array[]> => {
    asked.push(...inputs.map((input) => input[0] as number));
    return Promise.resolve(inputs.map((input) => Float32Array.from({ length: 4 }, (_, i) => (i === input[0] ? 1 : 0))));
  };
  return { encode } as unknown as Model;
}

void t.test("tower: a look with more around it is one sample, halfway between both vectors and of unit length", async (t) => {
  const gate: Gate = { cut: () => ({ cuts: [{ input: near, wider, gate: "open", quality: 1, track: 7 }, { input: alone, gate: "open", quality: 1, place: 0 }] }) };
  const asked: number[] = [];
  const [result] = await encodeLooks(axes(asked), [lookAt(gate, frame(0), false)]);
  if (result === undefined || "error" in result) throw new Error("it was encoded");
  t.same(asked, [1, 2, 3], "each input once, in one run");
  t.equal(result.samples.length, 2);
  t.same([...(result.samples[0]?.vector ?? [])].map((x) => x.toFixed(4)), ["0.0000", "0.7071", "0.7071", "0.0000"]);
  t.same([...(result.samples[1]?.vector ?? [])], [0, 0, 0, 1]);
  t.match(result.samples[0], { track: 7, gate: "open" });
  t.notOk(Object.hasOwn(result.samples[0] ?? {}, "wider"), "pictures stay where they were cut");
});
