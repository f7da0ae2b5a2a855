// Labelled files through a pack's real tower: what is said about each of them.
import type { Capture } from "../../encoders/capture.js";
import { Tower } from "../../encoders/child/tower.js";
import type { EncoderTelemetry } from "../../encoders/encoder.js";
import type { ImageGateOptions } from "../../encoders/tower-spec.js";
import type { Pack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { Scorer } from "../../fusion/scorer.js";
import { decodePicture, decodeSound } from "./decode.js";
import type { LabelledFile } from "./labelled-folder.js";
import type { KnownLabels } from "./labels.js";

/** One window or region. `llr`: by label, nats, as the daemon has it for a source without a cohort of its own. */
export interface ScoredSample {
  readonly llr: Float32Array;
  readonly vector: Float32Array;
}

/** A file that was looked at. No samples: digital silence. */
export interface ScoredFile {
  readonly path: string;
  readonly recording: string;
  /** Index of its label. */
  readonly label: number;
  readonly samples: readonly ScoredSample[];
}

/** All files of one modality. `latenciesMs`: of each window or region, gate and tower, waiting excluded. */
export interface ScoredFiles {
  readonly files: readonly ScoredFile[];
  readonly latenciesMs: readonly number[];
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Gives the files of one modality whose labels are known to the tower, one by one on one thread.
 * Errors: FusiondError "model_invalid", "dependency_missing", "encode_failed", "encode_timeout"; files that cannot be decoded are listed.
 */
export async function scoreFiles(pack: Pack, modality: LabelledFile["modality"], files: readonly LabelledFile[], labels: KnownLabels, signal: AbortSignal): Promise<ScoredFiles> {
  const tower = towerOf(pack, modality);
  const scorer = new Scorer(pack.space, labels.vectors);
  const result = { files: [] as ScoredFile[], latenciesMs: [] as number[], unreadable: [] as { path: string; reason: string }[] };
  await tower.start(signal);
  try {
    for (const { path, recording, label } of files) {
      signal.throwIfAborted();
      const index = labels.indexOf(label);
      if (index === undefined) continue;
      const captures = await capturesOf(pack, modality, path);
      if (captures instanceof FusiondError) {
        result.unreadable.push({ path, reason: captures.message });
        continue;
      }
      const samples: ScoredSample[] = [];
      for (const capture of captures) {
        const { observations, encodeMs } = await tower.encode(capture);
        if (observations.length > 0) result.latenciesMs.push(encodeMs);
        for (const observation of observations) {
          const vector = observation.embedding?.vector;
          const score = observation.gate === "open" ? scorer.score(observation, undefined) : undefined;
          if (vector !== undefined && score !== undefined) samples.push({ llr: score.llr, vector });
        }
      }
      result.files.push({ path, recording, label: index, samples });
    }
  } finally {
    await tower.stop();
  }
  return result;
}

/** A pack's tower on the processor, one thread; pictures are taken whole unless a gate is given. Not started. */
export function towerOf(pack: Pack, modality: LabelledFile["modality"], gate: ImageGateOptions = { cameras: new Map(), wholePictures: true }): Tower {
  return new Tower({ modality, pack, device: "cpu", threads: 1, gate, telemetry: silentEncoder });
}

async function capturesOf(pack: Pack, modality: LabelledFile["modality"], path: string): Promise<readonly Capture[] | FusiondError> {
  try {
    return modality === "image" ? [await decodePicture(path)] : await decodeSound(path, pack.manifest.audio);
  } catch (error) {
    if (error instanceof FusiondError && error.code === "media_invalid") return error;
    throw error;
  }
}

/** Nothing is told of a tower while something is scored: what goes wrong ends it. */
export const silentEncoder: EncoderTelemetry = {
  provider: () => undefined,
  encoded: () => undefined,
  failed: () => undefined,
  rejected: () => undefined,
  variance: () => undefined,
  scanned: () => undefined,
  scanPutOff: () => undefined,
  serving: () => undefined,
};
