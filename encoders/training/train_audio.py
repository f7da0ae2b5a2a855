"""Trains the sound tower's head on cached features: `train_audio.py cv` (5 folds x 3 seeds) or `train_audio.py final`."""
import sys

import numpy as np
import torch
from torch.nn import functional as F

import space
from audio_classes import TRAINED
from audio_data import labels
from audio_model import Head, label_table
from audio_voices import voices
from paths import OUT

STEPS, BATCH, RATE, TEMPERATURE, SEEDS = 1200, 256, 2e-3, 0.05, 3


def prompts():
    """Names and vectors [P, 256] of everything that can be heard, then nothing."""
    rows = [c for c in space.concepts() if c["kind"] in ("hear", "both")]
    vectors = np.stack([c["vector"] for c in rows] + [space.NOTHING]).astype(np.float32)
    return [c["name"] for c in rows] + ["nothing"], torch.from_numpy(vectors)


def load(folder):
    parts = [np.load(p) for p in sorted((OUT / folder).glob("*.npz"))]
    return {k: torch.from_numpy(np.concatenate([p[k] for p in parts])) for k in ("x", "logits", "clip")}


def rows():
    return labels() + voices()[1]


def targets(clip, names):
    """[N, P] shares: one concept, two halves of a mixture, or nothing."""
    index = torch.tensor([names.index(TRAINED[row["label"]]) for row in rows()] + [names.index("nothing")])
    first, second = index[clip[:, 0]], index[clip[:, 1]]
    second = torch.where(clip[:, 1] < 0, first, second)
    return 0.5 * (F.one_hot(first, len(names)) + F.one_hot(second, len(names))).float()


def loss_of(z, learned, share, vectors):
    aim = F.normalize(share @ vectors, dim=1)
    logits = z @ vectors.t() / TEMPERATURE
    return -(share * F.log_softmax(logits, 1)).sum(1).mean() + 2.0 * (1 - (z * aim).sum(1)).mean() + 0.02 * learned.square().sum(1).mean()


def train(data, seed, table, keep):
    """A head trained on the windows marked by keep [N]."""
    torch.manual_seed(seed)
    names, vectors = prompts()
    x, logits, share = data["x"][keep], data["logits"][keep], targets(data["clip"][keep], names)
    head, spread = Head(table), 0.05 * x.std(0)
    head.train()
    optimiser = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS, pct_start=0.1)
    for _ in range(STEPS):
        i = torch.randint(len(x), (BATCH,))
        noisy = x[i] + spread * torch.randn(BATCH, x.shape[1])
        z = head(noisy, logits[i])
        loss = loss_of(z, head.learned, share[i], vectors)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return head.eval()


def of_folds(clip, folds):
    """[N]: every clip in the window is of these folds (nothing counts as of all)."""
    fold = torch.tensor([int(row["fold"]) for row in rows()] + [-1])
    good = torch.zeros(6, dtype=torch.bool)
    good[list(folds) + [-1]] = True
    return good[fold[clip[:, 0]]] & good[fold[clip[:, 1]]]


def main(what):
    torch.set_num_threads(1)
    data, table = load("features"), label_table()
    if what == "final":
        head = train(data, 0, table, torch.ones(len(data["x"]), dtype=torch.bool))
        torch.save(head.state_dict(), OUT / "audio_head.pt")
        return
    for seed in range(SEEDS):
        for fold in range(5):
            path = OUT / f"audio_head_{fold}_{seed}.pt"
            if not path.exists():
                keep = of_folds(data["clip"], [f for f in range(5) if f != fold])
                torch.save(train(data, seed, table, keep).state_dict(), path)
                print(fold, seed, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
