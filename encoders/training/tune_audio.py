"""Tunes the whole sound tower, body and head, on spoiled windows drawn as it goes: `tune_audio.py FOLD` without that fold, or `final`.

Starts from the head of train_audio.py; the body learns more slowly than the head.
Resumes from its last checkpoint.
"""
import os
import sys

import numpy as np
import torch

import train_audio
from audio_data import labels
from audio_features import balanced, draw, sounds16
from audio_model import AudioTower
from audio_voices import voices
from paths import OUT

STEPS, BATCH, BODY_RATE, HEAD_RATE, SEED, AVERAGE = int(os.environ.get("TUNE_STEPS", 300)), 48, 2e-4, 5e-4, 7, 0.985


def main(what):
    torch.set_num_threads(int(os.environ.get("THREADS", 1)))
    said, spoken = voices()
    rows, sounds = labels() + spoken, np.concatenate([sounds16(), said.astype(np.float32) / 32768])
    allowed = np.array([what == "final" or row["fold"] != what for row in rows])
    order = np.array([i for i in balanced(rows) if allowed[i]])
    names, vectors = train_audio.prompts()
    tower = AudioTower()
    tower.head.load_state_dict(torch.load(OUT / ("audio_head.pt" if what == "final" else f"audio_head_{what}_0.pt")))
    tower.train()
    tower.head.norm.eval()
    groups = [{"params": tower.body.parameters(), "base": BODY_RATE}, {"params": tower.head.parameters(), "base": HEAD_RATE}]
    optimiser = torch.optim.AdamW(groups, lr=BODY_RATE, weight_decay=0.02)
    average, start, path = {k: v.clone() for k, v in tower.state_dict().items()}, 0, OUT / f"tune_{what}.ckpt"
    if path.exists():
        saved = torch.load(path)
        tower.load_state_dict(saved["tower"]), optimiser.load_state_dict(saved["optimiser"])
        average, start = saved["average"], saved["step"]
    running = None
    for step in range(start, STEPS):
        rng = np.random.default_rng([SEED, step])
        torch.manual_seed(SEED * 1_000_003 + step)
        drawn = [draw(rng, sounds, order) for _ in range(BATCH)]
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * min(1.0, (step + 1) / 30) * (0.5 + 0.5 * np.cos(np.pi * step / STEPS))
        z = tower(torch.from_numpy(np.stack([d[0] for d in drawn])))
        share = train_audio.targets(torch.tensor([d[1] for d in drawn]), names, rows)
        loss = train_audio.loss_of(z, tower.head.learned, share, vectors)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tower.parameters(), 5.0)
        optimiser.step()
        keep = min(AVERAGE, (step + 1) / (step + 10))
        for k, v in tower.state_dict().items():
            if v.is_floating_point():
                average[k].mul_(keep).add_(v, alpha=1 - keep)
        running = loss.item() if running is None else 0.97 * running + 0.03 * loss.item()
        if (step + 1) % 50 == 0 or step + 1 == STEPS:
            print(step + 1, round(running, 3), flush=True)
            torch.save({"tower": tower.state_dict(), "optimiser": optimiser.state_dict(), "average": average, "step": step + 1}, path)
    torch.save(average, OUT / f"audio_tower_{what}.pt")


if __name__ == "__main__":
    main(sys.argv[1])
