// What a tower's session needs of a pack.
import type { TowerSpec } from "./host-protocol.js";
import type { Pack } from "./pack.js";

/** One tower of a pack, as it is loaded and proved. */
export function towerSpec({ manifest, golden, folder }: Pack, modality: "image" | "audio"): TowerSpec {
  const { graphs, input, output } = manifest[modality];
  return {
    ...{ modality, folder, graphs, input, output },
    golden: golden[modality],
    toleranceCosine: golden.toleranceCosine,
    sampleRateHz: modality === "audio" ? manifest.audio.sampleRateHz : 0,
  };
}
