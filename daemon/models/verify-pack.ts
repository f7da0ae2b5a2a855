// Whether a pack can be used on this machine, and what it is.
import { leastRecall } from "../../encoders/cross-modal.js";
import type { Pack } from "../../encoders/pack.js";
import { MODALITIES } from "../../fusion/model/modality.js";
import { towerOf } from "./score-files.js";

/**
 * Proves both towers of a loaded pack (shapes, golden vectors) on the processor and says what the pack is, in lines.
 * Errors: FusiondError "model_invalid" or "dependency_missing", one sentence.
 */
export async function verifyPack(pack: Pack, signal: AbortSignal): Promise<string[]> {
  const { id, version, space, dimensions, prior, image, audio, maps, crossModal } = pack.manifest;
  for (const modality of ["image", "audio"] as const) {
    const tower = towerOf(pack, modality);
    try {
      await tower.start(signal);
    } finally {
      await tower.stop();
    }
  }
  const size = (graphs: readonly { readonly bytes: number }[]): string => `${(graphs.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1)} MB`;
  return [
    `pack ${id} ${version} in ${pack.folder}`,
    `space ${space}, ${dimensions} dimensions, prior ${prior}`,
    `image tower: regions of ${image.input.shape[1]} x ${image.input.shape[2]} pixels, ${size(image.graphs)}; golden vector reproduced`,
    `audio tower: windows of ${audio.windowMs} ms at ${audio.sampleRateHz} Hz, one every ${audio.hopMs} ms, ${size(audio.graphs)}; golden vector reproduced`,
    `text: ${pack.vocabulary.phrases.length} phrases`,
    ...MODALITIES.map((modality) => `map of the ${modality} tower: ${maps[modality]}`),
    `sound to picture, as the pack states it: R@10 ${crossModal.soundToPictureRAt10.toFixed(3)}, at least ${leastRecall(crossModal).toFixed(3)} (95 %), chance ${crossModal.chance.toFixed(3)}; ` +
      `${crossModal.queries} sounds of ${crossModal.concepts} concepts, ${crossModal.pictures} pictures`,
  ];
}
