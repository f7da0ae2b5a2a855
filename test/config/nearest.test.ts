// "Did you mean": near words are found, far ones are not offered.
import fc from "fast-check";
import t from "tap";
import { didYouMean, nearest } from "../../config/nearest.js";

void t.test("nearest: finds typing errors, nearest first", (t) => {
  t.strictSame(nearest("camra", ["microphone", "camera", "text"], 3), ["camera"]);
  t.strictSame(nearest("bark", ["bart", "park", "barks", "meow"], 2), ["barks", "bart"]);
  t.end();
});

void t.test("nearest: case, separators and the order of words do not count", (t) => {
  t.strictSame(nearest("Dog_Barking", ["barking dog", "cat"], 1), ["barking dog"]);
  t.strictSame(nearest("session-gap", ["session_gap"], 1), ["session_gap"]);
  t.end();
});

void t.test("nearest: a phrase that holds the word whole is near", (t) => {
  t.strictSame(nearest("glass", ["glass breaking into pieces", "grass"], 2), ["grass", "glass breaking into pieces"]);
  t.strictSame(nearest("a very small dog", ["dog"], 2), ["dog"]);
  t.end();
});

void t.test("nearest: offers nothing when nothing is near", (t) => {
  t.strictSame(nearest("helicopter", ["dog", "cat"], 3), []);
  t.strictSame(nearest("", ["dog", ""], 3), [""]);
  t.strictSame(nearest("_", ["-"], 3), []);
  t.equal(didYouMean("helicopter", ["dog"]), "");
  t.equal(didYouMean("dig", ["dog"]), '; did you mean "dog"?');
  t.end();
});

void t.test("nearest: a valid word is its own nearest, and never more than max come", (t) => {
  const words = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}( [a-z]{1,8})?$/), { minLength: 1, maxLength: 20 });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(words, fc.nat(), fc.integer({ min: 1, max: 5 }), (valid, index, max) => {
        const word = valid[index % valid.length] ?? "";
        const found = nearest(word, valid, max);
        const sameWords = (text: string): string => text.split(" ").sort().join(" ");
        return found.length <= max && found.every((one) => valid.includes(one)) && sameWords(found[0] ?? "") === sameWords(word);
      }),
    ),
  );
  t.end();
});
