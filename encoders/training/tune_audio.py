"""Goes on with the body of the sound tower that ships, on real backgrounds, on one core: its second half has to say of a sound before a
background what the whole says of the sound alone, and ordinary sound alone has to stay what it was. No label counts: those of so few
recordings are learned by heart. Writes the tower with its old heads; audio_pool.py and train_heads.py give it new ones.
"""
import os
import time

import numpy as np
import torch
from torch.nn import functional as F

import audio_backgrounds
import audio_pool
from audio_backgrounds import MET
from audio_body import SHIPPED, TUNED, Body
from audio_halves import WIDTH, first_half, second_half, write_halves
from audio_head import columns
from audio_sounds import sounds
from averaging import blend
from train_heads import RECIPE, Material, Reduced

STEPS, BATCH, STILL, RATE = int(os.environ.get("TUNE_STEPS", 400)), 96, 32, 1e-3  # STILL: windows of ordinary sound beside a batch
LIKE_LABELS, STAY = 0.05, 0.5  # how much the teacher's labels count, and that ordinary sound stays what it was
SPOILED = int(os.environ.get("AUDIO_CHUNKS", 50))  # chunks of audio_pool.py that the axes are taken from


class Likeness:
    """How far answers are from those that were given: along the axes that heads look at, each at unit spread, and in the teacher's labels."""

    def __init__(self, axes, body, said):
        self.axes, self.weight, self.bias = axes, torch.from_numpy(body.weight.copy()), torch.from_numpy(body.bias.copy())
        with torch.no_grad():
            self.given, self.sure = self._seen(torch.from_numpy(said).float())
            self.sure = torch.sigmoid(self.sure)

    def _seen(self, said):
        hidden = columns(("hidden",))
        return F.linear(said, self.axes.weight, self.axes.bias), F.linear(said[:, hidden], self.weight, self.bias)

    def __call__(self, said, which):
        axes, labels = self._seen(said)
        return F.smooth_l1_loss(axes, self.given[which]) + LIKE_LABELS * F.binary_cross_entropy_with_logits(labels, self.sure[which], reduction="none").sum(1).mean()


def ordinary(clean, first):
    """Ordinary windows as they are, of the folds that are met: maps, what the body says, chance: a scene counts with the power 0.6 of its recordings."""
    rows, maps, places, at = sounds(), [], [], 0
    for batch, about in audio_pool.clean_windows():
        s = rows[int(about["sound"][0])]
        if s.kind == "ordinary" and s.fold in MET:
            maps.append(first.batches(batch).astype(np.float16)), places.append(np.arange(at, at + len(batch)))
        at += len(batch)
    places = np.concatenate(places)
    sound, recordings, scenes = clean["sound"][places], {}, {}
    for n, i in enumerate(sound):
        recordings.setdefault((rows[i].label, rows[i].recording), []).append(n)
    for scene, _ in recordings:
        scenes[scene] = scenes.get(scene, 0) + 1
    chance = np.zeros(len(sound))
    for (scene, _), windows in recordings.items():
        chance[windows] = scenes[scene] ** -0.4 / len(windows)
    return np.concatenate(maps), clean["said"][places, :WIDTH], chance / chance.sum()


def train(module, spoiled, still):
    """The running average of the second half's weights. spoiled: maps, which, likeness; still: maps, chance, likeness."""
    (maps, which, like), (calm, chance, same) = spoiled, still
    weights = [p for p in module.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=RATE, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS, pct_start=0.1)
    average, rng, order, start = {k: v.clone() for k, v in module.state_dict().items()}, np.random.default_rng(5), np.zeros(0, int), time.monotonic()
    for step in range(STEPS):
        if len(order) < BATCH:
            order = np.concatenate([order, rng.permutation(len(maps))])
        i, order = order[:BATCH], order[BATCH:]
        j = np.searchsorted(np.cumsum(chance), rng.uniform(size=STILL)).clip(0, len(chance) - 1)
        x = torch.from_numpy(np.concatenate([maps[i], calm[j]])).float().to(memory_format=torch.channels_last)
        said = torch.cat(module(x), 1)
        loss = like(said[:BATCH], which[i]) + STAY * same(said[BATCH:], j)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 5.0)
        optimiser.step()
        schedule.step()
        blend(average, module, step)
        if step % 50 == 49:
            print(f"step {step + 1}: {loss.item():.3f}, {round(time.monotonic() - start)} s", flush=True)
    return average


def main():
    torch.set_num_threads(1)
    body, clean = Body(SHIPPED), audio_pool.pool("clean")
    axes = Reduced(Material(clean, audio_pool.spoiled(SPOILED), MET, RECIPE), body, RECIPE).axes
    maps, which, said = audio_backgrounds.pool()
    calm, same, chance = ordinary(clean, first_half())
    module = second_half().train()
    average = train(module, (maps, which, Likeness(axes, body, said)), (calm, chance, Likeness(axes, body, same)))
    write_halves(module, average, TUNED)
    print(TUNED.name, flush=True)


if __name__ == "__main__":
    main()
