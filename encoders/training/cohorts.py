"""What a cohort costs and brings, by several ways of using it: the tables of docs/calibration.md.

`cohorts.py TOWERS PACK [PLACES]`: TOWERS holds audio_fold_K.onnx, which never heard the recordings of fold K; PLACES: so many only.
`places`: ordinary sound of 40 s and more. The cohort is what the daemon's gate takes in the minute before 60 % of it, false alarms are
counted in the rest, and clips of twenty prompts are mixed into the rest at 20, 10 and 0 dB. `barking`: an hour of dogs over a place, and
what it leaves of other dogs. A look's score is that of fusion/scorer.ts, the residue that of fusion/residue.ts, the gate that of
encoders/child/sound-gate.ts; the statistic is the mean of the two best windows of 5 s.
"""
import collections
import sys
from pathlib import Path

import numpy as np

import audio_sounds
import conditions
from audio_classes import CONCEPT
from audio_sounds import fold_of, table
from paths import DATA
from session import Session

RATE, WINDOW, HOP, PART, LOOKBACK = 16000, 32000, 8000, 1600, 10
TWENTY = "glass_breaking dog crying_baby siren clock_alarm car_horn crackling_fire footsteps door_wood_knock door_wood_creaks coughing cat engine chainsaw helicopter thunderstorm toilet_flush vacuum_cleaner snoring laughing".split()
NAMES = [CONCEPT[label] for label in TWENTY]
EXCUSED = {"thunderstorm": ["thunderstorm"], "human_imitating_cat": ["cat"], "crowd": ["laughing"], "boat": ["engine"], "street_cars_bike": ["engine", "car horn"], "street_buses_tram_people": ["engine", "footsteps"], "kitchen_juicer": ["vacuum cleaner", "engine"], "chopping_wood": ["footsteps", "door knock"]}
DBS, PER_HOUR, STEADY = (20, 10, 0), (4, 20, 60), (np.inf, 2.5, 2.0, 1.7)
QUIET, FLOOR, HISTORY, HISTORY_MIN, FIRST = 1.5, 0.2, 600, 20, 30


def decoded(paths):
    return [sound.astype(np.float32) / 32768 for sound in audio_sounds.decoded(paths)]


def loudest(sound):
    """The level of its loudest half second."""
    half = RATE // 2
    return np.sqrt(np.convolve(np.pad(sound, (0, max(0, half - len(sound)))) ** 2, np.ones(half) / half, "valid").max() + 1e-12)


def windows(sound):
    return [sound[at : at + WINDOW] for at in range(0, len(sound) - WINDOW + 1, HOP)]


def encoded(tower, sound_windows):
    return tower.batches(np.clip(np.stack(sound_windows), -1, 1).astype(np.float32), 32).astype(np.float64) if len(sound_windows) else np.zeros((0, 256))


def loudness(sound):
    """Of each window: how loud, and its loudest tenth of a second over its quietest."""
    parts = (sound[: len(sound) // PART * PART].reshape(-1, PART).astype(np.float64) ** 2).mean(1)
    at = np.arange((len(parts) - 20) // 5 + 1)[:, None] * 5 + np.arange(20)
    return np.sqrt(parts[at].mean(1)), np.sqrt(parts[at].max(1) / np.maximum(parts[at].min(1), 1e-14))


def taken(rms, swing, steady, start=0, end=None):
    """The windows that the gate gives to the cohort of a source that begins with window `start`."""
    out, last, history = [], -np.inf, []
    for i in range(start, len(rms) if end is None else end):
        history = [*history, rms[i]][-HISTORY:]
        due = i / 2 - last >= (2 if len(out) < FIRST else 10) and len(history) >= HISTORY_MIN
        if due and swing[i] <= steady and rms[i] <= QUIET * np.sort(history)[int(FLOOR * (len(history) - 1))]:
            last = i / 2
            out.append(i)
    return out


def kept(vectors):
    """What fusion/cohort.ts keeps of samples."""
    older = [v for i, v in enumerate(vectors[: max(0, len(vectors) - 32)]) if i % 45 == 0][-32:]
    return np.array([*older, *vectors[max(0, len(vectors) - 32) :]]).reshape(-1, 256)


class Ways:
    """By name, what the windows (vectors [N, 256]) of a source with a cohort [n, 256] say of the twenty prompts."""

    def __init__(self, pack):
        self.space = conditions.space_of(pack)
        self.prompts = self.space.vectors[[self.space.index(n) for n in NAMES]]
        self.about = self.space.calibration["audio"]
        root, none = (lambda w, n: w / np.sqrt(n)), (lambda w, n: w)
        self.all = {
            "none": lambda v, c: self.said(v),
            "mean shift and spread": self.shifted,
            "whitening": lambda v, c: self.said((v - len(c) / (len(c) + 5) * c.mean(0)) * self.weights(c)),
            "difference": lambda v, c: self.said(v - c.mean(0)),
            **{f"low rank {r}": lambda v, c, r=r: self.said(v - v @ (u := np.linalg.svd(c, full_matrices=False)[2][:r]).T @ u) for r in (1, 2, 4)},
            "a rival by prompt": lambda v, c: self.said(v) - self.usual(c),
            "ridge, as it is left": lambda v, c: self.said(left(v, c, none, 0)),
            "ridge, length 1": lambda v, c: self.said(left(v, c, lambda w, n: w / n, 0)),
            "ridge, root": lambda v, c: self.said(left(v, c, root, 0)),
            "ridge, root, two set aside": lambda v, c: self.said(left(v, c, root, 2)),
        }

    def said(self, v):
        return conditions.scores(v, np.ones(len(v)), self.prompts, self.space.vectors, self.about["prompt"])

    def shifted(self, v, c):
        p, mean, variance = self.about["prompt"], c.mean(0), c.var(0)
        lo, sd = p["mean_negative"], p["sd_negative"]
        of = lambda rows: p["a"] * sd * (v @ rows.T - np.maximum(rows @ mean, lo)) / np.maximum(np.sqrt(rows**2 @ variance), sd) + p["b"] + p["a"] * lo
        rivalry = np.clip(1 - self.prompts @ self.space.vectors.T, 0, 1)
        return of(self.prompts) - np.log1p(np.exp(np.clip(of(self.space.vectors), -8, 8)) @ rivalry.T / len(self.space.vectors))

    def weights(self, c):
        pack = np.array(self.about["variance"])
        return 1 / np.maximum(1, np.sqrt((len(c) * c.var(0) + 5 * pack) / (len(c) + 5) / np.maximum(pack, 1e-6)))

    def usual(self, c):
        llr = np.sort(self.said(c), 0)[: max(0, len(c) - 2)]
        return np.maximum(0, np.log((5 + np.exp(llr).sum(0)) / (5 + len(llr))))

    def thresholds(self, cost):
        """By prompt, the lowest threshold of two looks that costs no more an hour."""
        part = self.about["condition"]
        look, out = part["looks"][1], []
        for name in NAMES:
            one = part["prompts"][name]
            rate = (np.array(one["looks"][1]["alarms"]) + part["pool_hours"] * np.array(look["alarms_per_hour"])) / (one["hours"] + part["pool_hours"])
            out.append(look["thresholds"][int((rate <= cost).argmax()) if (rate <= cost).any() else -1])
        return np.array(out)


def left(v, c, length, aside, half=0.1, pack=5):
    c = c[np.sort(np.argsort((c @ c.T).sum(1), kind="stable")[aside:])]
    if len(c) == 0:
        return v
    w = v - np.linalg.solve(c @ c.T + half * (len(c) + pack) * np.eye(len(c)), c @ v.T).T @ c
    return length(w, np.maximum(np.linalg.norm(w, axis=1, keepdims=True), 1e-9))


def statistic(llr):
    looks = np.full((LOOKBACK, *llr.shape), -np.inf)
    for k in range(min(LOOKBACK, len(llr))):
        looks[k, k:] = llr[: len(llr) - k]
    best = np.sort(looks, 0)
    return np.where(np.isfinite(best[-2]), (best[-1] + best[-2]) / 2, -99)


def ordinary(places_max):
    recordings = collections.OrderedDict()
    for row in table(DATA / "ordinary" / "ordinary.csv"):
        recordings.setdefault(row["recording"], []).append(row)
    long = [(name, rows) for name, rows in recordings.items() if sum(float(r["seconds"]) for r in rows) >= 40]
    for name, rows in sorted(long, key=lambda one: fold_of(one[0]))[:places_max]:
        yield name, rows[0]["scene_or_label"], np.concatenate(decoded([file("ordinary", r) for r in rows]))


def file(folder, row):
    path = DATA / folder / row["file"]
    return path if path.exists() else DATA / folder / "clips" / row["file"]


def mixed(place, sound, db, rng, first):
    """Seven seconds of a place with up to five of the sound in it from the first second on."""
    at = int(rng.integers(first, max(first + 1, len(place) - 7 * RATE)))
    out = np.pad(place[at : at + 7 * RATE], (0, max(0, 7 * RATE - len(place) + at)), mode="wrap").astype(np.float64)
    sound = sound[: 5 * RATE]
    out[RATE : RATE + len(sound)] += sound * np.sqrt((place**2).mean()) * 10 ** (db / 20) / loudest(sound)
    return out / max(1, np.abs(out).max() / 0.99)


def places(towers, ways, places_max):
    old = {r["source_id"] for r in table(DATA / "audio" / "labels.csv")}
    clips = collections.defaultdict(list)
    for row in table(DATA / "audio2" / "labels2.csv"):
        if row["source_id"] not in old and row["label"] in TWENTY:
            clips[row["label"]].append(row)
    labels, turn, rng, thresholds = sorted(clips), 0, np.random.default_rng(7), ways.thresholds(0.1)
    peaks, hits, hours = collections.defaultdict(list), collections.defaultdict(list), 0
    for name, kind, place in ordinary(places_max):
        tower, (rms, swing) = towers(fold_of(name)), loudness(place)
        v, cut = encoded(tower, windows(place)), int(len(rms) * 0.6)
        cohorts = {steady: kept(v[taken(rms, swing, steady, max(0, cut - 120), cut)]) for steady in STEADY}
        tries = []
        for _ in range(14):
            label, turn = labels[turn % len(labels)], turn + 1
            mine = [r for r in clips[label] if int(r["fold"]) == fold_of(name)]
            if mine and label not in EXCUSED.get(kind, ()):
                (sound,) = decoded([file("audio2", mine[rng.integers(len(mine))])])
                tries += [(NAMES.index(CONCEPT[label]), db, encoded(tower, windows(mixed(place, sound, db, rng, cut * HOP)))) for db in DBS]
        quiet = [n not in EXCUSED.get(kind, ()) for n in NAMES]
        hours += (len(v) - cut) / 7200
        for steady, cohort in cohorts.items():
            for way, say in ways.all.items():
                say = say if len(cohort) > 2 else ways.all["none"]
                here = np.where(quiet, statistic(say(v[cut - LOOKBACK :], cohort))[LOOKBACK:], -99)
                peaks[steady, way] += [here[i : i + 20].max(0) for i in range(0, len(here), 20)]
                hits[steady, way] += [(db, prompt, statistic(say(heard, cohort))[:, prompt].max()) for prompt, db, heard in tries]
    print(f"{hours:.2f} h; steady within, way: recall at {DBS} dB by default thresholds | at {PER_HOUR} false an hour, 10 dB")
    for key in peaks:
        every = np.sort(np.concatenate(peaks[key]))[::-1]
        share = lambda db, met: round(float(np.mean([met(p, s) for d, p, s in hits[key] if d == db])), 3)
        print(*key, [share(db, lambda p, s: s >= thresholds[p]) for db in DBS], "|", [share(10, lambda p, s: s > every[int(n * hours)]) for n in PER_HOUR], flush=True)


def barking(towers, ways, minutes=60):
    rows, dog, threshold = table(DATA / "audio" / "labels.csv"), NAMES.index("dog"), ways.thresholds(0.1)[NAMES.index("dog")]
    found = collections.defaultdict(list)
    for fold in range(3):
        tower, rng = towers(fold), np.random.default_rng(fold)
        dogs = [d / loudest(d) for d in decoded([file("audio", r) for r in rows if r["label"] == "dog" and int(r["fold"]) == fold]) if np.abs(d).max() > 0.01]
        teach, ask = dogs[: len(dogs) // 2], dogs[len(dogs) // 2 :]
        calm = [p for n, k, p in ordinary(None) if fold_of(n) == fold and k in ("room_tone", "wind", "outdoor_ambience", "leaves", "forest_birds_highway", "street_cars_bike", "rain", "kitchen_juicer")]
        for place in calm[:3]:
            place = place / np.sqrt((place**2).mean())
            tries = [(db, encoded(tower, windows(0.02 * mixed(place, d, db, rng, 0)))) for d in ask for db in DBS]
            for pause in (None, 3, 0):
                hour, at = np.tile(place, minutes * 60 * RATE // len(place) + 1)[: minutes * 60 * RATE].copy(), 0
                while pause is not None:
                    d = teach[rng.integers(len(teach))]
                    d = d if pause else d[np.flatnonzero(np.abs(d) > 0.02 * np.abs(d).max())[0] : np.flatnonzero(np.abs(d) > 0.02 * np.abs(d).max())[-1] + 1]
                    if at + len(d) >= len(hour):
                        break
                    hour[at : at + len(d)] += d * 10 ** (rng.choice([20, 10, 5]) / 20)
                    at += len(d) + int(rng.uniform(0, pause) * RATE)
                rms, swing = loudness(hour)
                for steady in STEADY:
                    cohort = kept(encoded(tower, [0.02 * hour[i * HOP : i * HOP + WINDOW] for i in taken(rms, swing, steady)]))
                    for way in ("none", "mean shift and spread", "ridge, root, two set aside"):
                        say = ways.all[way] if len(cohort) > 2 else ways.all["none"]
                        for db, heard in tries:
                            found[steady, way, pause, db].append(statistic(say(heard, cohort))[:, dog].max() >= threshold)
    print(f"steady within, way, pauses up to (s; None: no dog): recall of other dogs at {DBS} dB")
    for steady, way, pause in dict.fromkeys(key[:3] for key in found):
        print(steady, way, pause, [round(float(np.mean(found[steady, way, pause, db])), 3) for db in DBS], flush=True)


def main(folder, pack, places_max=None):
    loaded = {}

    def towers(fold):
        if fold not in loaded:
            loaded.clear()
            loaded[fold] = Session(Path(folder) / f"audio_fold_{fold}.onnx")
        return loaded[fold]

    ways = Ways(Path(pack))
    places(towers, ways, None if places_max is None else int(places_max))
    if places_max is None:
        barking(towers, ways)


if __name__ == "__main__":
    main(*sys.argv[1:])
