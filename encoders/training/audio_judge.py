"""What sound towers are judged by: names of whole clips, and false alarms of rules in ordinary sound, as the daemon's rules would say.

A window's score for a prompt is the daemon's (fusion/scorer.ts): a·cosine + b, limited, less what anything else with a name says. A
prompt's score at a moment is the mean of its two best windows of the last 5 s; after an alarm it is deaf for 10 s.
"""
import numpy as np

import calibrate
import space
from audio_sounds import RATE, samples, sounds

LIMIT, LOOKS_MS, DEAF_MS = 8.0, 5000, 10_000
ALARMS = ("glass breaking", "dog", "baby crying", "siren", "alarm clock", "car horn", "fire", "footsteps", "door knock", "door creaking",
          "coughing", "cat", "engine", "chainsaw", "helicopter", "thunderstorm", "toilet flush", "vacuum cleaner", "snoring", "laughing")
STREET = ("engine", "car horn", "siren", "car", "truck", "bus", "motorcycle", "bicycle", "vehicle", "footsteps", "speech", "person", "laughing")
WOODS = ("birds chirping", "bird", "insects", "crickets", "crow", "frog", "owl", "wind", "animal")
# What an ordinary scene may truly hold beside its own name, so that an alarm there is not counted. By what the scenes are, not by ear.
MAY_HOLD = {
    "street_cars_bike": STREET, "street_buses_tram_people": (*STREET, "train"), "city_traffic": STREET, "machinery": ("engine",), "compressor": ("engine",),
    "farm": ("dog", "cat", "cow", "sheep", "goat", "pig", "horse", "rooster", "hen", "duck", "goose", "engine", "tractor", *WOODS),
    "forest": WOODS, "forest_soundscape": WOODS, "forest_birds_highway": (*WOODS, "engine"), "outdoor_ambience": WOODS, "outdoor_soundscape": WOODS,
    "rain": ("thunderstorm", "wind", "water drops"), "thunderstorm": ("rain", "wind"), "boat": ("wind",), "sea_waves": ("wind",),
    "crowd": ("laughing", "footsteps", "speech", "shouting", "clapping"), "tavern": ("laughing", "speech", "shouting", "dishes"), "human_imitating_cat": ("cat",),
}


def concepts():
    """Names and vectors [C, 256] of the vocabulary."""
    rows = space.concepts()
    return [c["name"] for c in rows], np.stack([c["vector"] for c in rows]).astype(np.float32)


def fitted(vectors, truth, names, known):
    """(a, b) of LLR = a cosine + b. truth: index into names of what a window shows, -1 nothing."""
    heard = [i for i, c in enumerate(space.concepts()) if c["kind"] in ("hear", "both")]
    place = {c: k for k, c in enumerate(heard)} | {-1: -1}
    positive, negative = calibrate.pairs(vectors, np.array([place.get(int(t), -1) for t in truth]), known[heard])
    return calibrate.fit(positive, np.random.default_rng(0).choice(negative, min(len(negative), 200_000), replace=False))


def llr(vectors, prompts, names, known, fit):
    """[N, prompts]: what the daemon's scorer says. prompts: names."""
    a, b = fit
    each = np.clip(a * (vectors @ known.T) + b, -LIMIT, LIMIT)
    index = [names.index(p) for p in prompts]
    rivalry = np.clip(1 - known[index] @ known.T, 0, 1)
    return each[:, index] - np.log1p(np.exp(each) @ rivalry.T / len(names))


def two_best(score, at_ms):
    """A stream's scores [T, P] to the mean of the two best of the last 5 s at every window."""
    out = np.full_like(score, -LIMIT)
    for t in range(len(score)):
        recent = score[max(0, t - 10) : t + 1][at_ms[max(0, t - 10) : t + 1] > at_ms[t] - LOOKS_MS]
        if len(recent) > 1:
            out[t] = np.sort(recent, 0)[-2:].mean(0)
    return out


def streams(sound):
    """(row, indices) of the windows of each sound, in order."""
    order = np.argsort(sound, kind="stable")
    cuts = np.flatnonzero(np.diff(sound[order])) + 1
    return [(int(sound[part[0]]), part) for part in np.split(order, cuts)]


def alarms(moments, at_ms, threshold):
    count, deaf = 0, -np.inf
    for t in np.flatnonzero(moments >= threshold):
        if at_ms[t] >= deaf:
            count, deaf = count + 1, at_ms[t] + DEAF_MS
    return count


class Heard:
    """Scores of every sound: best moment by clip, moments by ordinary stream."""

    def __init__(self, vectors, sound, at_ms, prompts, names, known, fit):
        rows = sounds()
        score = llr(vectors, prompts, names, known, fit)
        self.prompts, self.clips, self.hours = prompts, {}, []
        for i, part in streams(sound):
            moments = two_best(score[part], at_ms[part])
            if rows[i].kind == "clip":
                self.clips[i] = moments.max(0)
            elif rows[i].kind == "ordinary":
                self.hours.append((i, moments, at_ms[part]))
        self.rows = rows

    def seconds(self):
        length = np.diff(samples()[1]) / RATE
        return float(sum(length[i] for i, *_ in self.hours))

    def right(self, labels, keep):
        """label -> recording -> hits: the best prompt of a whole clip, among the labels' prompts (self.prompts in order of labels)."""
        out = {}
        for i, best in self.clips.items():
            s = self.rows[i]
            if s.label in labels and keep(s):
                out.setdefault(s.label, {}).setdefault(s.recording, []).append(labels[int(best.argmax())] == s.label)
        return out

    def macro(self, labels, keep):
        """Macro recall over labels, and by label (recall, clips)."""
        hits = {label: sum(r.values(), []) for label, r in self.right(labels, keep).items()}
        return float(np.mean([np.mean(v) for v in hits.values()])), {k: (round(float(np.mean(v)), 2), len(v)) for k, v in hits.items()}

    def interval(self, labels, keep, draws=1000):
        """95 % of the macro recall, resampled by recording."""
        rng, right = np.random.default_rng(0), [[np.mean(v) for v in r.values()] for r in self.right(labels, keep).values()]
        drawn = [np.mean([np.mean(rng.choice(v, len(v))) for v in right]) for _ in range(draws)]
        return [float(q) for q in np.percentile(drawn, [2.5, 97.5])]

    def alarm_curve(self, prompts, keep, recall):
        """False alarms an hour of the prompts together, each at the threshold of its own recall, and at the one threshold of that mean recall."""
        places, own, by = [self.prompts.index(p) for p in prompts], 0.0, {}
        positives = [np.sort([b[p] for i, b in self.clips.items() if self.prompts[p] in self.rows[i].shows and keep(self.rows[i])])[::-1] for p in places]
        hours = self.seconds() / 3600
        for p, scores in zip(places, positives):
            by[self.prompts[p]] = self.count(p, scores[int(np.ceil(recall * len(scores) - 1e-9)) - 1])
            own += by[self.prompts[p]]
        grid = np.unique(np.concatenate(positives))
        mean_recall = np.array([np.mean([(v >= g).mean() for v in positives]) for g in grid])
        common = grid[np.flatnonzero(mean_recall >= recall)[-1]]
        together = {self.prompts[p]: self.count(p, common) for p in places}
        return {"own": own / hours, "one": sum(together.values()) / hours, "threshold": float(common), "by": by, "together": together}

    def count(self, p, threshold):
        name = self.prompts[p]
        return sum(alarms(m[:, p], at, threshold) for i, m, at in self.hours if name not in self.rows[i].shows and name not in MAY_HOLD.get(self.rows[i].label, ()))
