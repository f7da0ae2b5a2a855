// Material for scenes that is always there: recordings and footage of Debian packages.
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { MaterialFolders } from "../../daemon/scenes/read-material.js";
import { media } from "../support/debian.js";

/** Sounds of the stamps by what they are. Two of a kind are two recordings. */
const SOUNDS: readonly (readonly [what: string, file: string])[] = [
  ["dog", "animals/mammals/dogs/dog.ogg"],
  ["rooster", "animals/birds/rooster.ogg"],
  ["thunderstorm", "naturalforces/lightningbolt.ogg"],
];

/** A rule for each kind of sound: it is heard while a person is in view. */
export const RULES = `rules:\n${SOUNDS.map(([what]) => `  ${what}: {all: [{hear: ${what}}, {see: person}]}\n`).join("")}`;

/** Folders below `root` with sounds, a background of pink noise, pedestrians, and a tree in the wind. */
export function debianMaterial(root: string): MaterialFolders {
  const [sounds, backgrounds, footage] = ["sounds", "backgrounds", "footage"].map((name) => join(root, name)) as [string, string, string];
  for (const folder of [sounds, join(backgrounds, "clips"), footage]) mkdirSync(folder, { recursive: true });
  const files = SOUNDS.map(([what, file], i) => {
    symlinkSync(media.stamp(file), join(sounds, `${i}.ogg`));
    return `${i}.ogg,${what.replaceAll(" ", "_")},recording-${i}`;
  });
  writeFileSync(join(sounds, "labels.csv"), ["file,label,source_id", ...files, ""].join("\n"));
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.02:seed=5:sample_rate=16000:duration=8", join(backgrounds, "clips", "hum.wav")]);
  writeFileSync(join(backgrounds, "labels.csv"), "file,what,recording\nhum.wav,room tone,hum\n");
  const street = media.pedestrians();
  symlinkSync(street, join(footage, "street.avi"));
  symlinkSync(join(dirname(street), "tree.avi"), join(footage, "tree.avi"));
  writeFileSync(join(footage, "labels.csv"), "file,start,end,what,camera\nstreet.avi,2,38,person,street\nstreet.avi,43,78,person,street\ntree.avi,,,,tree\n");
  return { sounds, backgrounds, footage };
}
