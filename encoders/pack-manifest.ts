// The manifest of a pack: what manifest.json must hold, and the one sentence that says what is wrong with it.
import type { Modality } from "../fusion/model/modality.js";
import { shortHash } from "../fusion/model/observation.js";
import type { CrossModal } from "./cross-modal.js";
import { JsonReader } from "./json-reader.js";

/** A file of a pack: its name inside the pack's folder, its SHA-256 in hexadecimal and its exact length. */
export interface PackFile {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** An input or output of a tower. Shape: "batch" first, then sizes. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: "uint8" | "float32";
  readonly shape: readonly ["batch", ...number[]];
}

/** A tower made of ONNX graphs, which are run one after another. */
export interface GraphTower {
  readonly graphs: readonly PackFile[];
  readonly input: TensorSpec;
  readonly output: TensorSpec;
}

/** The tower of sound: mono windows of `windowMs`, one every `hopMs`. */
export interface SoundTower extends GraphTower {
  readonly sampleRateHz: number;
  readonly windowMs: number;
  readonly hopMs: number;
}

/** What manifest.json says, checked. */
export interface Manifest {
  readonly id: string;
  readonly version: string;
  readonly space: string;
  readonly dimensions: number;
  /** Prior probability, 0..1, that an observation shows what a prompt asks for. */
  readonly prior: number;
  readonly image: GraphTower;
  readonly audio: SoundTower;
  readonly vocabulary: PackFile;
  /** How each tower comes into the space, in words; towers that come in another way make another space. */
  readonly maps: Readonly<Record<Modality, string>>;
  readonly crossModal: CrossModal;
  readonly calibration: PackFile;
  readonly golden: PackFile;
}

/** Largest graph that is read at all, bytes: the limit of one protobuf message. */
const GRAPH_BYTES_MAX = 2 ** 31 - 1;
/** Largest table (vocabulary, calibration, golden vectors) that is read at all, bytes. */
const TABLE_BYTES_MAX = 64 * 2 ** 20;
/** Most concepts, sounds or pictures that a measurement can have. */
const COUNT_MAX = 1_000_000_000;

/**
 * Checks a manifest. Unknown keys are left alone: a newer pack may say more.
 * Errors: FusiondError "model_invalid", one sentence with the place and what was expected.
 */
export function parseManifest(json: unknown, where: string): Manifest {
  const root = new JsonReader(json, where, "");
  const towers = root.object("towers");
  const dimensions = root.integer("dimensions", 2, 4096);
  const audio = towers.object("audio");
  const manifest: Manifest = {
    id: root.text("id"),
    version: root.text("version"),
    space: root.text("space"),
    dimensions,
    prior: root.number("prior", 0.000001, 0.999999),
    image: graphTower(towers.object("image"), dimensions),
    audio: {
      ...graphTower(audio, dimensions),
      sampleRateHz: audio.integer("sample_rate_hz", 4000, 192_000),
      windowMs: audio.integer("window_ms", 100, 60_000),
      hopMs: audio.integer("hop_ms", 50, 60_000),
    },
    vocabulary: packFile(towers.object("text").object("vocabulary"), TABLE_BYTES_MAX),
    maps: { image: mapOf(towers.object("image")), audio: mapOf(audio), text: mapOf(towers.object("text")) },
    crossModal: crossModal(root),
    calibration: packFile(root.object("calibration"), TABLE_BYTES_MAX),
    golden: packFile(root.object("golden"), TABLE_BYTES_MAX),
  };
  checkInputs(manifest, where);
  return manifest;
}

/** How pictures and sounds are cut for the towers; another one makes other vectors of the same frame. 2: each square once more with half as much around it. */
const CUTTING = "2";

/**
 * Which encoders make a pack's vectors: the space, and a digest of the towers' files and of how is cut for them. Two that
 * differ in it make vectors that never meet, even where they call their spaces by one name.
 */
export function encodersOf({ space, image, audio, vocabulary }: Manifest): string {
  return `${space}@${shortHash(CUTTING, ...[...image.graphs, ...audio.graphs, vocabulary].map((file) => file.sha256))}`;
}

function mapOf(tower: JsonReader): string {
  if (!tower.has("map")) throw tower.invalid("map", "is missing: say in a few words how the tower comes into the space, or use a pack that does");
  return tower.text("map");
}

function crossModal(root: JsonReader): CrossModal {
  if (!root.has("cross_modal")) {
    throw root.invalid("cross_modal", "is missing: measure how well sounds find pictures, as docs/models.md says, or use a pack that states it");
  }
  const measured = root.object("cross_modal");
  const concepts = measured.integer("concepts", 1, COUNT_MAX);
  return {
    soundToPictureRAt10: measured.number("sound_to_picture_r_at_10", 0, 1),
    chance: measured.number("chance", 0, 1),
    concepts,
    queries: measured.integer("queries", concepts, COUNT_MAX), // each concept has a sound and a picture
    pictures: measured.integer("pictures", concepts, COUNT_MAX),
  };
}

function checkInputs({ image, audio }: Manifest, where: string): void {
  const [, height, width, channels, ...more] = image.input.shape;
  if (image.input.dtype !== "uint8" || height !== width || channels !== 3 || more.length > 0) {
    throw JsonReader.invalid(where, "towers.image.input", 'must be uint8 of shape ["batch", side, side, 3]');
  }
  const samples = (audio.sampleRateHz * audio.windowMs) / 1000;
  if (audio.input.dtype !== "float32" || audio.input.shape.length !== 2 || audio.input.shape[1] !== samples) {
    throw JsonReader.invalid(where, "towers.audio.input", `must be float32 of shape ["batch", ${samples}], window_ms at sample_rate_hz`);
  }
}

function graphTower(tower: JsonReader, dimensions: number): GraphTower {
  const output = tensor(tower.object("output"));
  if (output.dtype !== "float32" || output.shape.length !== 2 || output.shape[1] !== dimensions) {
    throw tower.invalid("output", `must be float32 of shape ["batch", ${dimensions}], as dimensions says`);
  }
  const graphs = tower.list("graphs", 1, 8).map((graph) => packFile(graph, GRAPH_BYTES_MAX));
  return { graphs, input: tensor(tower.object("input")), output };
}

function tensor(spec: JsonReader): TensorSpec {
  const dtype = spec.text("dtype");
  if (dtype !== "uint8" && dtype !== "float32") throw spec.invalid("dtype", 'must be "uint8" or "float32"');
  const [first, ...sizes] = spec.values("shape");
  if (first !== "batch" || !sizes.every((size): size is number => Number.isInteger(size) && (size as number) > 0)) {
    throw spec.invalid("shape", 'must be "batch", followed by whole numbers above 0');
  }
  return { name: spec.text("name"), dtype, shape: ["batch", ...sizes] };
}

function packFile(file: JsonReader, bytesMax: number): PackFile {
  const name = file.text("file");
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) throw file.invalid("file", "must be a plain file name inside the pack's folder");
  const sha256 = file.text("sha256");
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw file.invalid("sha256", "must be 64 hexadecimal digits");
  return { file: name, sha256, bytes: file.integer("bytes", 1, bytesMax) };
}
