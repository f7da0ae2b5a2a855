"""One image tower from three: it learns to say of a spoiled view what they say, on average, of the picture as it is.

Starts from the tower of seed 0. Labels go on to count, so that what all three hold wrong can still be put right. The result is the mean
of the weights before and after, which keeps more of what the start knew of clean pictures (Wortsman et al. 2022, arXiv 2109.01903).
"""
import os

import numpy as np
import torch

from evaluate_image import resized
from image_model import SIDE, ImageTower
from paths import OUT
from space import unit
from train_image import SEEDS, Views, loss_of, prompts, train

SEED, STEPS, PEAK, LIKENESS = 10, int(os.environ.get("DISTIL_STEPS", 300)), 0.6, 4.0


def opinions(views):
    """float32 [rows, 256]: the mean vector of the three towers for each training picture as it is. Cached."""
    cache = OUT / "image_opinions.npy"
    if not cache.exists():
        said = []
        towers = [ImageTower() for _ in range(SEEDS)]
        for seed, tower in enumerate(towers):
            tower.load_state_dict(torch.load(OUT / f"image_tower_{seed}.pt"))
            tower.eval()
        with torch.no_grad():
            for start in range(0, len(views.train), 64):
                seen = torch.from_numpy(np.stack([resized(np.asarray(views.pictures[r.set][r.index]), SIDE) for r in views.train[start : start + 64]]))
                said.append(sum(tower(seen) for tower in towers).numpy())
        np.save(cache, unit(np.concatenate(said)).astype(np.float32))
    return np.load(cache)


def main():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    names, vectors = prompts()
    views, vectors = Views(SEED, names), vectors.to(device)
    said = torch.from_numpy(opinions(views)).to(device)

    def loss(z, index, weight, of):
        likeness = ((1 - (z * said[of]).sum(1)) * (of >= 0)).sum() / (of >= 0).sum()
        return loss_of(z, index, weight, vectors) + LIKENESS * likeness

    tower, start, end = ImageTower(), torch.load(OUT / "image_tower_0.pt", map_location="cpu"), OUT / "image_distilled.pt"
    tower.load_state_dict(start)
    train(tower.to(device).train(), views, loss, STEPS, PEAK, end, device)
    torch.save({k: (start[k] + v) / 2 for k, v in torch.load(end).items()}, OUT / "image_bodies.pt")


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
    main()
