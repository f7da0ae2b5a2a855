// What the numbers of an incident say: the probability that its conditions hold, the same wherever it is told.
import fc from "fast-check";
import t from "tap";
import { conditionLlr, statisticAt } from "../../fusion/model/condition.js";
import { logistic, logit, probabilityText } from "../../fusion/model/likelihood.js";
import { compileRule, type AskedCondition, type ConditionSource } from "../../rules/compile-rule.js";
import { all, any, field, hear, none, RuleBench, ruleSource, see } from "./support.js";

const PRIOR = 0.05;

void t.test("confidence: is that of the fitted mean of the best looks, and goes with the evidence", (t) => {
  const terms = () => ({ fit: { a: 0.5, b: -1 }, confidence: 0.5 });
  const bench = new RuleBench([ruleSource(hear("dog"), { confirmations: 2 })], terms);
  for (const [at, llr] of [[0, 7], [1, 3], [2, 9]] as const) bench.step(at, "a", "audio", "dog", llr);
  const sure = logistic(0.5 * 8 - 1 + logit(PRIOR));
  const [incident] = bench.incidents;
  t.equal(incident?.confidence, sure, "of the two best");
  t.match(incident?.evidence, [{ confidence: sure }]);
  t.equal(incident?.summary, `hear: dog (mic ${probabilityText(sure)})`);
  t.end();
});

void t.test("confidence: with one source to a condition it is the least that the evidence says", (t) => {
  const look = fc.record({ second: fc.nat(20), dog: fc.boolean(), llr: fc.double({ min: 0, max: 8, noNaN: true }) });
  fc.assert(
    fc.property(fc.array(look, { minLength: 1, maxLength: 30 }), (looks) => {
      const bench = new RuleBench(ruleSource(all(hear("dog", 0.3), see("person", 0.3)), { confirmations: 2, withinMs: 8000 }));
      for (const { second, dog, llr } of [...looks].sort((a, b) => a.second - b.second)) {
        bench.step(second, dog ? "a" : "b", dog ? "audio" : "image", dog ? "dog" : "person", llr);
      }
      return bench.incidents.every(({ confidence, evidence, summary }) => {
        const said = evidence.map((one) => one.confidence);
        return confidence === Math.min(...said) && said.every((one) => summary.includes(` ${probabilityText(one)})`));
      });
    }),
  );
  t.end();
});

void t.test("confidence: of a condition that two sources show it is that of both together", (t) => {
  const bench = new RuleBench(ruleSource(see("person")));
  bench.step(0, "a", "image", "person", 4, "left");
  bench.step(1, "a", "image", "person", 5, "right");
  t.match(bench.incidents, [{ confidence: logistic(9 + logit(PRIOR)), evidence: [{ confidence: logistic(5 + logit(PRIOR)) }, { confidence: logistic(4 + logit(PRIOR)) }] }]);
  t.end();
});

void t.test("confidence: a condition that takes little is met by looks that speak against it a little", (t) => {
  const bench = new RuleBench([ruleSource(any(see("person")), { unless: [], confirmations: 1 })], () => ({ fit: { a: 1, b: 0 }, confidence: 0.01 }));
  bench.step(0, "a", "image", "person", -1.5);
  t.match(bench.incidents, [{ state: "firing", confidence: logistic(-1.5 + logit(PRIOR)) }]);
  bench.step(30, "b", "image", "person", -1.8);
  t.equal(bench.incidents.length, 1, "less than it takes");
  t.end();
});

void t.test("confidence: what a condition asks for is its own word, then the rule's; a cost says nothing of absences", (t) => {
  const asked: AskedCondition[] = [];
  const terms = (one: AskedCondition) => (asked.push(one), { fit: { a: 1, b: 0 }, confidence: 0.5 });
  const source = ruleSource(all(hear("dog", 0.9), see("person"), none(see("cat"))), { unless: [{ condition: see("bird"), withinMs: 0, afterMs: 0 }] });
  compileRule({ ...source, confidence: undefined, atMostPerHour: 0.5, prior: 0.1, confirmations: 3 }, PRIOR, () => 0, terms);
  t.match(asked, [
    { modality: "audio", words: "dog", confidence: 0.9, atMostPerHour: undefined, byRule: false, absent: false, accompanied: true, confirmations: 3, prior: 0.1 },
    { modality: "image", words: "person", confidence: undefined, atMostPerHour: 0.5, byRule: true, absent: false, accompanied: true },
    { words: "cat", atMostPerHour: undefined, absent: true, accompanied: false },
    { words: "bird", atMostPerHour: undefined, absent: true, accompanied: false },
  ]);
  const plain = compileRule({ ...source, confidence: undefined }, PRIOR, () => 0).leaves;
  t.match(plain.map((leaf) => leaf.kind === "prompt" && leaf.confidence), [0.9, 0.7, 0.7, 0.7], "a pack that knows no better");
  t.end();
});

void t.test("confidence: a condition is accompanied where it cannot hold without another sense", (t) => {
  const accompanied = (condition: ConditionSource): readonly string[] => {
    const found: string[] = [];
    compileRule(ruleSource(condition), PRIOR, () => 0, (one) => (one.accompanied && found.push(one.words), { fit: { a: 1, b: 0 }, confidence: 0.5 }));
    return found;
  };
  t.strictSame(accompanied(all(hear("a"), hear("b"))), [], "the same noise may sound like both");
  t.strictSame(accompanied(all(hear("a"), see("b"))), ["a", "b"]);
  t.strictSame(accompanied(any(hear("a"), see("b"))), []);
  t.strictSame(accompanied(all(hear("a"), field("door", "open"))), ["a"]);
  t.strictSame(accompanied(all(hear("a"), none(see("b")))), [], "an absence agrees with nothing");
  t.strictSame(accompanied(all(hear("a"), any(hear("b"), see("c")))), ["c"], "either may do");
  t.strictSame(accompanied(all(hear("a"), any(all(hear("b"), see("d")), see("c")))), ["a", "b", "d", "c"]);
  t.end();
});

void t.test("confidence: the statistic that reaches a confidence is the one that does", (t) => {
  const real = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  fc.assert(
    fc.property(real(0.1, 5), real(-5, 5), real(0.01, 0.99), real(0.01, 0.99), (a, b, confidence, prior) => {
      const llr = conditionLlr({ a, b }, statisticAt({ a, b }, confidence, prior));
      return Math.abs(logistic(llr + logit(prior)) - confidence) < 1e-9;
    }),
  );
  t.end();
});

void t.test("confidence: is written with as many decimals as tell it from certainty", (t) => {
  for (const [value, text] of [[0, "0.00"], [0.934, "0.93"], [0.9899, "0.99"], [0.9962, "0.996"], [0.99993, "0.99993"], [0.999999999, "0.999999"], [1, "1.00"]] as const) {
    t.equal(probabilityText(value), text);
  }
  t.end();
});
