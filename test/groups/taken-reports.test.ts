// Which reports were taken already.
import fc from "fast-check";
import t from "tap";
import { TakenReports, type Admission, type TakenInput } from "../../daemon/groups/taken-reports.js";
import { holds } from "../support/property.js";

const cam = { sourceId: "cam", modality: "image" } as const;
const admitted = (taken: TakenReports, run: number, ...seqs: readonly number[]): readonly Admission[] => seqs.map((seq) => taken.admit({ ...cam, run, seq }));

void t.test("taken reports: each once in whatever order they come, and again after they were written down", (t) => {
  const report = fc.record({ sourceId: fc.constantFrom("cam", "mic"), modality: fc.constantFrom("image" as const, "audio" as const), run: fc.nat(1), seq: fc.nat(80) });
  holds(
    t,
    "new exactly the first time",
    fc.property(fc.array(report, { maxLength: 300 }), fc.nat(300), (reports, restartAt) => {
      let taken = new TakenReports();
      const seen = new Set<string>();
      return reports.every((one, i) => {
        if (i === restartAt) taken = new TakenReports(JSON.parse(JSON.stringify(taken.taken)) as readonly TakenInput[]);
        const id = JSON.stringify([one.sourceId, one.modality, one.run, one.seq]);
        const wanted = seen.has(id) ? "duplicate" : "new";
        seen.add(id);
        return taken.admit(one) === wanted;
      });
    }),
    300,
  );
  t.end();
});

void t.test("taken reports: in order nothing but the highest is remembered", (t) => {
  const taken = new TakenReports();
  for (let seq = 0; seq < 10_000; seq++) taken.admit({ ...cam, run: 3, seq });
  t.strictSame(taken.taken, [{ ...cam, runs: [{ run: 3, highest: 9999, holes: [] }] }]);
  t.end();
});

void t.test("taken reports: what is far behind is late, and the memory stays bounded however they leap", (t) => {
  const taken = new TakenReports();
  t.strictSame(admitted(taken, 1, 10_000, 10_000 - 4095, 10_000 - 4096, 9_999, 9_999, 10_000), ["new", "new", "late", "new", "duplicate", "duplicate"]);
  for (let seq = 20_000; seq < 60_000; seq += 2) taken.admit({ ...cam, run: 1, seq });
  t.ok((taken.taken[0]?.runs[0]?.holes.length ?? 0) <= 2049, "every second of the newest 4096");
  t.strictSame(admitted(taken, 1, Number.MAX_SAFE_INTEGER, 59_999), ["new", "late"], "one leap forgets all before it, at no cost");
  t.strictSame(taken.taken[0]?.runs[0]?.holes.length, 1);
  t.end();
});

void t.test("taken reports: a run that goes on while the next has begun is taken, one before them is late", (t) => {
  const taken = new TakenReports();
  t.strictSame(admitted(taken, 5, 0, 1, 2), ["new", "new", "new"]);
  t.strictSame(admitted(taken, 6, 0), ["new"]);
  t.strictSame(admitted(taken, 5, 3, 1), ["new", "duplicate"]);
  t.strictSame(admitted(taken, 4, 0), ["late"]);
  t.strictSame(admitted(taken, 7, 0), ["new"]);
  t.strictSame(admitted(taken, 5, 4), ["late"]);
  t.strictSame(taken.taken[0]?.runs.map(({ run }) => run), [7, 6]);
  t.strictSame(admitted(new TakenReports(), 2, 1, 0), ["new", "new"], "a first one that is not the first of its run");
  t.end();
});
