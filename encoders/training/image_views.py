"""Every view that a head is taught or judged by, and what the bodies say of it. `image_views.py`, after image_more.py; goes on where it was cut off.

A view is a picture as it is, or one draw of image_augment.view. Out: features_<set>_<view>.npy float16 [N, FEATURES], rows as in more.json,
or as in image_sets.py where the set is large, small or tiny (those of image_data.py and Tiny ImageNet).
"""
import json

import numpy as np
import torch
from PIL import Image

import image_augment as aug
import image_sets
from image_model import SIDE, ImageTower
from paths import HERE, OUT
from session import Session

TEXTURES, CHUNK = 2000, 2048
# set, number of the view, how it is drawn (None: as it is; else whether image_augment crops hard), and the seed's last figure.
VIEWS = [
    ("gate_96", 0, None, 0), ("gate", 1, True, 7), ("gate", 2, True, 7), ("gate_x15", 0, None, 0), ("gate_x20", 0, None, 0),
    ("scan_96", 0, None, 0), ("scan_x15", 0, None, 0), ("scan", 1, True, 23),
    ("large", 0, None, 0), ("large", 1, True, 9), ("large", 2, True, 9), ("small", 1, True, 15), ("tiny", 1, True, 13),
    ("regions2", 0, None, 0), *(("regions2", k, True, None) for k in (1, 2, 3, 4)),
    ("squares", 0, None, 0), ("squares", 1, True, 11), ("context", 0, None, 0), ("context", 1, False, 19), ("parts", 1, False, 21), ("turned", 1, False, 29),
]


def indices():
    """Set -> rows of regions.npy or of Tiny ImageNet: what people and the detector found in pictures and footage; in the small pictures; those."""
    about = json.loads((OUT / "regions.json").read_text())
    return {
        "large": [i for i, row in enumerate(about) if row["set"] != "tiny"], "small": [i for i, row in enumerate(about) if row["set"] == "tiny"],
        "tiny": [i for i, (_, _, file) in enumerate(image_sets.tiny()[1]) if not image_sets.held_out(file)],
    }


def pictures(name, mine=None):
    if name == "tiny":
        return image_sets.tiny()[0][mine]
    if name in ("large", "small"):
        regions = np.load(OUT / "regions.npy", mmap_mode="r")
        return regions[mine]
    return np.load(OUT / f"more_{name}.npy", mmap_mode="r")


def resized(picture):
    return picture if len(picture) == SIDE else np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.BILINEAR))


def drawn(picture, i, view, hard, last):
    return resized(picture) if hard is None else aug.view(np.random.default_rng([view, i] if last is None else [view, i, last]), picture, hard)


def texture(i):
    return aug.finish(np.random.default_rng([1, i, 16]), aug.texture(np.random.default_rng([1, i, 17])))


def tuned():
    """A tower with tuned bodies: those of OUT/image_bodies.pt (train_image.py, distil_image.py) or, where there is none, of the pack that ships."""
    own, tower = OUT / "image_bodies.pt", ImageTower()
    if not own.exists():
        return tower.take(HERE.parent / "packs" / "embedded" / "image.onnx")
    tower.load_state_dict(torch.load(own))
    return tower


def bodies():
    """The bodies as a graph of their own."""
    path = OUT / "bodies.onnx"
    if not path.exists():
        tower = tuned()
        tower.forward = tower.features
        torch.onnx.export(tower.eval(), torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8), str(path), opset_version=17, input_names=["rgb"], output_names=["features"], dynamic_axes={"rgb": {0: "batch"}, "features": {0: "batch"}})
    return Session(path)


def cached(session, name, count, view):
    """features_<name>.npy, made in pieces so that an interruption costs little."""
    whole = OUT / f"features_{name}.npy"
    if not whole.exists():
        pieces = [OUT / f"features_{name}.{start:06d}.part.npy" for start in range(0, count, CHUNK)]
        for start, piece in zip(range(0, count, CHUNK), pieces):
            if not piece.exists():
                np.save(OUT / "piece.npy", session.batches(np.stack([view(i) for i in range(start, min(count, start + CHUNK))])).astype(np.float16))
                (OUT / "piece.npy").rename(piece)
        np.save(OUT / "piece.npy", np.concatenate([np.load(piece) for piece in pieces]))
        (OUT / "piece.npy").rename(whole)
        for piece in pieces:
            piece.unlink()
        print(name, count, flush=True)


def features(name, view):
    return np.load(OUT / f"features_{name}_{view}.npy", mmap_mode="r")


def main():
    session, mine = bodies(), indices()
    for name, view, hard, last in VIEWS:
        seen = pictures(name, mine.get(name))
        cached(session, f"{name}_{view}", len(seen), lambda i: drawn(np.asarray(seen[i]), i, view, hard, last))
    cached(session, "texture_1", TEXTURES, texture)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
