import { join } from "node:path";
import t from "tap";
import { soundWindows } from "../../daemon/models/decode.js";
import { readLabelledFolder } from "../../daemon/models/labelled-folder.js";
import { parseLabels } from "../../daemon/models/labels-csv.js";
import { folderOf } from "./support.js";

void t.test("labelled folder: sub-folders are labels, and only pictures and sounds count", (t) => {
  const folder = folderOf(t, { "dog/1.JPG": "", "dog/2.png": "", "dog/notes.txt": "", "glass_breaking/a.flac": "", "README.md": "", ".git/x.png": "", "dog/.hidden.png": "" });
  const { files, ignored } = readLabelledFolder(folder);
  t.same(files.map(({ path, modality, label }) => [path.slice(folder.length + 1), modality, label]), [
    ["dog/1.JPG", "image", "dog"],
    ["dog/2.png", "image", "dog"],
    ["glass_breaking/a.flac", "audio", "glass breaking"],
  ]);
  t.same(ignored, [join(folder, "dog/notes.txt")]);
  t.equal(new Set(files.map(({ recording }) => recording)).size, 3, "each file is a recording");
  t.end();
});

void t.test("labelled folder: a labels.csv says what is what, here or in clips", (t) => {
  const csv = "file,label,source_id,fold,attribution\na.ogg,car_horn,7,1,\"by \"\"x\"\", y\"\nb.ogg,car_horn,7,2,\n";
  const folder = folderOf(t, { "labels.csv": csv, "a.ogg": "", "clips/b.ogg": "" });
  const { files } = readLabelledFolder(folder);
  t.same(files.map(({ path, label }) => [path.slice(folder.length + 1), label]), [["a.ogg", "car horn"], ["clips/b.ogg", "car horn"]]);
  t.equal(files[0]?.recording, files[1]?.recording, "cut from one recording");
  t.end();
});

void t.test("labelled folder: what cannot be read is said in one sentence", (t) => {
  t.throws(() => readLabelledFolder(folderOf(t, { "labels.csv": "file,label\nmissing.ogg,dog\n" })), { code: "media_invalid", message: /names missing\.ogg, which lies neither/ });
  t.throws(() => readLabelledFolder(join(folderOf(t, {}), "nowhere")), { code: "media_invalid", message: /give a folder of labelled recordings/ });
  t.throws(() => parseLabels("name,label\n", "labels.csv"), { code: "media_invalid", message: /among them file and label/ });
  t.throws(() => parseLabels("", "labels.csv"), { code: "media_invalid" });
  t.throws(() => parseLabels("file,label\na.ogg,\n", "labels.csv"), { code: "media_invalid", message: /row 2 has no file or no label/ });
  t.end();
});

void t.test("labels.csv: fields may be quoted", (t) => {
  const of = (text: string): unknown => parseLabels(text, "labels.csv").map(({ file, label, recording }) => [file, label, recording]);
  const cases: readonly (readonly [text: string, rows: readonly (readonly string[])[]])[] = [
    ["file,label\na,b", [["a", "b", "a"]]],
    ["\uFEFFlabel,file\r\nb,a\r\n\r\n", [["a", "b", "a"]]],
    ['file,label,source_id\n"a,1","b ""c""\nd",9\n', [["a,1", 'b "c"\nd', "9"]]],
    ['file,note,label\na,he said "no" twice,b\n', [["a", "b", "a"]]],
    ["file,label,source_id\na,b\n", [["a", "b", "a"]]],
  ];
  for (const [text, rows] of cases) t.same(of(text), rows, JSON.stringify(text));
  t.end();
});

void t.test("sound windows: all is in one, with silence after the end", (t) => {
  const of = (count: number, length: number, hop: number): number[][] => soundWindows(Float32Array.from({ length: count }, (_, i) => i + 1), length, hop).map((window) => [...window]);
  t.same(of(1, 4, 2), [[1, 0, 0, 0]]);
  t.same(of(4, 4, 2), [[1, 2, 3, 4]]);
  t.same(of(5, 4, 2), [[1, 2, 3, 4], [3, 4, 5, 0]]);
  t.same(of(8, 4, 2), [[1, 2, 3, 4], [3, 4, 5, 6], [5, 6, 7, 8]]);
  t.same(of(5, 2, 3), [[1, 2], [4, 5]], "a hop that is longer than the window");
  t.end();
});
