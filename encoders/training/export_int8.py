"""Writes the int8 pack: out/pack with both graphs quantised and all that depends on them made anew, into out/pack-int8; then proves it.

The space and the vocabulary are the same. So is calibration: it is fitted on the towers of the folds, which exist in float only.
"""
import json
import shutil
import sys

import numpy as np
import torch

import audio_pool
import evaluate_cross
import evaluate_image
import export
import image_augment
import image_sets
from audio_sounds import FOLDS
from paths import OUT
from quantise import quantise

PACK = OUT / "pack-int8"
INPUTS, SEED = 256, 23
LEAST = 0.98  # mean cosine with the float tower; below, more of the graph has to stay float (quantise.FLOATS)
TOLERANCE = 0.001  # a last bit of the float front end that falls otherwise on another CPU may round a map's value to the next step


def pictures():
    """Views as in training, a quarter of them of nothing."""
    rng, (pictures, train, _, _) = np.random.default_rng(SEED), image_sets.rows()
    some, idle = [r for r in train if r.concept], [r for r in train if r.empty]
    rows = [group[i] for group, share in ((some, INPUTS * 3 // 4), (idle, INPUTS // 4)) for i in rng.choice(len(group), share)]
    return rng.permutation(np.stack([image_augment.view(rng, np.asarray(pictures[r.set][r.index])) for r in rows]))


def sounds():
    """Windows as in training, of all folds."""
    parts = [audio_pool.spoiled_windows(k)[0] for k in range(FOLDS)]
    return np.random.default_rng(SEED).permutation(np.concatenate([p[: INPUTS // FOLDS + 1] for p in parts]))[:INPUTS]


def hashed_again(value):
    """A manifest with the files of this pack in the place of the other's."""
    if isinstance(value, list):
        return [hashed_again(v) for v in value]
    if not isinstance(value, dict):
        return value
    return export.file_of(value["file"], PACK) if "sha256" in value else {k: hashed_again(v) for k, v in value.items()}


def main():
    torch.set_num_threads(1)
    PACK.mkdir(exist_ok=True)
    for name, inputs in (("image.onnx", pictures()), ("audio.onnx", sounds())):
        cosine = quantise(export.PACK / name, PACK / name, inputs)
        print(f"cosine with float: mean {cosine.mean():.4f}, least {cosine.min():.4f}")
        if cosine.mean() < LEAST:
            raise SystemExit(f"{name}: int8 is too far from float")
    shutil.copyfile(export.PACK / "text.json", PACK / "text.json")
    shutil.copyfile(export.PACK / "calibration.json", PACK / "calibration.json")
    export.write("golden.json", export.golden(PACK, TOLERANCE), PACK)
    manifest = json.loads((export.PACK / "manifest.json").read_text()) | {"id": "embedded-int8"}
    if "cross_modal" in manifest:
        manifest["cross_modal"] = evaluate_cross.main(evaluate_image.pack_tower(PACK))
    export.write("manifest.json", json.dumps(hashed_again(manifest), indent=2) + "\n", PACK)
    print("proof", export.prove(PACK))


if __name__ == "__main__":
    sys.exit(main())
