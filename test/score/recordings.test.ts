import { join } from "node:path";
import t from "tap";
import { readRecordings, type RecordingFolders } from "../../daemon/score/recordings.js";
import { folderOf } from "../models/support.js";

/** What was found, paths below `folder`. */
function below(folder: string, { recordings }: RecordingFolders): unknown {
  return recordings.map(({ name, modality, pieces }) => [name, modality, pieces.map(({ path, labels }) => [path.slice(folder.length + 1), labels.map(({ what }) => what)])]);
}

void t.test("recordings: without a table every file is one, and sub-folders are labels", async (t) => {
  const folder = folderOf(t, { "night.WAV": "1", "street.mkv": "2", "car_horn/a.flac": "3", "notes.txt": "7", ".hidden/c.wav": "6" });
  const found = await readRecordings([folder]);
  t.same(below(folder, found), [
    ["night.WAV", "audio", [["night.WAV", []]]],
    ["street.mkv", "image", [["street.mkv", []]]],
    ["a.flac", "audio", [["car_horn/a.flac", ["car horn"]]]],
  ]);
  t.match(found.leftOut, [/^1 files are neither sounds nor videos by their names, such as .*notes\.txt$/]);
});

void t.test("recordings: a table groups files of one recording, and what it names is found in sub-folders too", async (t) => {
  const csv = "file,scene_or_label,recording\na.ogg,rain,r1\nnc/b.ogg,rain,r1\nc.ogg,room_tone,r2\ngone.ogg,x,r3\n";
  const folder = folderOf(t, { "ordinary.csv": csv, "a.ogg": "1", "nc/b.ogg": "2", "nc/other.ogg": "9", "c.ogg": "3", "clips/d.ogg": "4", "clip.mp4": "5" });
  const found = await readRecordings([folder]);
  t.same(below(folder, found), [
    ["r1", "audio", [["a.ogg", ["rain"]], ["nc/b.ogg", ["rain"]]]],
    ["r2", "audio", [["c.ogg", ["room tone"]]]],
    ["clip.mp4", "image", [["clip.mp4", []]]],
    ["d.ogg", "audio", [["clips/d.ogg", []]]],
  ]);
  t.match(found.leftOut, [/names 1 files that lie neither in .* nor in its folder clips, such as gone\.ogg/]);
});

void t.test("recordings: further tables say more, by name, and what they say of nothing is told", async (t) => {
  const folder = folderOf(t, { "footage.csv": "file,camera\na.mp4,gate\n", "a.mp4": "1" });
  const tables = folderOf(t, { "seen.csv": "file,what,start,end\na.mp4,person,1,2\nb.mp4,car,,\n" });
  const found = await readRecordings([join(folder, "a.mp4"), folder], [join(tables, "seen.csv")]);
  t.same(found.recordings.length, 1, "a file that is named beside its folder is the same bytes");
  t.match(found.leftOut, [/seen\.csv names 1 files that lie in none of the folders, such as b\.mp4/, /holds the same bytes as .* and is counted once/]);
  t.ok(found.recordings[0]?.pieces[0]?.labels.every(({ what, span }) => what === "person" && span?.fromMs === 1000));
});

void t.test("recordings: what cannot be understood is said in one sentence", async (t) => {
  await t.rejects(readRecordings([folderOf(t, { "notes.txt": "" })]), { code: "media_invalid", message: /no recording lies in/ });
  await t.rejects(readRecordings([folderOf(t, { "a.csv": "file,what\n", "b.csv": "file,camera\n", "x.wav": "" })]), { message: /has several tables of files \(a\.csv, b\.csv\)/ });
  await t.rejects(readRecordings([folderOf(t, { "labels.csv": "x,y\n", "x.wav": "" })]), { message: /labels\.csv:1:1: the table must name a column file/ });
  await t.rejects(readRecordings([folderOf(t, { "x.wav": "" })], ["/nowhere/seen.csv"]), { message: /seen\.csv cannot be read/ });
});
