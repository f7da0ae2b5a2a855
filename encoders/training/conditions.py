"""How sure a condition of a rule is: fits the statistic that rules use, counts what each threshold costs and finds, and writes both into
a pack's calibration.json and manifest.json (docs/calibration.md says what they mean).

`conditions.py CROSSFIT PACK` reads crossfit_{audio,image}.npz and _streams.json of the folder CROSSFIT, whichever there are: vectors by
towers that never met the recording or camera, with the stream and the moment of each; of a stream its recording, whether it goes on with that where the stream before ended, its labels, what else is
possibly there, what is not since somebody looked for it, and whether it is a clip of something or ordinary; of a look which place it
was at, and how long it stands for that. It prints what thresholds chosen on one half of the recordings cost and find on the other.
`conditions.py check FILE` answers the numbers of a test (test/encoders/condition-fit.test.ts) on stdout.

A look's score is that of fusion/scorer.ts without a cohort. The statistic of k confirmations is the mean of the k best looks, each at a
moment of its own, within the look-back of a rule. A clip stands for what it is labelled with, and against every name that is not kin to
it; every look-back of an ordinary stream stands against every name but what it is labelled with. Both kinds of negatives weigh the same.
A clip with fewer looks than k (a still picture) counts as if the same had been seen again.
"""
import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

LOOKS = (1, 2, 3)
WITHIN_MS, WINDOW_MS, RESOLVE_MS = 5000, {"audio": 2000, "image": 0}, 4000
KIN = 0.45  # cosine from which a concept is no negative of another
LLR_LIMIT = 8  # as fusion/scorer.ts
THRESHOLDS = 48
PRIOR = {"audio": 0.025, "image": 0.5}  # that a stretch in which something goes on shows what a rule asks for: prior.py
DEFAULT_PER_HOUR = {"audio": 0.1, "image": 0.4}
COSTS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5)  # false alarms an hour, for the printed table
POOL_HOURS, POOL_POSITIVES = 1.0, 5.0
RIDGE = 5.0  # positives for which a prompt's own intercept is as good as the mean


class Space(NamedTuple):
    """Concepts of a pack (synonyms are one), the looks' calibration by tower, and which concepts each tower was taught."""

    names: list
    vectors: np.ndarray
    calibration: dict
    taught: dict

    def index(self, name):
        return self.names.index(name)


def space_of(pack):
    table = json.loads((pack / "text.json").read_text())
    rows = np.frombuffer(base64.b64decode(table["vectors"]), np.int8).reshape(len(table["phrases"]), -1)
    first, concept = {}, {}
    for phrase, row in zip(table["phrases"], rows):
        concept[phrase] = first.setdefault(row.tobytes(), phrase)
    names = list(first.values())
    vectors = np.stack([rows[table["phrases"].index(n)] for n in names]).astype(np.float64)
    taught = {tower: [names.index(concept[p]) for p in phrases] for tower, phrases in table["taught"].items()}
    return Space(names, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), json.loads((pack / "calibration.json").read_text()), taught)


def scores(vectors, quality, prompts, concepts, prompt):
    """[looks, prompts]: what fusion/scorer.ts says of each look without a cohort."""
    said = lambda rows: prompt["a"] * (vectors @ rows.T) + prompt["b"]
    odds, rivalry = np.exp(quality[:, None] * np.clip(said(concepts), -LLR_LIMIT, LLR_LIMIT)), np.clip(1 - prompts @ concepts.T, 0, 1)
    return quality[:, None] * said(prompts) - np.log1p(odds @ rivalry.T / len(concepts))


class Moments(NamedTuple):
    """What one source said, moment by moment: several regions of a picture are one look, the best. [moments, prompts] but for times."""

    times: np.ndarray
    score: np.ndarray
    place: np.ndarray  # of the best look; -1: it was at none
    holds: np.ndarray  # how long it stands for its place, ms; 0: it does not
    moved: np.ndarray  # [moments]: whether any look stood for no place


def moments(score, at_ms, place=None, holds=None):
    place, holds = (np.full(len(score), -1) if place is None else place), (np.zeros(len(score), int) if holds is None else holds)
    times, row = np.unique(at_ms, return_inverse=True)
    order = np.lexsort((np.arange(len(row)), row))
    starts = np.searchsorted(row[order], np.arange(len(times)))
    best = np.stack([order[a:b][score[order[a:b]].argmax(0)] for a, b in zip(starts, [*starts[1:], len(row)])]) if len(times) else np.zeros((0, score.shape[1]), int)
    moved = np.zeros(len(times), bool)
    np.logical_or.at(moved, row, holds == 0)
    return Moments(times, np.take_along_axis(score, best, 0), place[best], holds[best], moved)


def statistics(seen, window_ms, floor, repeat=False):
    """[3, moments, prompts]: the means of the 1, 2 and 3 best looks above the floor that a rule finds at each moment; -inf for too few.

    A look counts WITHIN_MS, or as long as it stands for its place, of which it counts once; what stands still carries on nothing that moved.
    """
    counted = np.where(seen.score > floor, seen.score, -np.inf)
    out, fresh = np.full((len(LOOKS), *counted.shape), -np.inf), np.maximum(WITHIN_MS, seen.holds)
    for i, now in enumerate(seen.times):
        first = np.searchsorted(seen.times + window_ms, now - fresh[: i + 1].max(initial=WITHIN_MS))
        looks = slice(first, i + 1)
        counts = seen.times[looks, None] + window_ms >= now - fresh[looks]
        if not seen.moved[i]:
            counts &= seen.holds[looks] > 0
        left, places, total = np.where(counts, counted[looks], -np.inf), seen.place[looks], 0
        for k in range(LOOKS[-1]):
            best = left.argmax(0)[None]
            value = np.take_along_axis(left, best, 0)[0]
            if repeat:
                value = np.where(np.isfinite(value), value, last) if k else value
            total, last = total + value, value
            out[k, i] = total / (k + 1)
            place = np.take_along_axis(places, best, 0)
            left = np.where((places == place) & (place >= 0), -np.inf, left)
            np.put_along_axis(left, best, -np.inf, 0)
    return out


class Stream(NamedTuple):
    """What one stream says at each moment: scores, and the statistics of looks above 0 and of all looks."""

    about: dict
    times: np.ndarray
    score: np.ndarray
    holds: np.ndarray
    above: np.ndarray
    all: np.ndarray


def streams(folder, tower, space):
    data, about = np.load(folder / f"crossfit_{tower}.npz"), json.loads((folder / f"crossfit_{tower}_streams.json").read_text())
    prompts = space.vectors[space.taught[tower]]
    quality = data["quality"].astype(np.float64) if "quality" in data.files else np.ones(len(data["vectors"]))
    score = scores(data["vectors"].astype(np.float64), quality, prompts, space.vectors, space.calibration[tower]["prompt"])
    place, holds = (data["place"], data["holds_ms"]) if "place" in data.files else (np.full(len(score), -1), np.zeros(len(score), np.int64))
    order = np.argsort(data["stream"], kind="stable")
    bounds = np.searchsorted(data["stream"][order], np.arange(len(about) + 1))
    out = []
    for i, one in enumerate(about):
        mine = order[bounds[i] : bounds[i + 1]]
        if len(mine) == 0 or one.get("evaluation_only"):
            continue
        seen, clip = moments(score[mine], data["at_ms"][mine], place[mine], holds[mine]), one["kind"] == "clip"
        out.append(Stream(one, seen.times, seen.score, seen.holds, *(statistics(seen, WINDOW_MS[tower], floor, clip) for floor in (0, -np.inf))))
    return out


def fit(x, y, weight, prompt, count, steps=40):
    """(a, b, d [count]): LLR of prompt p = a x + b + d[p], by logistic regression; d is held near 0 by RIDGE."""
    theta = np.zeros(2 + count)
    theta[0] = 0.5
    for _ in range(steps):
        z = theta[0] * x + theta[1] + theta[2 + prompt]
        p = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
        g, h = weight * (p - y), weight * np.maximum(p * (1 - p), 1e-9)
        gradient = np.concatenate([[np.sum(g * x), np.sum(g)], np.bincount(prompt, g, count) + RIDGE * theta[2:]])
        hessian = np.zeros((2 + count, 2 + count))
        hessian[0, 0], hessian[0, 1], hessian[1, 1] = np.sum(h * x * x) + 1e-6, np.sum(h * x), np.sum(h) + 1e-6
        hessian[0, 2:], hessian[1, 2:] = np.bincount(prompt, h * x, count), np.bincount(prompt, h, count)
        hessian[1, 0], hessian[2:, 0], hessian[2:, 1] = hessian[0, 1], hessian[0, 2:], hessian[1, 2:]
        hessian[range(2, 2 + count), range(2, 2 + count)] = np.bincount(prompt, h, count) + RIDGE
        step = np.linalg.solve(hessian, gradient)
        theta -= step
        theta[0] = max(theta[0], 1e-3)
        if np.abs(step).max() < 1e-9:
            break
    return theta[0], theta[1], theta[2:]


def samples(found, names, shows, k):
    """(x, y, weight, prompt) of every stretch whose looks above 0 suffice, weighed as if all were there: see the top of this file."""
    parts, count = [], len(names)
    clips = [s for s in found if s.about["kind"] == "clip"]
    rest = [s for s in found if s.about["kind"] != "clip"]
    best = np.array([s.above[k, :, :].max(0) for s in clips]).reshape(-1, count)
    there = np.array([shows(s)[0] for s in clips]).reshape(-1, count)
    kin = np.array([shows(s)[1] for s in clips]).reshape(-1, count)
    stretches, quiet = [np.zeros((0, count))], [np.zeros((0, count), bool)]
    for s in rest:
        every = np.unique(np.searchsorted(s.times, np.arange(s.times[0] + WITHIN_MS, s.times[-1] + WITHIN_MS, WITHIN_MS), "right") - 1)
        stretches.append(s.above[k, every])
        quiet.append(np.repeat(~shows(s)[1][None], len(every), 0))
    stretches, quiet = np.concatenate(stretches), np.concatenate(quiet)
    for p in range(count):
        positive, other, ordinary = best[there[:, p], p], best[~kin[:, p], p], stretches[quiet[:, p], p]
        kinds = [kind for kind in (other, ordinary) if len(kind)]
        if len(positive) == 0 or not kinds:
            continue
        for values, y, total in ((positive, 1, len(positive)), *((kind, 0, len(positive) / len(kinds)) for kind in kinds)):
            seen = values[np.isfinite(values)]
            parts.append((seen, np.full(len(seen), y), np.full(len(seen), total / len(values)), np.full(len(seen), p)))
    counts = {"positives": int(there.sum()), "others": int((~kin).sum()), "stretches": int(quiet.sum())}
    return tuple(np.concatenate(column) for column in zip(*parts)), counts


def alarms(found, shows, k, thresholds, window_ms):
    """(false alarms [prompts, thresholds], hours [prompts]) in ordinary streams; an alarm ends when nothing met it, or held, for RESOLVE_MS.
    A stream that goes on with the one before of its recording goes on with its alarms: what always stands there is told once."""
    count, hours, lasts = 0, 0.0, {}
    for s in (s for s in found if s.about["kind"] != "clip"):
        carried = lasts[s.about["recording"]] if s.about.get("goes_on") and s.about["recording"] in lasts else np.full((s.score.shape[1], len(thresholds)), -(10**9))
        lasts[s.about["recording"]] = carried
        quiet = ~shows(s)[1]
        hours = hours + quiet * s.about["seconds"] / 3600
        here = np.zeros((len(quiet), len(thresholds)), int)
        for j, threshold in enumerate(thresholds):
            statistic = s.above[k] if threshold >= 0 else s.all[k]
            met = (statistic >= threshold) & (s.score > min(0, threshold)) & quiet
            last = np.maximum.accumulate(np.concatenate([carried[None, :, j], np.where(met, s.times[:, None] + s.holds, -(10**9))]), 0)
            before, carried[:, j] = last[:-1], last[-1]
            here[:, j] = (met & (s.times[:, None] - before > window_ms + RESOLVE_MS)).sum(0)
        count = count + here
    return count, hours


def recalls(found, shows, k, thresholds):
    """(recall [prompts, thresholds], clips [prompts]) by the best look-back of each clip."""
    hits, total = 0, 0
    for s in (s for s in found if s.about["kind"] == "clip"):
        there = shows(s)[0]
        above, every = s.above[k].max(0), s.all[k].max(0)
        hits = hits + there[:, None] * np.where(thresholds >= 0, above[:, None] >= thresholds, every[:, None] >= thresholds)
        total = total + there
    return hits / np.maximum(total, 1)[:, None], total


def shower(space, tower):
    """Of a stream: which prompts it shows, and which it may show for all that is known (those and their kin)."""
    taught = space.taught[tower]
    near = space.vectors[taught] @ space.vectors.T

    def shows(stream):
        places = lambda key: [space.index(name) for name in stream.about.get(key, ()) if name in space.names]
        there, possible = np.isin(taught, places("labels")), places("labels") + places("possible")
        return there, there | ((near[:, possible] >= KIN).any(1) & ~np.isin(taught, places("absent")))

    return shows


def measure(found, space, tower):
    """The tables of one modality: by number of looks a fit, thresholds, alarms, recall."""
    shows, names, out = shower(space, tower), [space.names[i] for i in space.taught[tower]], []
    for k in range(len(LOOKS)):
        (x, y, weight, prompt), counts = samples(found, names, shows, k)
        a, b, d = fit(x, y, weight, prompt, len(names))
        clips = [s for s in found if s.about["kind"] == "clip"]
        positive = np.concatenate([s.all[k].max(0)[shows(s)[0]] for s in clips])
        thresholds = np.round(np.linspace(np.quantile(positive, 0.01), max(positive.max(), x.max()), THRESHOLDS), 3)
        count, hours = alarms(found, shows, k, thresholds, WINDOW_MS[tower])
        recall, clips = recalls(found, shows, k, thresholds)
        out.append({"a": a, "b": b, "d": d, "thresholds": thresholds, "alarms": count, "hours": hours, "recall": recall, "clips": clips, **counts})
    return out


def pooled(table):
    """(alarms an hour, recall) of the mean prompt at each threshold."""
    tried = table["clips"] > 0
    return (table["alarms"] / np.maximum(table["hours"], 1e-9)[:, None])[table["hours"] > 0].mean(0), table["recall"][tried].mean(0)


def shrunk(table):
    """(alarms an hour, recall) [prompts, thresholds] as encoders/condition-costs.ts has them."""
    rate, recall = pooled(table)
    return (table["alarms"] + POOL_HOURS * rate) / (table["hours"] + POOL_HOURS)[:, None], (table["recall"] * table["clips"][:, None] + POOL_POSITIVES * recall) / (table["clips"] + POOL_POSITIVES)[:, None]


def block(tables, names, tower, hours):
    """The part `condition` of one modality."""
    r = lambda v, digits=4: [round(float(x), digits) for x in v]
    looks, prompts = [], {n: {"hours": round(float(tables[0]["hours"][i]), 3), "positives": int(tables[0]["clips"][i]), "looks": []} for i, n in enumerate(names)}
    for table in tables:
        rate, recall = pooled(table)
        looks.append({"a": round(float(table["a"]), 4), "b": round(float(table["b"]), 4), **{c: table[c] for c in ("positives", "others", "stretches")}, "thresholds": r(table["thresholds"], 3), "alarms_per_hour": r(rate), "recall": r(recall)})
        for i, name in enumerate(names):
            prompts[name]["looks"].append({"b": round(float(table["b"] + table["d"][i]), 4), "alarms": [int(n) for n in table["alarms"][i]], "recall": r(table["recall"][i], 3)})
    return {"version": 1, "within_ms": WITHIN_MS, "prior": PRIOR[tower], "hours": round(hours, 3), "default_per_hour": DEFAULT_PER_HOUR[tower], "pool_hours": POOL_HOURS, "pool_positives": POOL_POSITIVES, "looks": looks, "prompts": prompts}


def outside(found, space, tower, costs, folds=2):
    """By number of looks and cost: what thresholds chosen on the other recordings cost an hour (twenty mean prompts, and of those with clips) and find."""
    shows, half, out = shower(space, tower), lambda s: int(hashlib.sha256(s.about["recording"].encode()).hexdigest(), 16) % folds, []
    tables = [measure([s for s in found if half(s) != f], space, tower) for f in range(folds)]
    total = sum(s.about["seconds"] for s in found if s.about["kind"] != "clip") / 3600
    for k in range(len(LOOKS)):
        held = [[s for s in found if half(s) == f] for f in range(folds)]
        counted = [(alarms(h, shows, k, t[k]["thresholds"], WINDOW_MS[tower])[0], *recalls(h, shows, k, t[k]["thresholds"])) for h, t in zip(held, tables)]
        for per_hour in costs:
            cost, hits, tries = 0, 0, 0
            for table, (count, recall, clips) in zip(tables, counted):
                rate, _ = shrunk(table[k])
                at = np.where((rate <= per_hour).any(1), (rate <= per_hour).argmax(1), THRESHOLDS - 1)
                rows = np.arange(len(at))
                cost, hits, tries = cost + count[rows, at], hits + recall[rows, at] * clips, tries + clips
            tried = tries > 0
            twenty = lambda which: round(20 * float(cost[which].mean()) / total, 2)
            out.append({"looks": LOOKS[k], "at_most": per_hour, "of_20_an_hour": twenty(slice(None)), "of_20_with_clips_an_hour": twenty(tried), "recall": round(float((hits[tried] / tries[tried]).mean()), 3)})
    return out


def write(pack, parts):
    """Adds the parts to calibration.json and states its new hash in manifest.json."""
    path, manifest = pack / "calibration.json", json.loads((pack / "manifest.json").read_text())
    table = json.loads(path.read_text())
    for tower, part in parts.items():
        table[tower]["condition"] = part
    path.write_text(json.dumps(table) + "\n")
    data = path.read_bytes()
    manifest["calibration"] = {"file": path.name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (pack / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def check(path):
    """For the test: scores, statistics and costs of a few looks, as JSON."""
    given = json.loads(Path(path).read_text())
    array = lambda name: np.array(given[name], np.float64)
    score = scores(array("vectors"), array("quality"), array("prompts"), array("concepts"), given["prompt"])
    seen = moments(score, array("at_ms"))
    finite = lambda values: np.where(np.isfinite(values), values, -1e9).tolist()
    print(json.dumps({"scores": score.tolist(), "statistics": finite(statistics(seen, given["window_ms"], 0)[:, -1])}))


def main(folder, pack):
    folder, pack, parts = Path(folder), Path(pack), {}
    space = space_of(pack)
    for tower in ("audio", "image"):
        if not (folder / f"crossfit_{tower}.npz").exists():
            continue
        found = streams(folder, tower, space)
        hours = sum(s.about["seconds"] for s in found if s.about["kind"] != "clip") / 3600
        tables = measure(found, space, tower)
        parts[tower] = block(tables, [space.names[i] for i in space.taught[tower]], tower, hours)
        print(tower, f"{hours:.2f} h,", [{c: t[c] for c in ("a", "b", "positives", "others", "stretches")} for t in tables])
        for row in outside(found, space, tower, COSTS):
            print(" ", row)
    write(pack, parts)


if __name__ == "__main__":
    check(sys.argv[2]) if sys.argv[1] == "check" else main(*sys.argv[1:])
