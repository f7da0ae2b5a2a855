import fc from "fast-check";
import t from "tap";
import { FusiondError } from "../../fusion/model/errors.js";
import { isFileTable, parseLabelTable, parseRecordingLabels } from "../../daemon/score/labels.js";
import { holds } from "../support/property.js";

function refusal(text: string): string {
  try {
    parseLabelTable(text, "labels.csv");
  } catch (error) {
    if (error instanceof FusiondError && error.code === "media_invalid") return error.message;
    throw error;
  }
  return "";
}

void t.test("labels: a table of one recording says what is there when, and whom it reaches", (t) => {
  const table = "start,end,what,sources\n1.5,4,dog,mic\n2026-01-01T00:00:10Z,2026-01-01T01:00:20+01:00,car_horn,mic  cam\n,,speech,\n";
  const startsAtMs = Date.parse("2026-01-01T00:00:00Z");
  t.same(parseRecordingLabels(table, "labels.csv", startsAtMs), [
    { what: "dog", span: { fromMs: startsAtMs + 1500, toMs: startsAtMs + 4000 }, sources: ["mic"] },
    { what: "car horn", span: { fromMs: startsAtMs + 10_000, toMs: startsAtMs + 20_000 }, sources: ["mic", "cam"] },
    { what: "speech", sources: [] },
  ]);
  t.same(parseRecordingLabels("what\ndog\n", "labels.csv"), [{ what: "dog", sources: [] }], "other columns may be missing");
  t.end();
});

void t.test("labels: tables of files have several forms", (t) => {
  const dog = { what: "dog bark", sources: [] };
  t.same(parseLabelTable("file,label,source_id\na.ogg,dog_bark,7\n", "x"), [{ file: "a.ogg", recording: "7", label: dog }]);
  t.same(parseLabelTable("file,scene_or_label,recording\na.ogg,dog_bark,r\n", "x"), [{ file: "a.ogg", recording: "r", label: dog }]);
  t.same(parseLabelTable("file,camera,scene\na.mp4,gate,a road\n", "x"), [{ file: "a.mp4", recording: "gate" }]);
  t.same(parseLabelTable("file,what,start,end\na.mp4,dog bark,0,2\nb.mp4,,,\n", "x"), [{ file: "a.mp4", label: { ...dog, span: { fromMs: 0, toMs: 2000 } } }, { file: "b.mp4" }]);
  for (const [columns, is] of [["file,what", true], ["file,camera", true], ["file", false], ["what", false], ["file,scene", false]] as const) t.equal(isFileTable(columns.split(",")), is, columns);
  t.end();
});

void t.test("labels: what cannot be read is said in one sentence, with its place", (t) => {
  t.match(refusal("begin,what\n"), "", "other columns are left alone");
  t.match(refusal(""), /^labels\.csv:1:1: the table must begin with a line that names its columns/);
  t.match(refusal("start,end,what\n1,2,dog\n,3,dog\n"), /^labels\.csv:3:1: the row has only one of start and end/);
  t.match(refusal("start,end,what\n1,noon,dog\n"), /^labels\.csv:2:3: "noon" is no time: write seconds from the start/);
  t.match(refusal("start,end,what\n1,2026-01-01 10:00,dog\n"), /^labels\.csv:2:3: .* is no time/);
  t.match(refusal("start,end,what\n9,2,dog\n"), /^labels\.csv:2:3: end 2 lies before start 9/);
  t.match(refusal('note,start,end,what\n"two\nlines",9,10,\n'), /^labels\.csv:3:13: the row does not say what is there/);
  t.match(refusal("file,what\n,dog\n"), /^labels\.csv:2:1: the row names no file/);
  t.end();
});

void t.test("labels: what is written is read back, whatever the phrases", (t) => {
  const phrase = fc.stringMatching(/^[a-z][a-z ,"\n']{0,12}[a-z]$/);
  const rows = fc.array(fc.record({ from: fc.integer({ min: 0, max: 5000 }), for: fc.integer({ min: 0, max: 5000 }), what: phrase }), { minLength: 1, maxLength: 8 });
  holds(
    t,
    "round trip",
    fc.property(rows, (list) => {
      const lines = list.map(({ from, for: length, what }) => `${from / 1000},${(from + length) / 1000},"${what.replaceAll('"', '""')}"`);
      const read = parseRecordingLabels(["start,end,what", ...lines].join("\r\n"), "x");
      return read.every(({ what, span }, i) => what === list[i]?.what && span?.fromMs === list[i].from && Math.abs(span.toMs - list[i].from - list[i].for) < 1e-6) && read.length === list.length;
    }),
  );
  t.end();
});
