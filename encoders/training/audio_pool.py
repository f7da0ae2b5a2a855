"""What the body says of windows, once for all heads.

clean: every sound as it is, a window every half second. noisy: labelled clips in real room tone of their own fold, at 10 and 0 dB.
spoiled: what heads are trained on, drawn in chunks; a chunk is of one fold, with everything that is mixed in it. Each is cached, so that
an interrupted run goes on.
"""
import collections
import functools
import os
import time

import numpy as np
import torch

import audio_augment as aug
from audio_body import BATCH, Body
from audio_classes import QUIET
from audio_rooms import rooms
from audio_sounds import FOLDS, samples, sounds
from audio_voices import voices
from paths import OUT

SAMPLES, HOP = aug.SAMPLES, 8000
CHUNKS, CHUNK, SEED = int(os.environ.get("AUDIO_CHUNKS", 110)), 320, 7
NOISY_DB, NOISY_SECONDS, NOISY_SEED, UNMET_MIN = (10, 0), 5, 99, 5


def padded(x, seconds=1):
    """A sound shorter than a window in the middle of silence."""
    return x if len(x) >= SAMPLES else np.pad(x, (seconds * aug.RATE, max(seconds * aug.RATE, 2 * SAMPLES - len(x) - seconds * aug.RATE)))


def offsets(length):
    starts = list(range(0, length - SAMPLES + 1, HOP))
    return starts if starts[-1] + HOP // 2 > length - SAMPLES else [*starts, length - SAMPLES]


def at_ms(length):
    return np.array(offsets(length), np.int32) * 1000 // aug.RATE


def windows(x):
    return np.stack([x[o : o + SAMPLES] for o in offsets(len(x))])


def loudest(x, span=8000):
    """Mean power of the loudest half second (or of all that is shorter), of full scale 1."""
    power = np.concatenate([[0.0], np.cumsum(np.square(x, dtype=np.float64))])
    span = min(span, len(x))
    starts = np.arange(0, len(x) - span + 1, 400)
    return float((power[starts + span] - power[starts]).max() / span) + 1e-12


def clean_windows():
    """Batches of windows [n, 32000] of every sound, half a second apart, each with sound (row of sounds()), at_ms, and level (rms)."""
    pcm, bounds = samples()
    for i in range(len(bounds) - 1):
        x = padded(pcm[bounds[i] : bounds[i + 1]])
        batch = windows(x).astype(np.float32) / 32768
        yield batch, {"sound": np.full(len(batch), i, np.int32), "at_ms": at_ms(len(x)), "level": np.sqrt(np.square(batch).mean(1))}


def noisy_windows():
    """The same of a clip (its first 5 s) of each recording in a room tone of its fold, with db: loudest half second over the room's level.
    Where a label has enough recordings that the body has not met, only those."""
    pcm, bounds, rows = *samples(), sounds()
    rng, length = np.random.default_rng(NOISY_SEED), NOISY_SECONDS * aug.RATE
    tones = {f: [i for i, s in enumerate(rows) if s.label in QUIET and s.fold == f and bounds[i + 1] - bounds[i] >= SAMPLES] for f in range(FOLDS)}
    unmet, done = collections.Counter(label for label, _ in {(s.label, s.recording) for s in rows if s.kind == "clip" and s.new}), set()
    for i, s in enumerate(rows):
        if s.kind != "clip" or not s.shows or s.recording in done or (not s.new and unmet[s.label] >= UNMET_MIN):
            continue
        done.add(s.recording)
        x = padded(pcm[bounds[i] : bounds[i + 1]]).astype(np.float32)[:length] / 32768
        x = np.pad(x, (0, length - len(x)))
        x /= np.sqrt(loudest(x))
        for db in NOISY_DB:
            tone = int(rng.choice(tones[s.fold]))
            room = pcm[bounds[tone] : bounds[tone + 1]].astype(np.float32) / 32768
            room = np.resize(np.roll(room, int(rng.integers(len(room)))), length)
            mixed = x + room / np.sqrt(np.square(room).mean() + 1e-12) * 10 ** (-db / 20)
            mixed *= 10 ** (rng.uniform(-30, -6) / 20) / np.abs(mixed).max()
            batch = windows(mixed)
            yield batch, {"sound": np.full(len(batch), i, np.int32), "at_ms": at_ms(length), "db": np.full(len(batch), db, np.int32)}


SETS = {"clean": clean_windows, "noisy": noisy_windows}


def heard(name, session):
    """What a graph says of a set's windows, float32 [N, ...], and what is known of each."""
    said, about, held = [], [], []
    for batch, what in SETS[name]():
        held.append(batch), about.append(what)
        if sum(map(len, held)) >= 256:
            said.append(session.batches(np.concatenate(held), BATCH)), held.clear()
    if held:
        said.append(session.batches(np.concatenate(held), BATCH))
    return np.concatenate(said), {k: np.concatenate([a[k] for a in about]) for k in about[0]}


def pool(name):
    """A set as the body hears it: said float16 [N, WIDTH], and what is known of each window. Cached."""
    cache = OUT / f"audio_{name}.npz"
    if not cache.exists():
        said, about = heard(name, Body().session())
        np.savez(cache, said=said.astype(np.float16), **about)
    saved = np.load(cache)
    return {k: saved[k] for k in saved.files}


def is_loud(clean, share=0.2):
    """[N]: windows at least so loud as that share of the loudest of their sound, in power."""
    power, most = np.square(clean["level"].astype(np.float64)), np.zeros(clean["sound"].max() + 1)
    np.maximum.at(most, clean["sound"], power)
    return power >= share * most[clean["sound"]]


class Source:
    """Where the windows of one fold come from: named sounds by concept, and ordinary sound by scene."""

    def __init__(self, fold, rows, bounds):
        mine = [i for i, s in enumerate(rows) if s.fold == fold and bounds[i + 1] - bounds[i] > 1600]
        named = [i for i in mine if rows[i].shows]
        ordinary = [i for i in mine if rows[i].kind == "ordinary"]
        self.named, self.named_p = named, chances([rows[i] for i in named], lambda s: s.shows, 0.4)
        self.ordinary, self.ordinary_p = ordinary, chances([rows[i] for i in ordinary], lambda s: s.label, 0.6)

    def pick(self, rng, named):
        return int(rng.choice(self.named, p=self.named_p) if named else rng.choice(self.ordinary, p=self.ordinary_p))


def chances(rows, kind, power):
    """A kind counts with that power of its recordings, a recording of it once."""
    recordings = {}
    for s in rows:
        recordings.setdefault(kind(s), {}).setdefault(s.recording, []).append(s)
    p = np.array([len(recordings[kind(s)]) ** (power - 1) / len(recordings[kind(s)][s.recording]) for s in rows])
    return p / p.sum()


def cut(rng, x, strict):
    """A window of a sound where something is heard, float32; one shorter than a window lies anywhere in it."""
    if len(x) < SAMPLES:
        before = int(rng.integers(SAMPLES - len(x) + 1))
        return np.pad(x.astype(np.float32) / 32768, (before, SAMPLES - len(x) - before))
    starts = np.arange(0, len(x) - SAMPLES + 1, 1600)
    power = np.concatenate([[0.0], np.cumsum(np.square(x, dtype=np.float64))])
    energy = power[starts + SAMPLES] - power[starts]
    start = int(rng.choice(starts[energy >= strict * energy.max()])) + int(rng.integers(-800, 800))
    return x[max(0, min(start, len(x) - SAMPLES)) :][:SAMPLES].astype(np.float32) / 32768


def normal(x):
    return x / np.sqrt(loudest(x))


@functools.lru_cache(1)
def material():
    """Samples and their bounds, where each fold's windows come from, rooms, spoken sentences."""
    (pcm, bounds), rows = samples(), sounds()
    return pcm, bounds, [Source(f, rows, bounds) for f in range(FOLDS)], rooms(), torch.as_tensor(voices()[0]).float() / 32768


def spoiled_windows(k):
    """Windows [CHUNK, 32000] and what is in them: first, second, behind (rows of sounds(), -1 none), db of the first over what is behind."""
    pcm, bounds, sources, bank, talk = material()
    rng, dice, source = np.random.default_rng([SEED, k]), aug.Dice(SEED * 1_000_003 + k), sources[k % FOLDS]
    of = lambda i: pcm[bounds[i] : bounds[i + 1]]
    x, about = np.zeros((CHUNK, SAMPLES), np.float32), np.full((CHUNK, 3), -1, np.int32)
    db = np.full(CHUNK, 99.0, np.float32)
    kind = rng.uniform(size=CHUNK)
    plain, made = kind < 0.26, kind > 0.95
    for n in range(CHUNK):
        if made[n]:
            continue
        about[n, 0] = source.pick(rng, not plain[n])
        x[n] = normal(cut(rng, of(about[n, 0]), 0.0 if plain[n] else 0.2))
        if not plain[n] and rng.uniform() < 0.1:
            about[n, 1] = source.pick(rng, True)
            x[n] += normal(cut(rng, of(about[n, 1]), 0.2)) * 10 ** (rng.uniform(-5, 5) / 20)
    t = torch.from_numpy(x)
    sure = torch.from_numpy(~plain & ~made)
    t = aug.where(dice.chance(0.18, CHUNK) & sure & torch.from_numpy(about[:, 1] < 0), lambda r: aug.excerpt(dice, r), t)
    t = aug.where(dice.chance(0.35, CHUNK) & torch.from_numpy(~made), lambda r: bank(dice, r), t)
    x = t.numpy()
    for n in np.flatnonzero(~plain & ~made):
        if rng.uniform() < 0.8:
            about[n, 2], db[n] = source.pick(rng, False), rng.uniform(-3, 24)
            behind = cut(rng, of(about[n, 2]), 0.0)
            x[n] = normal(x[n]) + behind / np.sqrt(np.square(behind).mean() + 1e-9) * 10 ** (-db[n] / 20)
    t = torch.from_numpy(x)
    t = aug.where(torch.from_numpy(made), lambda r: aug.nothing(dice, len(r), talk), t)
    t = aug.where(dice.chance(0.2, CHUNK) & torch.from_numpy(~made), lambda r: aug.band(dice, r), t)
    t = torch.where(torch.from_numpy(made)[:, None], t, aug.level(dice, t))
    return t.numpy(), about, db


def spoiled(chunks=CHUNKS):
    """said [N, WIDTH], about [N, 3], db [N], fold [N], of the chunks there are; made where they are not."""
    folder = OUT / "audio_spoiled"
    folder.mkdir(exist_ok=True)
    missing = [k for k in range(chunks) if not (folder / f"{k:04d}.npz").exists()]
    if missing:
        session = Body().session()
        for k in missing:
            start = time.monotonic()
            windows_of, about, db = spoiled_windows(k)
            np.savez(folder / f"{k:04d}.npz", said=session.batches(windows_of, BATCH).astype(np.float16), about=about, db=db)
            print(f"chunk {k}: {round(time.monotonic() - start, 1)} s", flush=True)
    parts = [dict(np.load(folder / f"{k:04d}.npz")) for k in range(chunks)]
    return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]} | {"fold": np.repeat(np.arange(chunks) % FOLDS, CHUNK)}


def main():
    torch.set_num_threads(1)
    for name in SETS:
        print(name, len(pool(name)["said"]), "windows", flush=True)
    spoiled()


if __name__ == "__main__":
    main()
