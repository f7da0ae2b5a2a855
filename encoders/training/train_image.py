"""Trains the image tower. Resumes from its last checkpoint; what step n sees depends on the seed and n alone."""
import collections
import os
import sys

import numpy as np
import torch
from torch.nn import functional as F

import image_augment as aug
import image_sets
import space
from image_model import ImageTower
from paths import OUT

SEED, BATCH, WARM, TEMPERATURE = 1, 64, 100, 0.05
STEPS = int(os.environ.get("IMAGE_STEPS", 4000))
BODY_RATE, HEAD_RATE, AVERAGE = 5e-4, 2e-3, 0.998
GUARD = {"person": 6, "car": 4, "truck": 3, "bus": 3, "bicycle": 4, "motorcycle": 3, "dog": 3, "cat": 3, "bird": 2, "horse": 2, "train": 1.5, "boat": 1.5, "van": 1.5, "backpack": 1.5, "handbag": 1.5, "chair": 2, "bottle": 2, "cup": 2}


def prompts():
    seen = [c for c in space.concepts() if c["kind"] in ("see", "both")]
    return [c["name"] for c in seen] + ["nothing"], torch.from_numpy(np.stack([c["vector"] for c in seen] + [space.NOTHING]).astype(np.float32))


def chances(train):
    """How often each row is drawn: concepts count with the root of their size, what a guard looks for more, regions twice, nothing a quarter in all."""
    size = collections.Counter((r[0], r[2], r[4]) for r in train)
    p = np.zeros(len(train))
    for i, (set_, _, concept, _, empty) in enumerate(train):
        n = size[(set_, concept, empty)]
        p[i] = (GUARD.get(concept, 1.0) * (2.0 if set_ == "regions" else 1.0) if concept else 2.5 if not empty else 9.0) * n**0.5 / n
    return p / p.sum()


def batch_of(step, pictures, train, odds, names):
    """The windows of one step: uint8 [64, 96, 96, 3], class indices and weights."""
    rng = np.random.default_rng([SEED, step])
    views, index, weight = [], [], []
    for k in rng.choice(len(train), BATCH, p=odds):
        set_, i, concept, w, empty = train[k]
        if rng.random() < 0.05:
            views.append(aug.finish(rng, aug.texture(rng))), index.append(len(names) - 1), weight.append(1.0)
            continue
        picture = np.asarray(pictures[set_][i])
        if set_ == "tiny" and empty and concept is None:
            n = rng.integers(20, 44)
            y, x = rng.integers(0, 64 - n, 2)
            picture, w = picture[y : y + n, x : x + n], 1.0
        views.append(aug.view(rng, picture))
        index.append(names.index(concept) if concept else len(names) - 1), weight.append(w)
    return torch.from_numpy(np.stack(views)), torch.tensor(index), torch.tensor(weight)


def loss_of(z, index, weight, vectors):
    each = F.cross_entropy(z @ vectors.t() / TEMPERATURE, index, reduction="none", label_smoothing=0.02)
    each = each + 2.0 * (1 - (z * vectors[index]).sum(1))
    return (each * weight).sum() / weight.sum()


def rate(step):
    return min(1.0, (step + 1) / WARM) * (0.5 + 0.5 * np.cos(np.pi * min(1.0, step / STEPS)))


def main():
    torch.set_num_threads(int(os.environ.get("THREADS", 1)))
    torch.manual_seed(SEED)
    pictures, train, _, _ = image_sets.rows()
    odds, (names, vectors) = chances(train), prompts()
    tower = ImageTower().train()
    heads = [*tower.hidden.parameters(), *tower.out.parameters()]
    groups = [{"params": tower.body.parameters(), "lr": BODY_RATE, "base": BODY_RATE}, {"params": heads, "lr": HEAD_RATE, "base": HEAD_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    average, start, path = {k: v.clone() for k, v in tower.state_dict().items()}, 0, OUT / "image_checkpoint.pt"
    if path.exists():
        saved = torch.load(path)
        tower.load_state_dict(saved["tower"]), optimiser.load_state_dict(saved["optimiser"])
        average, start = saved["average"], saved["step"]
    running = None
    for step in range(start, STEPS):
        torch.manual_seed(SEED * 1_000_003 + step)
        views, index, weight = batch_of(step, pictures, train, odds, names)
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * rate(step)
        loss = loss_of(tower(views), index, weight, vectors)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tower.parameters(), 5.0)
        optimiser.step()
        keep = min(AVERAGE, (step + 1) / (step + 10))
        for k, v in tower.state_dict().items():
            average[k].mul_(keep).add_(v, alpha=1 - keep)
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if (step + 1) % 100 == 0 or step + 1 == STEPS:
            print(step + 1, round(running, 3), flush=True)
            torch.save({"tower": tower.state_dict(), "optimiser": optimiser.state_dict(), "average": average, "step": step + 1}, OUT / "image_checkpoint.tmp")
            os.replace(OUT / "image_checkpoint.tmp", path)
    torch.save(average, OUT / "image_tower.pt")


if __name__ == "__main__":
    sys.exit(main())
