// What is remembered of what rules held back.
import t from "tap";
import { HeldBack } from "../../daemon/telemetry/held-back.js";
import { suppression } from "./daemon-telemetry.js";

void t.test("held back: all are counted by reason, the newest 16 of each rule and group are kept", (t) => {
  const heldBack = new HeldBack();
  for (let at = 1; at <= 100; at++) heldBack.add({ ...suppression, reason: at % 10 === 0 ? "blind" : "cooldown", at });
  heldBack.add({ ...suppression, groupId: "yard", at: 200 });
  const { counts, lately } = heldBack.of("break-in", "dock");
  t.strictSame(counts, { cooldown: 90, blind: 10 });
  t.strictSame([lately.length, lately[0]?.at, lately.at(-1)?.at], [16, 85, 100]);
  t.match(heldBack.of("break-in", "yard"), { counts: { cooldown: 1 }, lately: [{ at: 200 }] });
  heldBack.remove("break-in");
  t.strictSame(heldBack.of("break-in", "dock"), { counts: {}, lately: [] });
  t.end();
});
