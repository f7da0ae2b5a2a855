"""The windows that the body of the sound tower is tuned on: a pool of spoiled ones, drawn once; what the front end makes of each, which
clips are in it, and what the teacher says of the same sound before it was spoiled.
"""
import os

import numpy as np
import torch

import audio_augment as aug
from audio_data import clips, labels
from audio_voices import voices
from paths import OUT

WINDOWS, CHUNK, SEED = int(os.environ.get("AUDIO_WINDOWS", 200_000)), 1000, 1


def rows():
    return labels() + voices()[1]


def balanced(about):
    """Chance of each clip: a class counts with the power 0.3 of its recordings, a recording once."""
    recordings = {}
    for row in about:
        recordings.setdefault(row["label"], {}).setdefault(row["source_id"], []).append(row)
    share = [len(recordings[r["label"]]) ** -0.7 / len(recordings[r["label"]][r["source_id"]]) for r in about]
    return torch.tensor(share, dtype=torch.float32)


def draw(dice, sounds, chances, talk, n):
    """Clean windows, spoiled windows [n, 32000] and the clips in each [n, 2]: a second one mixed in or -1; -1 -1 is nothing."""
    pick = lambda m: torch.multinomial(chances, m, True, generator=dice.generator)
    first, second = pick(n), pick(n)
    second = torch.where(dice.chance(0.2, n), second, torch.full_like(second, -1))
    clean = sounds.crop(dice, first)
    idle = dice.chance(0.16, n) | (aug.rms(clean)[:, 0] < 3e-5)
    clean = aug.where(dice.chance(0.2, n), lambda r: aug.excerpt(dice, r), clean)
    clean = clean / aug.rms(clean)
    pairs = (second >= 0).nonzero()[:, 0]
    if len(pairs):
        other = sounds.crop(dice, second[pairs])
        clean[pairs] += other / aug.rms(other).clamp(min=1e-4) * aug.decibels(dice.uniform(-5, 5, len(pairs), 1))
    clean = 0.5 * clean / clean.abs().amax(-1, keepdim=True).clamp(min=1e-6)
    spoiled = aug.where(idle, lambda r: aug.nothing(dice, len(r), talk), aug.spoil(dice, clean, talk))
    clip = torch.stack([first, second], 1)
    clip[idle] = -1
    return clean, spoiled, clip


def sounds_and_voices(device):
    """Clips of labels() and of the voices, and the voices alone as float [V, 80000], on the device."""
    said = voices()[0]
    return aug.Clips(np.concatenate([clips(aug.RATE), said]), device), torch.as_tensor(said, device=device).float() / 32768


def pool(tower, device):
    """{spectra [W, 128, 201], features [W, 384], logits [W, 527] float16, clip [W, 2]}: the last two of the sound before it was spoiled."""
    sounds, talk = sounds_and_voices(device)
    chances, parts = balanced(rows()).to(device), {"spectra": [], "features": [], "logits": [], "clip": []}
    for start in range(0, WINDOWS, CHUNK):
        dice = aug.Dice(SEED * 1_000_003 + start, device)
        clean, spoiled, clip = draw(dice, sounds, chances, talk, CHUNK)
        with torch.no_grad():
            features, logits = tower.features(clean)
            made = {"spectra": tower.front(spoiled)[:, 0].half(), "features": features.half(), "logits": logits.half(), "clip": clip}
        for name, value in made.items():
            parts[name].append(value)
    return {name: torch.cat(value) for name, value in parts.items()}
