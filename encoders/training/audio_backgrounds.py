"""The windows that the second half of the body is tuned on: sounds before real backgrounds, and ordinary sound alone, of three folds, so
that the body has heard nothing of the other two. Drawn and run through the first half once, chunk by chunk.
"""
import os
import time

import numpy as np
import torch

import audio_augment as aug
from audio_body import BATCH, SHIPPED, Body
from audio_classes import QUIET
from audio_halves import WIDTH, first_half
from audio_pool import SAMPLES, Source, cut, material, normal
from audio_sounds import sounds
from paths import OUT

MET = (2, 3, 4)  # folds that the body hears
CHUNKS, CHUNK, TIMES, SEED = int(os.environ.get("TUNE_CHUNKS", 20)), 250, 4, 21  # sounds in a chunk; backgrounds that each is put before


class Backgrounds:
    """Two seconds of ordinary sound at unit level: quiet rooms, or any scene."""

    def __init__(self, rows, pcm, bounds, sources):
        self.quiet = [i for i, s in enumerate(rows) if s.kind == "ordinary" and s.label in QUIET and s.fold in MET and bounds[i + 1] - bounds[i] > SAMPLES]
        self.of, self.sources = lambda i: pcm[bounds[i] : bounds[i + 1]], sources

    def draw(self, rng, quiet):
        """The window, and its row of sounds()."""
        i = int(rng.choice(self.quiet)) if quiet else self.sources[rng.integers(len(MET))].pick(rng, False)
        x = self.of(i)
        x = x if len(x) >= SAMPLES else np.resize(x, SAMPLES)
        start = int(rng.integers(len(x) - SAMPLES + 1))
        x = x[start : start + SAMPLES].astype(np.float32) / 32768
        return x / np.sqrt(np.square(x).mean() + 1e-9), i


def sounds_of(rng, dice, backgrounds, sources):
    """Windows [CHUNK, SAMPLES] of one sound, of two, of an excerpt, or of ordinary sound alone [CHUNK]."""
    x, pair, alone = np.zeros((CHUNK, SAMPLES), np.float32), np.zeros(CHUNK, bool), rng.uniform(size=CHUNK) < 0.18
    for n in range(CHUNK):
        if alone[n]:
            x[n] = 0.1 * backgrounds.draw(rng, rng.uniform() < 0.3)[0]
            continue
        source = sources[rng.integers(len(MET))]
        one = lambda: normal(cut(rng, backgrounds.of(source.pick(rng, True)), 0.2))
        x[n], pair[n] = one(), rng.uniform() < 0.08
        if pair[n]:
            x[n] += one() * 10 ** (rng.uniform(-5, 5) / 20)
    part = dice.chance(0.18, CHUNK) & torch.from_numpy(~alone & ~pair)
    return aug.where(part, lambda r: aug.excerpt(dice, r), torch.from_numpy(x)), torch.from_numpy(alone)


def mixed(rng, dice, heard, backgrounds, talk):
    """Each sound before a background: six in ten a quiet room at -3 to 18 dB of the loudest half second, else any scene at 5 to 24."""
    y = np.zeros_like(heard)
    made, quiet = rng.uniform(size=len(heard)) < 0.1, rng.uniform(size=len(heard)) < 0.6
    murmur = aug.background(dice, len(heard), talk).numpy()
    for n in range(len(heard)):
        db = rng.uniform(-3, 18) if quiet[n] or made[n] else rng.uniform(5, 24)
        y[n] = heard[n] + (murmur[n] if made[n] else backgrounds.draw(rng, quiet[n])[0]) * 10 ** (-db / 20)
    t = torch.from_numpy(y)
    return aug.level(dice, aug.where(dice.chance(0.15, len(t)), lambda r: aug.band(dice, r), t))


def chunk(k, backgrounds, sources, bank, talk):
    """Windows [M, SAMPLES], which sound each is of [M], and the sounds before they were spoiled [CHUNK, SAMPLES]."""
    rng, dice = np.random.default_rng([SEED, k]), aug.Dice(SEED * 1_000_003 + k)
    x, alone = sounds_of(rng, dice, backgrounds, sources)
    clean = torch.where(alone[:, None], aug.level(dice, x), 0.5 * x / x.abs().amax(1, keepdim=True).clamp(min=1e-6))
    roomy = aug.where(dice.chance(0.35, CHUNK) & ~alone, lambda r: bank(dice, r), x).numpy()
    heard, alone = np.stack([normal(r) for r in roomy]), alone.numpy()
    some, named = np.flatnonzero(~alone & (rng.uniform(size=CHUNK) < 0.5)), np.flatnonzero(~alone)
    windows = [clean[np.flatnonzero(alone)], aug.level(dice, torch.from_numpy(heard[some]))]
    windows += [mixed(rng, dice, heard[named], backgrounds, talk) for _ in range(TIMES)]
    return torch.cat(windows).numpy(), np.concatenate([np.flatnonzero(alone), some, *[named] * TIMES]), clean.numpy()


def pool():
    """maps float16 [M, ...] of the first half, of which sound [M], and what the body says of each sound as it is, float16 [N, WIDTH]. Cached."""
    folder = OUT / "audio_backgrounds"
    folder.mkdir(exist_ok=True)
    missing = [k for k in range(CHUNKS) if not (folder / f"{k:03d}.npz").exists()]
    if missing:
        (pcm, bounds, _, bank, talk), rows = material(), sounds()
        sources = [Source(f, rows, bounds) for f in MET]
        backgrounds, first, whole = Backgrounds(rows, pcm, bounds, sources), first_half(), Body(SHIPPED).session()
        for k in missing:
            start = time.monotonic()
            windows, of, clean = chunk(k, backgrounds, sources, bank, talk)
            said = whole.batches(clean, BATCH)[:, :WIDTH].astype(np.float16)
            np.savez(folder / f"{k:03d}.npz", maps=first.batches(windows).astype(np.float16), of=of, said=said)
            print(f"chunk {k}: {len(of)} windows, {round(time.monotonic() - start, 1)} s", flush=True)
    parts = [np.load(folder / f"{k:03d}.npz") for k in range(CHUNKS)]
    return np.concatenate([p["maps"] for p in parts]), np.concatenate([p["of"] + k * CHUNK for k, p in enumerate(parts)]), np.concatenate([p["said"] for p in parts])
