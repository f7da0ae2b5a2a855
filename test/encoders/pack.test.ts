import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { encodersOf } from "../../encoders/pack-manifest.js";
import { MODALITIES } from "../../fusion/model/modality.js";
import { dot } from "../../fusion/model/vector.js";
import { changeJson, embeddedPack, packCopy, temporaryFolder } from "./support.js";

void t.test("pack: the embedded pack is whole", async (t) => {
  const pack = await loadPack(embeddedPack);
  t.equal(pack.space.id, pack.manifest.space);
  t.equal(pack.space.dimensions, 256);
  t.equal(pack.space.prior, 0.05);
  t.ok(pack.space.concepts.length < pack.vocabulary.phrases.length, "synonyms are one concept");
  const names = pack.space.concepts.map((concept) => concept.name);
  for (const name of ["person", "dog", "glass breaking"]) t.ok(names.includes(name), `a concept is called by its own name: ${name}`);
  t.match(pack.manifest.audio, { sampleRateHz: 16_000, windowMs: 2000, hopMs: 500 });
});

void t.test("pack: its encoders are its space and its towers, and nothing else", async (t) => {
  const { manifest } = await loadPack(embeddedPack);
  const { image, audio, vocabulary } = manifest;
  const other = { ...vocabulary, sha256: "0".repeat(64) };
  const packs = [manifest, { ...manifest, space: "other" }, { ...manifest, image: { ...image, graphs: [other] } }, { ...manifest, audio: { ...audio, graphs: [other] } }, { ...manifest, vocabulary: other }];
  t.equal(new Set(packs.map(encodersOf)).size, packs.length, "each of them makes vectors of its own");
  t.equal(encodersOf({ ...manifest, version: "2", calibration: other, golden: other }), encodersOf(manifest), "calibration makes no vectors");
  t.match(encodersOf(manifest), new RegExp(`^${manifest.space}@[0-9a-f]{16}$`));
});

void t.test("pack: the normalised coefficients say what those of the raw cosine say", async (t) => {
  const { calibration } = (await loadPack(embeddedPack)).space;
  const raw = JSON.parse(readFileSync(join(embeddedPack, "calibration.json"), "utf8")) as Record<string, { prompt: { a: number; b: number } }>;
  for (const modality of MODALITIES) {
    const { a, b, negativeMean, negativeSd } = calibration[modality];
    for (const cosine of [-0.2, 0, 0.3, 1]) {
      const expected = (raw[modality]?.prompt.a as number) * cosine + (raw[modality]?.prompt.b as number);
      t.ok(Math.abs((a * (cosine - negativeMean)) / negativeSd + b - expected) < 1e-9, `${modality} at ${cosine}`);
    }
  }
});

void t.test("pack: text says yes to the same meaning and no to another", async (t) => {
  const { space, vocabulary } = await loadPack(embeddedPack);
  const { a, b, negativeMean, negativeSd } = space.calibration.text;
  const llr = (x: string, y: string): number =>
    (a * (dot(vocabulary.vector(x) as Float32Array, vocabulary.vector(y) as Float32Array) - negativeMean)) / negativeSd + b;
  for (const [x, y] of [["dog", "dog"], ["car", "automobile"], ["glass breaking", "breaking glass"]] as const) t.ok(llr(x, y) >= 6, `${x}, ${y}`);
  for (const [x, y] of [["dog", "piano"], ["person", "rain"], ["car", "sneezing"]] as const) t.ok(llr(x, y) <= -4, `${x}, ${y}`);
});

void t.test("pack: found by path, then in the state folder, then among fusiond's own", (t) => {
  const stateDir = temporaryFolder(t);
  t.equal(findPack(embeddedPack, { packageRoot }), embeddedPack);
  t.equal(findPack("embedded", { packageRoot, stateDir }), embeddedPack);
  cpSync(embeddedPack, join(stateDir, "packs", "embedded"), { recursive: true });
  cpSync(embeddedPack, join(stateDir, "packs", "mine"), { recursive: true });
  t.equal(findPack("embedded", { packageRoot, stateDir }), join(stateDir, "packs", "embedded"));
  t.throws(() => findPack("other", { packageRoot, stateDir }), {
    code: "model_invalid",
    message: 'no pack "other" was found: give a folder with a manifest.json, or one of embedded, embedded-int8, mine',
  });
  t.end();
});

void t.test("pack: a fault is told in one sentence", async (t) => {
  const faults: [string, (folder: string) => void, RegExp][] = [
    ["no manifest", (f) => rmSync(join(f, "manifest.json")), /manifest\.json cannot be read: a pack is a folder with a manifest\.json/],
    ["manifest is no JSON", (f) => writeFileSync(join(f, "manifest.json"), "space: x"), /manifest\.json is no JSON/],
    ["manifest too long", (f) => writeFileSync(join(f, "manifest.json"), " ".repeat(70_000)), /cannot be read: .* at most 64 KiB/],
    ["missing file", (f) => rmSync(join(f, "image.onnx")), /image\.onnx is missing or cannot be read: fetch the pack again/],
    ["other length", (f) => writeFileSync(join(f, "audio.onnx"), "short"), /audio\.onnx has 5 bytes but the manifest says \d+/],
    ["other hash", (f) => flipByte(join(f, "text.json")), /text\.json has SHA-256 .* but the manifest says .*: fetch the pack again/],
    ["file outside", (f) => changeJson(f, "manifest.json", "golden.file", "../golden.json"), /golden\.file must be a plain file name/],
    ["wrong output", (f) => changeJson(f, "manifest.json", "towers.image.output.shape", ["batch", 128]), /towers\.image\.output must be float32 of shape \["batch", 256\]/],
    ["picture not square", (f) => changeJson(f, "manifest.json", "towers.image.input.shape", ["batch", 64, 32, 3]), /towers\.image\.input must be uint8/],
    ["window of other length", (f) => changeJson(f, "manifest.json", "towers.audio.window_ms", 1000), /towers\.audio\.input must be float32 of shape \["batch", 16000\]/],
    ["shape without batch", (f) => changeJson(f, "manifest.json", "towers.audio.input.shape", [1, 32_000]), /towers\.audio\.input\.shape must be "batch", followed/],
    ["unknown dtype", (f) => changeJson(f, "manifest.json", "towers.audio.input.dtype", "int4"), /dtype must be "uint8" or "float32"/],
    ["no graphs", (f) => changeJson(f, "manifest.json", "towers.audio.graphs", []), /towers\.audio\.graphs must have 1 to 8 entries/],
    ["bad hash", (f) => changeJson(f, "manifest.json", "calibration.sha256", "12"), /calibration\.sha256 must be 64 hexadecimal digits/],
    ["bad prior", (f) => changeJson(f, "manifest.json", "prior", 1), /prior must be a number from/],
    ["no map", (f) => changeJson(f, "manifest.json", "towers.text.map", undefined), /towers\.text\.map is missing: say in a few words how the tower comes into the space/],
    ["empty map", (f) => changeJson(f, "manifest.json", "towers.image.map", ""), /towers\.image\.map must be a text/],
    ["nothing measured", (f) => changeJson(f, "manifest.json", "cross_modal", undefined), /cross_modal is missing: measure how well sounds find pictures, as docs\/models\.md says/],
    ["more than all found", (f) => changeJson(f, "manifest.json", "cross_modal.sound_to_picture_r_at_10", 71.3), /cross_modal\.sound_to_picture_r_at_10 must be a number from 0 to 1/],
    ["no chance", (f) => changeJson(f, "manifest.json", "cross_modal.chance", undefined), /cross_modal\.chance must be a number from 0 to 1/],
    ["no concepts", (f) => changeJson(f, "manifest.json", "cross_modal.concepts", 0), /cross_modal\.concepts must be a number from 1/],
    ["fewer queries than concepts", (f) => changeJson(f, "manifest.json", "cross_modal.queries", 38), /cross_modal\.queries must be a number from 39/],
    ["half a picture", (f) => changeJson(f, "manifest.json", "cross_modal.pictures", 99.5), /cross_modal\.pictures must be a whole number/],
    [
      "near chance",
      (f) => changeJson(f, "manifest.json", "cross_modal.sound_to_picture_r_at_10", 0.3),
      /manifest\.json: the pack "embedded" is too near chance .*\(R@10 0\.300 over 39 concepts is at least 0\.196, but more than 0\.314 is needed where chance is 0\.085\): use another pack/,
    ],
    ["no towers", (f) => changeJson(f, "manifest.json", "towers", undefined), /towers must be an object/],
    ["other space", (f) => changeJson(f, "text.json", "space", "s"), /text\.json is of another space/],
    ["phrases without vectors", (f) => changeJson(f, "text.json", "phrases", ["dog"]), /bytes of vectors, but 1 phrases need 256/],
    ["taught is no object", (f) => changeJson(f, "text.json", "taught", ["dog"]), /text\.json: taught must be an object with the lists image and audio/],
    ["taught to no tower", (f) => changeJson(f, "text.json", "taught.nose", ["dog"]), /taught has no place for "nose": its towers are image and audio/],
    ["taught is no list", (f) => changeJson(f, "text.json", "taught.image", "dog"), /taught\.image must be a list of phrases/],
    ["taught what it cannot name", (f) => changeJson(f, "text.json", "taught.audio", ["dog", "dogg"]), /taught\.audio names "dogg", which is none of the phrases/],
    ["taught a number", (f) => changeJson(f, "text.json", "taught.audio", [0]), /taught\.audio names 0, which is none/],
    ["golden too short", (f) => changeJson(f, "golden.json", "image", [1]), /list of 256 finite numbers/],
    ["golden without tolerance", (f) => changeJson(f, "golden.json", "tolerance_cosine", 2), /tolerance_cosine must be a number/],
    ["no text calibration", (f) => changeJson(f, "calibration.json", "text", undefined), /calibration\.json: text\.mean and \.variance/],
    ["negative slope", (f) => changeJson(f, "calibration.json", "audio.prompt.a", -1), /audio\.prompt must have the numbers a/],
  ];
  for (const [name, tamper, message] of faults) {
    const folder = packCopy(t);
    tamper(folder);
    await t.rejects(loadPack(folder), { code: "model_invalid", message }, name);
  }
});

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[100] = (bytes[100] as number) ^ 1;
  writeFileSync(path, bytes);
}
