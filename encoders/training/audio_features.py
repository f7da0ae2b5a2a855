"""Caches what the frozen body says of many spoiled windows, so that heads train in seconds.

features.npz: x [N, 384], logits [N, 527], clip [N, 2] (the clip, and a second one mixed in, -1 if none), clip -1 -1 is nothing.
evaluation.npz: the PCM windows that every tower is judged on (see evaluate_audio.py).
"""
import sys

import numpy as np
import torch

import audio_augment as aug
from audio_data import clips, labels
from audio_model import AudioTower
from audio_voices import voices
from paths import OUT

WINDOWS, BATCH, HOP = 36000, 64, 8000
SEED = 1


def draw(rng, sounds, order):
    """One training window and the clips in it."""
    if rng.random() < 0.16:
        return aug.nothing(rng), (-1, -1)
    first = int(rng.choice(order))
    x = aug.crop(rng, sounds[first])
    if aug.rms(x) < 3e-5:
        return aug.nothing(rng), (-1, -1)
    second = -1
    if rng.random() < 0.2:
        second = int(rng.choice(order))
        y = aug.crop(rng, sounds[second])
        x = x / aug.rms(x) + y / max(aug.rms(y), 1e-4) * 10 ** (rng.uniform(-5, 5) / 20)
    return aug.spoil(rng, x), (first, second)


def sounds16():
    return np.array(clips(16000)).astype(np.float32) / 32768


def balanced(rows):
    """Indices of clips, repeated so that a class counts with the square root of its size, and a recording once."""
    by = {}
    for i, row in enumerate(rows):
        by.setdefault(row["label"], {}).setdefault(row["source_id"], []).append(i)
    order = []
    for label, recordings in by.items():
        share = max(1, round(240 / len(recordings) ** 0.7))
        for members in recordings.values():
            order += [members[k % len(members)] for k in range(share)]
    return np.array(order)


def evaluation(sounds):
    """Windows 0.5 s apart of each clip, clean; the loudest one at 0 and 10 dB in two backgrounds; nothing at all."""
    rng = np.random.default_rng(99)
    whole = np.stack([s[o : o + aug.SAMPLES] for s in sounds for o in range(0, sounds.shape[1] - aug.SAMPLES + 1, HOP)])
    loud = []
    for s in sounds:
        starts, energy = aug.loudness(s)
        loud.append(s[starts[energy.argmax()] :][: aug.SAMPLES])
    noisy = {db: np.stack([np.clip(w + aug.background(rng) * max(aug.rms(w), 1e-4) * 10 ** (-db / 20), -1, 1) for w in loud for _ in range(2)]) for db in (0, 10)}
    quiet = np.stack([aug.nothing(rng) for _ in range(1500)])
    return {"whole": whole, "loud": np.stack(loud), "noisy0": noisy[0], "noisy10": noisy[10], "nothing": quiet}


def main():
    torch.set_num_threads(1)
    sounds, rows = sounds16(), labels()
    if not (OUT / "evaluation.npz").exists():
        np.savez(OUT / "evaluation.npz", **{k: v.astype(np.float16) for k, v in evaluation(sounds).items()})
    said, spoken = voices()
    sounds, rows = np.concatenate([sounds, said.astype(np.float32) / 32768]), rows + spoken
    features, order = AudioTower().eval().fast_features(), balanced(rows)
    parts = OUT / "features"
    parts.mkdir(exist_ok=True)
    chunk = 1000
    for start in range(0, WINDOWS, chunk):
        part = parts / f"{start:06d}.npz"
        if part.exists():
            continue
        rng = np.random.default_rng([SEED, start])
        drawn = [draw(rng, sounds, order) for _ in range(chunk)]
        pcm = torch.from_numpy(np.stack([d[0] for d in drawn]))
        with torch.no_grad():
            done = [features(pcm[i : i + BATCH]) for i in range(0, chunk, BATCH)]
        np.savez(part, x=torch.cat([d[0] for d in done]).numpy(), logits=torch.cat([d[1] for d in done]).numpy(), clip=np.array([d[1] for d in drawn]))
        print(start + chunk, flush=True)


if __name__ == "__main__":
    sys.exit(main())
