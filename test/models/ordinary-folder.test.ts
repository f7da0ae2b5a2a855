import { symlinkSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { readOrdinaryFolders, type OrdinaryFolders } from "../../daemon/models/ordinary-folder.js";
import { folderOf } from "./support.js";

/** What was found, paths below `folder`. */
function below(folder: string, { files, repeated, ignored }: OrdinaryFolders): unknown {
  const short = (path: string): string => path.slice(folder.length + 1);
  return [files.map(({ path, modality, labels }) => [short(path), modality, labels]), repeated.map(({ path }) => short(path)), ignored.map(short)];
}

void t.test("ordinary folder: what lies in it has no label, what lies in its sub-folders has theirs", async (t) => {
  const folder = folderOf(t, { "night.WAV": "1", "street.mkv": "2", "car_horn/a.flac": "3", "dog/b.mp4": "4", "dog/cut.png": "5", ".hidden/c.wav": "6", "notes.txt": "7" });
  t.same(below(folder, await readOrdinaryFolders([folder])), [
    [["night.WAV", "audio", []], ["street.mkv", "image", []], ["car_horn/a.flac", "audio", ["car horn"]], ["dog/b.mp4", "image", ["dog"]]],
    [],
    ["notes.txt", "dog/cut.png"],
  ]);
});

void t.test("ordinary folder: a labels.csv gives a file several labels, and need not name all", async (t) => {
  const csv = "file,label\na.wav,dog\na.wav,speech\nb.wav,car_horn\n";
  const folder = folderOf(t, { "labels.csv": csv, "a.wav": "1", "clips/b.wav": "2", "clips/c.wav": "3", "d.wav": "4" });
  const found = below(folder, await readOrdinaryFolders([folder]));
  t.same(found, [[["a.wav", "audio", ["dog", "speech"]], ["d.wav", "audio", []], ["clips/b.wav", "audio", ["car horn"]], ["clips/c.wav", "audio", []]], [], []]);
});

void t.test("ordinary folder: the same bytes are heard once and have the labels of all", async (t) => {
  const folder = folderOf(t, { "a.wav": "same", "b.wav": "else", "dog/c.wav": "same", "speech/d.wav": "same" });
  symlinkSync(join(folder, "nowhere.wav"), join(folder, "lost.wav"));
  t.same(below(folder, await readOrdinaryFolders([folder, folder])), [
    [["a.wav", "audio", ["dog", "speech"]], ["b.wav", "audio", []], ["lost.wav", "audio", []]],
    ["dog/c.wav", "speech/d.wav"],
    [],
  ]);
});

void t.test("ordinary folder: no recording at all is said in one sentence", async (t) => {
  const folder = folderOf(t, { "notes.txt": "" });
  await t.rejects(readOrdinaryFolders([folder]), { code: "media_invalid", message: /^no recording lies in .*: give sounds \(\.wav, .*\) or videos \(\.mp4, \.avi, \.mkv\) of ordinary hours$/ });
  await t.rejects(readOrdinaryFolders([join(folder, "nowhere")]), { code: "media_invalid", message: /nowhere cannot be read/ });
});
