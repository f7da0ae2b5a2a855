import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { FalseAlarmReport, OrdinaryReport } from "../../daemon/models/ordinary-report.js";
import { renderScore } from "../../daemon/models/render-score.js";
import type { ScoreReport } from "../../daemon/models/score-report.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { changeJson, packCopy, withoutOpenCv } from "../encoders/support.js";
import { media } from "../support/debian.js";

const skip = withoutOpenCv();

function fusiond(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(packageRoot, "dist", "daemon", "main.js"), "models", ...args], { encoding: "utf8" });
}

/** A folder with a dog's bark and picture, a silent recording, a label that no pack knows and a broken file. */
function recordings(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-models-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const label of ["dog", "rooster", "roosterr"]) mkdirSync(join(folder, label));
  symlinkSync(media.stamp("animals/mammals/dogs/dog.ogg"), join(folder, "dog", "bark.ogg"));
  symlinkSync(media.stamp("animals/birds/rooster.ogg"), join(folder, "rooster", "crow.ogg"));
  symlinkSync(media.stamp("animals/birds/rooster.ogg"), join(folder, "roosterr", "crow.ogg"));
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "1", join(folder, "dog", "silence.wav")]);
  writeFileSync(join(folder, "dog", "broken.mp3"), "no sound");
  return folder;
}

void t.test("models score: prints what it found, and what it left out and why", (t) => {
  const { status, stdout } = fusiond("score", recordings(t));
  t.equal(status, 0);
  t.match(stdout, /^pack embedded /);
  t.match(stdout, /sounds: 3 files, 1 of them silent, 3 recordings/);
  t.match(stdout, /accuracy +0\.667 \[0\.000, 1\.000\]/);
  t.match(stdout, /dog +2 +2 +0\.500 +0\.500/);
  t.match(stdout, /"roosterr", 1 files: the pack does not know it; the nearest it knows: rooster/);
  t.match(stdout, /broken\.mp3 cannot be decoded/);
  t.end();
});

void t.test("models score: the same as JSON, with sounds that find pictures", { skip }, (t) => {
  const folder = recordings(t);
  symlinkSync(media.stamp("animals/mammals/dogs/dog.png"), join(folder, "dog", "dog.png"));
  symlinkSync(media.stamp("animals/birds/rooster.png"), join(folder, "rooster", "rooster.png"));
  const { status, stdout } = fusiond("score", "--json", "--pack", "embedded", folder);
  t.equal(status, 0);
  const report = JSON.parse(stdout) as ScoreReport;
  t.match(report.pack, { id: "embedded" });
  t.match(report.modalities, [{ modality: "audio", files: 3, silent: 1 }, { modality: "image", files: 2, samples: 2 }]);
  t.same(report.soundToPicture, { labels: 2, sounds: 2, pictures: 2, recallAt10: 1, chance: 1 });
  t.equal(report.unreadable.length, 1);
  t.same(report.modalities[1]?.labels, [
    { label: "dog", files: 1, recordings: 1 },
    { label: "rooster", files: 1, recordings: 1, untaught: true },
  ]);
  t.match(renderScore(report).join("\n"), /\n {2}rooster \(not taught\) +1 +1 +\d/);
  t.end();
});

void t.test("models score: files that are all broken or silent have no numbers", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-models-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "dog"));
  writeFileSync(join(folder, "dog", "broken.mp3"), "no sound");
  t.match(fusiond("score", folder).stdout, /sounds: no file could be decoded\n\nleft out:\n {2}.*broken\.mp3/);
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "1", join(folder, "dog", "silence.wav")]);
  t.match(fusiond("score", folder).stdout, /1 files, 1 of them silent.*0 windows[^]*accuracy +0\.000[^]*latency a window: mean -, p95 -/);
  t.end();
});

void t.test("models score: nothing to score is said, not counted", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-models-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { status, stderr } = fusiond("score", folder);
  t.equal(status, 1);
  t.match(stderr, /has a label that the pack "embedded" knows: name sub-folders by prompt/);
  t.equal(fusiond("score").status, 2);
  t.end();
});

/** Ordinary hours: a dog nobody spoke of, twice; a rooster in the rooster's folder; what is not known, or no recording. */
function ordinaryHours(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-models-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const label of ["cock", "crow", "roosterr"]) mkdirSync(join(folder, label));
  symlinkSync(media.stamp("animals/mammals/dogs/dog.ogg"), join(folder, "a.ogg"));
  symlinkSync(media.stamp("animals/mammals/dogs/dog.ogg"), join(folder, "b.ogg"));
  symlinkSync(media.stamp("animals/birds/rooster.ogg"), join(folder, "cock", "rooster.ogg"));
  symlinkSync(media.desktopSound("bell"), join(folder, "crow", "bell.oga"));
  symlinkSync(media.desktopSound("message"), join(folder, "roosterr", "message.oga"));
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "30", join(folder, "silence.wav")]);
  execFileSync("ffmpeg", ["-v", "error", "-i", media.pedestrians(), "-c", "copy", "-t", "12", join(folder, "street.avi")]);
  writeFileSync(join(folder, "broken.mp3"), "no sound");
  writeFileSync(join(folder, "notes.txt"), "a quiet night");
  return folder;
}

void t.test("models score: counts false alarms in ordinary hours, and says where nothing counts", (t) => {
  const { status, stdout } = fusiond("score", recordings(t), "--ordinary", ordinaryHours(t));
  t.equal(status, 0);
  t.match(stdout, /\nordinary sounds: 5 files, 0\.00 distinct hours, \d+ windows\n {2}1 of 2 prompts: 0 false alarms, 0\.00 an hour, at most \d+\.\d\d \(95 %\)\n/);
  t.match(stdout, /\n {2}rooster +1 +1\.000 +\d+\.\d\d +0\.\d{3} +0\.00 +0 +0\.00 +\d+\.\d\d\n/);
  t.match(stdout, /\n {2}dog +2 +out of reach\n/, "one of two recordings of dogs is silent");
  t.match(stdout, /\nwhat is truly in ordinary hours:\n/);
  t.match(stdout, /"cock" is in 1 files: not counted there for rooster\n/);
  t.match(stdout, /"crow" is in 1 files: every prompt is counted there, since no scored label means the same to the pack\n/);
  t.match(stdout, /"roosterr" is in 1 files: every prompt is counted there, since the pack does not know it; the nearest it knows: rooster/);
  t.match(stdout, /b\.ogg holds the same bytes as .*a\.ogg and is counted once\n/);
  t.match(stdout, /broken\.mp3 is no media file that ffmpeg can read/);
  t.match(stdout, /street\.avi: no labelled picture sets a threshold for it\n/);
  t.match(stdout, /1 files are neither sounds nor videos by their names, such as .*notes\.txt\n/);
  t.end();
});

void t.test("models score: ordinary videos go through the gate of a camera", { skip }, (t) => {
  const folder = recordings(t);
  rmSync(join(folder, "dog", "silence.wav"));
  mkdirSync(join(folder, "person"));
  symlinkSync(media.stamp("animals/mammals/dogs/dog.png"), join(folder, "person", "odd.png"));
  const { status, stdout } = fusiond("score", "--json", folder, "--fps", "4", "--ordinary", ordinaryHours(t));
  t.equal(status, 0);
  const { modalities } = (JSON.parse(stdout) as ScoreReport).ordinary as OrdinaryReport;
  const [sounds, videos] = modalities as [FalseAlarmReport, FalseAlarmReport];
  t.match(sounds.prompts.find(({ label }) => label === "dog"), { files: 1, threshold: { recall: 1 }, rate: { alarms: 1 } }, "a dog that nobody spoke of is a false alarm");
  t.match(videos, { modality: "image", files: 1, pictures: { fps: 4, widthPx: 640 }, prompts: [{ label: "person", files: 1, threshold: { recall: 1 } }] });
  t.ok(videos.samples >= 12, "regions of people who walk, once a second");
  t.ok(Math.abs(videos.hours * 3600 - 12) < 0.5, `${videos.hours * 3600} s were watched`);
  t.equal(videos.all.hours, videos.hours);
  t.end();
});

void t.test("models score: what cannot be right about ordinary hours is said before anything is scored", (t) => {
  const empty = mkdtempSync(join(tmpdir(), "fusiond-models-"));
  t.teardown(() => rmSync(empty, { recursive: true }));
  const folder = recordings(t);
  for (const [args, exit, sentence] of [
    [["--ordinary", empty], 1, /^no recording lies in .*: give sounds \(\.wav, .*\) or videos \(\.mp4, \.avi, \.mkv\) of ordinary hours\n$/],
    [["--ordinary", join(empty, "nowhere")], 1, /^.*nowhere cannot be read: give a folder of .*recordings/],
    [["--ordinary", empty, "--fps", "0"], 2, /give a number from 0\.1 to 60/],
  ] as const) {
    const { status, stderr } = fusiond("score", folder, ...args);
    t.equal(status, exit);
    t.match(stderr, sentence);
  }
  t.end();
});

function spaceLine(output: string): string | undefined {
  return output.split("\n").find((line) => line.startsWith("space "));
}

void t.test("models verify: says what a pack is, and why one cannot be used", { skip }, (t) => {
  const good = fusiond("verify");
  t.equal(good.status, 0);
  t.match(good.stdout, /pack embedded .*\nspace .*256 dimensions.*\nimage tower: .*\d+ x \d+.*golden vector reproduced\naudio tower: .*2000 ms at 16000 Hz.*\ntext: \d+ phrases\n/);
  t.match(good.stdout, /\nmap of the audio tower: .*concept vectors.*\nmap of the text tower: .*\nsound to picture, as the pack states it: R@10 0\.\d{3}, at least 0\.\d{3} \(95 %\), chance 0\.\d{3}; \d+ sounds of \d+ concepts, \d+ pictures\n$/);
  const small = fusiond("verify", "embedded-int8");
  t.equal(small.status, 0);
  t.match(small.stdout, /^pack embedded-int8 .*\n/);
  t.equal(spaceLine(small.stdout), spaceLine(good.stdout), "the quantised pack is of the same space");
  const folder = packCopy(t);
  changeJson(folder, "golden.json", "audio", Array.from({ length: 256 }, (_, i) => (i === 0 ? 1 : 0)));
  const blind = packCopy(t);
  changeJson(blind, "manifest.json", "cross_modal.sound_to_picture_r_at_10", 0.1);
  for (const [pack, sentence] of [[folder, /the audio tower does not reproduce its golden vector/], [blind, /^[^\n]*is too near chance[^\n]*\n$/], ["nowhere", /no pack "nowhere" was found/]] as const) {
    const { status, stderr, stdout } = fusiond("verify", pack);
    t.equal(status, 78);
    t.equal(stdout, "");
    t.match(stderr, sentence);
  }
  t.end();
});

void t.test("models words: lists what rules can look for, and which of their keys finds it", (t) => {
  const { status, stdout } = fusiond("words");
  t.equal(status, 0);
  const lines = stdout.trimEnd().split("\n");
  t.match(lines, lines.toSorted(), "by the alphabet");
  t.match(stdout, /^dog +hear see read$/m);
  t.match(stdout, /^siren +hear +read$/m, "was not taught to be seen");
  const json = fusiond("words", "--json").stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as object);
  t.equal(json.length, lines.length);
  t.match(json.find((word) => (word as { word: string }).word === "siren"), { hear: true, see: false });
  t.match(fusiond("words", "nowhere"), { status: 78, stderr: /nowhere/ });
  t.end();
});
