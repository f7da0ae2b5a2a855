"""Trains the sound tower on the pool of spoiled windows: `train_audio.py cv` (5 folds x 3 seeds) or `train_audio.py final`.

The body starts as the teacher's and learns to say of a spoiled window what the teacher says of the clean one (features and AudioSet
labels), while the head learns the concepts. A fold's tower never hears its fold, labelled or not.
"""
import os
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F

import audio_windows
import space
from audio_classes import TRAINED
from audio_model import AudioTower
from averaging import blend
from paths import OUT

SEEDS, STEPS, BATCH, TEMPERATURE = 3, int(os.environ.get("AUDIO_STEPS", 1200)), int(os.environ.get("AUDIO_BATCH", 256)), 0.05
BODY_RATE, HEAD_RATE = 7e-4, 2e-3
LIKE_FEATURES, LIKE_LABELS = 2.0, 0.2  # how much it counts to say what the teacher says of the clean sound


def prompts():
    """Names and vectors [P, 256] of everything that can be heard, then nothing."""
    rows = [c for c in space.concepts() if c["kind"] in ("hear", "both")]
    vectors = np.stack([c["vector"] for c in rows] + [space.NOTHING]).astype(np.float32)
    return [c["name"] for c in rows] + ["nothing"], torch.from_numpy(vectors)


def targets(clip, names):
    """[N, P] shares: one concept, two halves of a mixture, or nothing."""
    index = torch.tensor([names.index(TRAINED[row["label"]]) for row in audio_windows.rows()] + [names.index("nothing")], device=clip.device)
    first, second = index[clip[:, 0]], index[clip[:, 1]]
    second = torch.where(clip[:, 1] < 0, first, second)
    return 0.5 * (F.one_hot(first, len(names)) + F.one_hot(second, len(names))).float()


def loss_of(z, learned, share, vectors):
    aim = F.normalize(share @ vectors, dim=1)
    logits = z @ vectors.t() / TEMPERATURE
    return -(share * F.log_softmax(logits, 1)).sum(1).mean() + 2.0 * (1 - (z * aim).sum(1)).mean() + 0.02 * learned.square().sum(1).mean()


def likeness(features, logits, clean, sure, spread, sound):
    """How far the body is from what the teacher says of the clean sound, over the windows that hold one."""
    far = F.smooth_l1_loss(features / spread, clean / spread, reduction="none").mean(1)
    other = F.binary_cross_entropy_with_logits(logits, torch.sigmoid(sure), reduction="none").sum(1)
    return (far * sound).sum() / sound.sum(), (other * sound).sum() / sound.sum()


def trained_parts(tower):
    """Head and denoiser; of the body all but the depthwise kernels, which are few, generic, and slow to train."""
    small = [*tower.head.parameters(), *tower.denoiser.parameters()]
    depthwise = [p for p in tower.body.parameters() if p.dim() == 4 and p.shape[1] == 1]
    for p in depthwise:
        p.requires_grad_(False)
    return [{"params": small, "lr": HEAD_RATE}, {"params": [p for p in tower.body.parameters() if p.requires_grad], "lr": BODY_RATE}]


def train(pool, keep, seed, device):
    """A tower trained on the windows marked by keep [N]: the running average of its weights."""
    torch.manual_seed(seed)
    names, vectors = prompts()
    vectors, share, mine = vectors.to(device), targets(pool["clip"], names), keep.nonzero()[:, 0]
    spread = pool["features"][mine].float().std(0) + 1e-3
    tower = AudioTower().to(device).train()
    optimiser = torch.optim.AdamW(trained_parts(tower), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [HEAD_RATE, BODY_RATE], total_steps=STEPS, pct_start=0.1)
    average = {k: v.clone() for k, v in tower.state_dict().items()}
    for step in range(STEPS):
        i = mine[torch.randint(len(mine), (BATCH,), device=device)]
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            features, logits = tower.body(tower.denoiser(pool["spectra"][i].float()[:, None]))
        features, logits = features.float(), logits.float()
        z = tower.head(features, logits)
        far, other = likeness(features, logits, pool["features"][i].float(), pool["logits"][i].float(), spread, (pool["clip"][i, 0] >= 0).float())
        loss = loss_of(z, tower.head.learned, share[i], vectors) + LIKE_FEATURES * far + LIKE_LABELS * other
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tower.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        blend(average, tower, step)
    tower.load_state_dict(average)
    return tower.eval(), loss.item()


def of_folds(clip, folds):
    """[N]: every clip in the window is of these folds (nothing counts as of all)."""
    fold = torch.tensor([int(row["fold"]) for row in audio_windows.rows()] + [-1], device=clip.device)
    good = torch.zeros(6, dtype=torch.bool, device=clip.device)
    good[list(folds) + [-1]] = True
    return good[fold[clip[:, 0]]] & good[fold[clip[:, 1]]]


def main(what):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    base, start = AudioTower().to(device).eval(), time.monotonic()
    pool = audio_windows.pool(base, device)
    print("pool", len(pool["clip"]), "windows", round(time.monotonic() - start), "s", flush=True)
    runs = {"final": [(None, 0)], "cv": [(fold, seed) for seed in range(SEEDS) for fold in range(5)]}[what]
    for fold, seed in runs:
        path = OUT / ("audio_tower.pt" if fold is None else f"audio_tower_{fold}_{seed}.pt")
        if not path.exists():
            tower, loss = train(pool, of_folds(pool["clip"], [f for f in range(5) if f != fold]), seed, device)
            torch.save({k: v.cpu() for k, v in tower.state_dict().items()}, path)
            print(path.name, round(loss, 3), round(time.monotonic() - start), "s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
