// What a transition of a source means for each of its modalities.
import t from "tap";
import { witnessesOf } from "../../daemon/perception/witnesses-of.js";

void t.test("witnesses: one for each modality, each since its own time", (t) => {
  const source = { id: "cam", modalities: ["image", "audio"] } as const;
  const witnesses = [
    { modality: "image", healthy: true, at: 3 },
    { modality: "audio", healthy: false, at: 4, why: "digital silence" },
  ] as const;
  t.strictSame(witnessesOf(source, { kind: "state", state: "healthy", at: 5, witnesses }), witnesses);
  t.ok(witnessesOf(source, { kind: "state", state: "healthy", at: 5 }).every((change) => change.healthy && change.at === 5), "all, where nothing else is said");
  t.ok(witnessesOf(source, { kind: "state", state: "ended", at: 5 }).every((change) => !change.healthy), "a file that is over sees nothing");
  t.end();
});
