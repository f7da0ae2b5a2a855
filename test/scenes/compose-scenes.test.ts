import { readdirSync, readFileSync, symlinkSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { composeScenes } from "../../daemon/scenes/compose-scenes.js";
import { parseManifest } from "../../daemon/scenes/manifest.js";
import { readMaterial } from "../../daemon/scenes/read-material.js";
import { media } from "../support/debian.js";
import { debianMaterial } from "./support.js";

const never = new AbortController().signal;

/** The bytes of all scenes and of the manifest. */
function bytesOf(folder: string): string[] {
  const read = (...path: readonly string[]): string => readFileSync(join(folder, ...path), "latin1");
  return readdirSync(folder).flatMap((name) => (name.endsWith(".json") ? [read(name)] : ["labels.csv", "microphone.wav", "camera.mp4"].map((file) => read(name, file))));
}

void t.test("compose: the same seed gives the same bytes, another others", async (t) => {
  const folder = t.testdir();
  const material = readMaterial(debianMaterial(folder));
  const composed = async (name: string, seed: number): Promise<string[]> => {
    await composeScenes({ material, folder: join(folder, name), seed, count: 1, progress: () => undefined }, never);
    return bytesOf(join(folder, name));
  };
  const [one, again, other] = [await composed("one", 3), await composed("again", 3), await composed("other", 4)];
  t.same(again, one);
  t.equal(one.length, 4);
  for (const [i, bytes] of one.entries()) t.not(other[i], bytes);
});

void t.test("compose: nothing is left half done when it is ended", async (t) => {
  const folder = t.testdir();
  const ending = new AbortController();
  const material = readMaterial(debianMaterial(folder));
  const out = join(folder, "out");
  await t.rejects(composeScenes({ material, folder: out, seed: 1, count: 2, progress: () => ending.abort() }, ending.signal));
  t.notOk(readdirSync(out).includes("manifest.json"), "there is no manifest of what is not whole");
});

void t.test("compose: footage that is no picture is named", async (t) => {
  const folder = t.testdir();
  const folders = debianMaterial(folder);
  symlinkSync(media.stamp("animals/birds/rooster.ogg"), join(folders.footage, "no.avi"));
  writeFileSync(join(folders.footage, "labels.csv"), "file,start,end,what,camera\nno.avi,,,person,a\ntree.avi,,,,b\n");
  const material = readMaterial(folders);
  await t.rejects(composeScenes({ material, folder: join(folder, "out"), seed: 1, count: 1, progress: () => undefined }, never), { code: "media_invalid", message: /the picture of scene-001 cannot be made of .*no\.avi/ });
});

void t.test("material: tables say what is what, and two rows of one time are one part", (t) => {
  const folder = t.testdir();
  const folders = debianMaterial(folder);
  writeFileSync(join(folders.footage, "labels.csv"), "file,start,end,what,camera\nstreet.avi,2,38,person,street\nstreet.avi,2,38,car,street\ntree.avi,,,,\n");
  const { sounds, backgrounds, footage } = readMaterial(folders);
  t.same(sounds.map(({ file, what, recording }) => [file, what, recording])[0], ["0.ogg", "dog", "recording-0"]);
  t.match(backgrounds, [{ file: "hum.wav", kind: "room tone", recording: "hum" }]);
  t.match(footage, [
    { file: "street.avi", camera: "street", fromMs: 2_000, toMs: 38_000, what: ["person", "car"] },
    { file: "tree.avi", camera: "tree.avi", fromMs: 0, toMs: Infinity, what: [] },
  ]);
  mkdirSync(join(folder, "bare"));
  writeFileSync(join(folder, "bare", "labels.csv"), "file,what\n0.ogg,\n");
  symlinkSync(media.stamp("animals/birds/rooster.ogg"), join(folder, "bare", "0.ogg"));
  t.throws(() => readMaterial({ ...folders, sounds: join(folder, "bare") }), { code: "media_invalid", message: /0\.ogg has no label/ });
  t.end();
});

void t.test("manifest: says how each scene was composed, and what is none is refused", (t) => {
  const scenes = [{ name: "scene-001", control: "none", sound: { snr_db: 10 } }, { name: "scene-002", control: "without_sound" }];
  t.same([...parseManifest(JSON.stringify({ scenes }), "m")], [["scene-001", { control: "none", snrDb: 10 }], ["scene-002", { control: "without_sound" }]]);
  for (const text of ["", "{}", '{"scenes":[{}]}', '{"scenes":[{"name":"a","control":"some"}]}']) t.throws(() => parseManifest(text, "m"), { code: "media_invalid", message: /^m is not a manifest/ }, text);
  t.end();
});
