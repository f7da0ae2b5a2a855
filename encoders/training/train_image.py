"""Trains image towers: `train_image.py` (three seeds), `train_image.py SEED`. What step n sees depends on the seed and n alone.

Resumes from its last checkpoint. Views are made by processes of their own, as many as there are cores.
"""
import collections
import os
import sys

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

import image_augment as aug
import image_sets
import space
from averaging import blend
from image_model import TEMPERATURE, ImageTower
from paths import OUT

SEEDS, BATCH, WARM = 3, int(os.environ.get("IMAGE_BATCH", 256)), 100
STEPS = int(os.environ.get("IMAGE_STEPS", 1500))
BODY_RATE, HEAD_RATE = 5e-4, 2e-3
GUARD = {
    "person": 6, "car": 4, "truck": 3, "bus": 3, "bicycle": 4, "motorcycle": 3, "dog": 3, "cat": 3, "bird": 2, "horse": 2, "train": 1.5, "boat": 1.5, "van": 1.5,
    "backpack": 1.5, "handbag": 2, "chair": 2.5, "bottle": 2, "cup": 2, "bowl": 2, "book": 2, "table": 2, "traffic light": 1.5, "umbrella": 1.5, "bench": 1.5, "sheep": 1.5,
}


def prompts():
    seen = [c for c in space.concepts() if c["kind"] in ("see", "both")]
    return [c["name"] for c in seen] + ["nothing"], torch.from_numpy(np.stack([c["vector"] for c in seen] + [space.NOTHING]).astype(np.float32))


# How often a row of a concept is drawn: what people marked in scenes is what cameras give, and there is little of it.
SHARE = {("regions", "box"): 3.0, ("regions", "teacher"): 2.0, ("regions", "whole"): 2.0, ("tiny", "whole"): 1.0}


def chances(train):
    """How often each row is drawn: concepts count with the root of their size, what a guard looks for more, nothing a quarter in all."""
    size = collections.Counter((r.set, r.kind, r.concept, r.empty) for r in train)
    p = np.zeros(len(train))
    for i, r in enumerate(train):
        n = size[(r.set, r.kind, r.concept, r.empty)]
        p[i] = (GUARD.get(r.concept, 1.0) * SHARE[(r.set, r.kind)] if r.concept else 9.0 if r.empty else 2.5) * n**0.5 / n
    return p / p.sum()


class Views(Dataset):
    """Batches by step."""

    def __init__(self, seed, names):
        self.seed, self.names = seed, names
        self.pictures, self.train, _, _ = image_sets.rows()
        self.odds = chances(self.train)

    def __getitem__(self, step):
        """uint8 [256, 96, 96, 3], class indices, weights, and which training row each view is of (-1: only a part that shows nothing, or none)."""
        rng = np.random.default_rng([self.seed, step])
        views, index, weight, of = [], [], [], []
        for k in rng.choice(len(self.train), BATCH, p=self.odds):
            view, concept, w, whole = self.one(rng, self.train[k])
            views.append(view), weight.append(w), of.append(int(k) if whole else -1)
            index.append(self.names.index(concept) if concept else len(self.names) - 1)
        return torch.from_numpy(np.stack(views)), torch.tensor(index), torch.tensor(weight), torch.tensor(of)

    def one(self, rng, row):
        if rng.random() < 0.05:
            return aug.finish(rng, aug.texture(rng)), None, 1.0, False
        picture = np.asarray(self.pictures[row.set][row.index])
        if row.set == "tiny" and row.empty and row.concept is None:
            n = rng.integers(20, 44)
            y, x = rng.integers(0, 64 - n, 2)
            return aug.view(rng, picture[y : y + n, x : x + n]), None, 1.0, False
        return aug.view(rng, picture), row.concept, row.weight, True


def loss_of(z, index, weight, vectors):
    each = F.cross_entropy(z @ vectors.t() / TEMPERATURE, index, reduction="none", label_smoothing=0.02)
    each = each + 2.0 * (1 - (z * vectors[index]).sum(1))
    return (each * weight).sum() / weight.sum()


def rate(step, steps):
    """Share of the full learning rate: a short rise, then half a cosine."""
    return min(1.0, (step + 1) / WARM) * (0.5 + 0.5 * np.cos(np.pi * min(1.0, step / steps)))


def train(tower, views, loss, steps, peak, path, device):
    """Trains a tower and leaves the average of its weights in path; loss(z, step's other tensors). Goes on from its last checkpoint."""
    heads = [*tower.hidden.parameters(), *tower.out.parameters()]
    bodies = [*tower.picture.parameters(), *tower.scene.parameters()]
    groups = [{"params": bodies, "base": BODY_RATE * peak}, {"params": heads, "base": HEAD_RATE * peak}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    average, start, checkpoint = {k: v.clone() for k, v in tower.state_dict().items()}, 0, path.with_suffix(".checkpoint")
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device)
        tower.load_state_dict(saved["tower"]), optimiser.load_state_dict(saved["optimiser"])
        average, start = saved["average"], saved["step"]
    makers = DataLoader(views, batch_size=None, sampler=range(start, steps), num_workers=os.cpu_count(), multiprocessing_context="fork", prefetch_factor=4)
    for step, (seen, *about) in enumerate(makers, start):
        torch.manual_seed(views.seed * 1_000_003 + step)
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * rate(step, steps)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            z = tower(seen.to(device))
        cost = loss(z.float(), *(a.to(device) for a in about))
        optimiser.zero_grad()
        cost.backward()
        torch.nn.utils.clip_grad_norm_(tower.parameters(), 5.0)
        optimiser.step()
        blend(average, tower, step)
        if (step + 1) % 50 == 0:
            print(path.name, step + 1, round(cost.item(), 3), flush=True)
            torch.save({"tower": tower.state_dict(), "optimiser": optimiser.state_dict(), "average": average, "step": step + 1}, checkpoint.with_suffix(".tmp"))
            os.replace(checkpoint.with_suffix(".tmp"), checkpoint)
    torch.save({k: v.cpu() for k, v in average.items()}, path)


def main(*seeds):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    names, vectors = prompts()
    vectors = vectors.to(device)
    for seed in map(int, seeds or range(SEEDS)):
        torch.manual_seed(seed)
        tower = ImageTower().to(device).train()
        train(tower, Views(seed, names), lambda z, index, weight, _: loss_of(z, index, weight, vectors), STEPS, 1.0, OUT / f"image_tower_{seed}.pt", device)


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
    main(*sys.argv[1:])
