// What a pack says of conditions: read whole or refused, and shrunk towards the mean where a prompt was tried little.
import fc from "fast-check";
import t from "tap";
import { conditionCosts, leastMeasurable, thresholdByCost, thresholdByMisses } from "../../encoders/condition-costs.js";
import { parseConditionTables, type ConditionTable } from "../../encoders/condition-tables.js";
import { loadPack } from "../../encoders/pack.js";
import { changeJson, conditionJson, packCopy } from "./support.js";

const parse = (condition: unknown): ConditionTable => parseConditionTables({ image: {}, audio: { condition }, text: {} }, "c.json").audio as ConditionTable;

void t.test("condition tables: a pack without them says nothing of conditions", async (t) => {
  t.strictSame(parseConditionTables({ image: {}, audio: {}, text: {} }, "c.json"), {});
  const folder = packCopy(t);
  changeJson(folder, "calibration.json", "image.condition", undefined);
  t.equal((await loadPack(folder)).conditions.image, undefined);
  changeJson(folder, "calibration.json", "image.condition", conditionJson());
  t.equal((await loadPack(folder)).conditions.image?.hours, 2);
});

void t.test("condition tables: what is not whole is refused, with its place", (t) => {
  const wrong: readonly (readonly [(json: Record<string, unknown>) => void, RegExp])[] = [
    [(json) => (json["version"] = 2), /condition\.version must be 1/],
    [(json) => (json["looks"] as unknown[]).pop(), /condition\.looks must have 3 to 3 entries/],
    [(json) => Object.assign((json["looks"] as object[])[1] as object, { thresholds: [0, 4, 2] }), /looks\[1\]\.thresholds must rise/],
    [(json) => Object.assign((json["looks"] as object[])[1] as object, { thresholds: [0] }), /looks\[1\]\.thresholds must be 2 to 256 numbers/],
    [(json) => Object.assign((json["looks"] as object[])[1] as object, { a: 0 }), /looks\[1\]\.a must be a number/],
    [(json) => Object.assign((json["looks"] as object[])[0] as object, { recall: [1, 2, 3] }), /looks\[0\]\.recall must be 3 numbers from 0 to 1/],
    [(json) => (json["prompts"] = { dog: { hours: 1, positives: 1, looks: [] } }), /prompts\.dog\.looks must have 3 to 3 entries/],
    [(json) => (json["prompts"] = []), /condition\.prompts must be an object/],
  ];
  for (const [change, message] of wrong) {
    const json = JSON.parse(JSON.stringify(conditionJson())) as Record<string, unknown>;
    change(json);
    t.throws(() => parse(json), { code: "model_invalid", message });
  }
  t.end();
});

void t.test("condition costs: a prompt's own hours and tries weigh against those of the mean prompt", (t) => {
  const table = parse(conditionJson());
  const dog = conditionCosts(table, "dog", 2);
  t.match(dog, { fit: { a: 1.5, b: -1 }, perHour: [13, 1, 0], hours: 2, positives: 15 });
  t.ok(Math.abs((dog.recall[1] as number) - 0.575) < 1e-9);
  t.match(conditionCosts(table, "cat", 2), { fit: { a: 1.5, b: -2 }, perHour: [9, 1, 0], recall: [1, 0.8, 0.4], hours: 0, positives: 0 });
  t.equal(leastMeasurable(2), 1.5);
  t.equal(leastMeasurable(0), Infinity);
  t.end();
});

void t.test("condition costs: the threshold is the lowest that costs no more, and the highest that misses no more", (t) => {
  const falling = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 20 }).map((list) => list.sort((a, b) => b - a));
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(falling, share, (list, wanted) => {
      const costs = { fit: { a: 1, b: 0 }, thresholds: list.map((_, i) => i), perHour: list, recall: list, hours: 1, positives: 1 };
      const cost = thresholdByCost(costs, wanted);
      const cheap = (list[cost] as number) <= wanted || cost === list.length - 1;
      const lowest = cost === 0 || (list[cost - 1] as number) > wanted;
      const misses = thresholdByMisses(costs, wanted);
      const found = (list[misses] as number) >= 1 - wanted || misses === 0;
      const highest = misses === list.length - 1 || (list[misses + 1] as number) < 1 - wanted;
      return cheap && lowest && found && highest;
    }),
  );
  t.end();
});
