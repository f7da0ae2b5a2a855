"""Tunes the body of the sound tower on a pool of spoiled windows, and writes the tower as a graph: train_heads.py gives it better heads.

The body starts as the teacher's and learns to say of a spoiled window what the teacher says of the clean one (features and AudioSet
labels), while a head learns the concepts.
"""
import os
import time

import numpy as np
import torch
from torch.nn import functional as F

import audio_windows
import space
from audio_augment import SAMPLES
from audio_body import TUNED
from audio_classes import TRAINED
from audio_model import AudioTower
from averaging import blend
from write_graph import write_graph

STEPS, BATCH, TEMPERATURE = int(os.environ.get("AUDIO_STEPS", 1200)), int(os.environ.get("AUDIO_BATCH", 256)), 0.05
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


def train(pool, seed, device):
    """A tower trained on the windows of the pool: the running average of its weights."""
    torch.manual_seed(seed)
    names, vectors = prompts()
    vectors, share = vectors.to(device), targets(pool["clip"], names)
    spread = pool["features"].float().std(0) + 1e-3
    tower = AudioTower().to(device).train()
    optimiser = torch.optim.AdamW(trained_parts(tower), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [HEAD_RATE, BODY_RATE], total_steps=STEPS, pct_start=0.1)
    average = {k: v.clone() for k, v in tower.state_dict().items()}
    for step in range(STEPS):
        i = torch.randint(len(share), (BATCH,), device=device)
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


def main():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    base, start = AudioTower().to(device).eval(), time.monotonic()
    pool = audio_windows.pool(base, device)
    print("pool", len(pool["clip"]), "windows", round(time.monotonic() - start), "s", flush=True)
    tower, loss = train(pool, 0, device)
    write_graph(tower.cpu(), torch.zeros(2, SAMPLES), TUNED, "pcm")
    print(TUNED.name, round(loss, 3), round(time.monotonic() - start), "s", flush=True)


if __name__ == "__main__":
    main()
