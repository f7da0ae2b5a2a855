// Properties as assertions of tap: counted, with the counterexample in the message.
import fc from "fast-check";

/** Asserts that a property holds for many inputs. */
export function holds<T>(t: { pass(name: string): boolean; fail(name: string, extra: object): boolean }, name: string, property: fc.IProperty<T>, numRuns = 100): void {
  const result = fc.check(property, { numRuns });
  if (result.failed) t.fail(name, { seed: result.seed, path: result.counterexamplePath, counterexample: result.counterexample, error: String(result.errorInstance) });
  else t.pass(`${name} (${result.numRuns} runs)`);
}
