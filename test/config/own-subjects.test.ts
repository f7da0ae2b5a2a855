// Feeds that take in what fusiond itself says.
import fc from "fast-check";
import t from "tap";
import { parseConfig } from "../../config/load.js";
import { feedWarnings, ownSubjectsOf } from "../../config/own-subjects.js";

function warningsOf(subject: string): readonly string[] {
  const text = JSON.stringify({ site: "plant-7", nats: { embedded: true }, sources: { feed: { text: { subject } } } });
  return feedWarnings(parseConfig(text, "f.yaml", {})).map(({ message }) => message);
}

void t.test("config: a subject that takes in fusiond's own messages is warned of", (t) => {
  for (const subject of [">", "fusiond.>", "*.v1.>", "fusiond.*.*.alert.>", "*.*.*.*", "fusiond.v1.>", "*.>"]) t.match(warningsOf(subject), [/takes in messages of fusiond/], subject);
  for (const subject of ["fusiond.v1.plant-7.>", "fusiond.v1.plant-7.alert.dock.*.*", "_INBOX.>", "_INBOX_plant-7.x", "$JS.>", "$JS.API.INFO", "$SYS.>"]) {
    t.match(warningsOf(subject), [/nothing will be read/], subject);
  }
  for (const subject of ["plant.>", "fusiond.v1.other.>", "fusiond", "*", "fusiond.v1.plant-7", "$KV.doors.>", "_INBOXES.a", "fusiond.v2.plant-7.x"]) t.same(warningsOf(subject), [], subject);
  t.end();
});

void t.test("config: what is left out of a feed is exactly what it is warned of", (t) => {
  const tokens = fc.constantFrom("fusiond", "v1", "plant-7", "alert", "_INBOX", "_INBOX_plant-7", "$JS", "$SYS", "door", "x");
  const isOwn = ownSubjectsOf("plant-7");
  fc.assert(
    fc.property(fc.array(tokens, { minLength: 1, maxLength: 5 }), (subject) => isOwn(subject.join(".")) === warningsOf(subject.join(".")).length > 0),
    { numRuns: 300 },
  );
  t.end();
});
