// Text on a terminal.
import t from "tap";
import { columnsOf, fitText, padText, painter, plainText, wantsColour } from "../../daemon/tail/terminal-text.js";

void t.test("text: what could steer a terminal or hide text is replaced", (t) => {
  for (const [text, plain] of [
    ["dog, 80 % – ünïcode 犬 🐕", "dog, 80 % – ünïcode 犬 🐕"],
    ["\u001b[2J", "\ufffd[2J"],
    ["a\tb\r\nc", "a\ufffdb\ufffd\ufffdc"],
    ["\u0085\u009b31m", "\ufffd\ufffd31m"],
    ["safe\u202efdp.exe", "safe\ufffdfdp.exe"],
    ["a\u200bb\ufeff\u2028", "a\ufffdb\ufffd\ufffd"],
    ["\ud800", "\ufffd"],
  ] as const) {
    t.equal(plainText(text), plain);
  }
  t.end();
});

void t.test("text: is fitted and padded by columns, not characters", (t) => {
  for (const [text, columns] of [["dog", 3], ["犬", 2], ["🐕x", 3], ["e\u0301", 1], ["", 0]] as const) t.equal(columnsOf(text), columns, text);
  t.equal(fitText("person", 6), "person");
  t.equal(fitText("person", 5), "pers…");
  t.equal(fitText("犬犬犬", 4), "犬…", "a wide character is not cut in half");
  t.equal(fitText("person", 1), "…");
  t.equal(padText("犬", 4), "犬  ");
  t.equal(padText("person", 3), "person");
  t.end();
});

void t.test("text: is coloured on terminals that want it", (t) => {
  t.equal(painter(true)("red", "x"), "\u001b[31mx\u001b[0m");
  t.equal(painter(false)("red", "x"), "x");
  t.equal(wantsColour(true, {}), true);
  t.equal(wantsColour(true, { NO_COLOR: "" }), true);
  t.equal(wantsColour(true, { NO_COLOR: "1" }), false);
  t.equal(wantsColour(true, { TERM: "dumb" }), false);
  t.equal(wantsColour(false, {}), false);
  t.end();
});
