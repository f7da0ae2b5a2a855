"""False alarms an hour of ordinary sound (ordinary_hours.py), at the threshold that finds 8 of 10 labelled clips.

Measures the towers of the five folds, each on the clips that its heads never met.

A prompt's score of a clip is the cosine of its best window (one look), or the mean of its two best (two looks, as a rule with two
confirmations sees it; here within 5 s, the length of a clip). The threshold is the highest one at which 8 of 10 clips of the prompt are
found, each scored by a tower that never heard it. In the ordinary hours it is an alarm when the same score reaches it; the prompt is
then deaf for 10 s. Where a prompt may truly be there its alarms and the time are not counted. With several towers on the same hours the
alarms are those of the average tower, and the hours count once.
"""
import hashlib
import json
import math
import sys

import numpy as np

import ordinary_hours as ordinary
import audio_judge
from audio_classes import CONCEPT
from audio_pool import pool
from audio_sounds import FOLDS, sounds
from evaluate_audio import classes, fold_vectors, session_of
from paths import OUT

RECALL, DEAF_HOPS, LOOKS_HOPS = 0.8, 20, 7
CLASSES = classes(False)
GOAL = 0.5  # alarms an hour
LOOKS = ("one", "two")


def clip_scores(text):
    """Clips, and for one look and for two [clips, CLASSES]: each by the heads that never met it."""
    vectors, said = fold_vectors("clean"), pool("clean")
    cosine = (vectors @ text.T).astype(np.float16).astype(np.float32)
    parts = [(i, part) for i, part in audio_judge.streams(said["sound"]) if sounds()[i].kind == "clip" and len(part) > 1]
    best = [np.sort(cosine[part], 0)[-2:] for _, part in parts]
    return [sounds()[i] for i, _ in parts], {"one": np.stack([b[-1] for b in best]), "two": np.stack([b.mean(0) for b in best])}


def hear(towers, text):
    """(rows [windows, 3], the recordings, {tower: cosines [windows, 48] float16}), encoded once for as long as towers, texts and files are the same."""
    recordings = ordinary.recordings()
    probe = np.random.default_rng(5).normal(0, 0.1, (2, ordinary.WINDOW)).astype(np.float32)
    source = repr([(str(r.path), r.path.stat().st_size) for r in recordings]).encode()
    key = {name: hashlib.sha1(source + text.tobytes() + tower(probe).tobytes()).hexdigest()[:16] for name, tower in towers.items()}
    kept = OUT / "ordinary"
    kept.mkdir(exist_ok=True)
    missing = [name for name in towers if not (kept / f"{key[name]}.npy").exists()]
    if missing:
        rows, said = [], {name: [] for name in missing}
        for pcm, row in ordinary.windows(recordings):
            rows.append(row)
            for name in missing:
                said[name].append((towers[name](pcm) @ text.T).astype(np.float16))
            if len(rows) % 112 == 0:  # an hour
                print(f"{len(rows) / 112.5:.1f} h heard", file=sys.stderr, flush=True)
        for name in missing:
            np.save(kept / f"{key[name]}.rows.npy", np.concatenate(rows))
            np.save(kept / f"{key[name]}.npy", np.concatenate(said[name]))
    return np.load(kept / f"{key[next(iter(towers))]}.rows.npy"), recordings, {name: np.load(kept / f"{key[name]}.npy", mmap_mode="r") for name in towers}


def looks(cosine, rows):
    """What one look and what the two best of the last 5 s say at every window, [windows] each; one prompt."""
    one = cosine.astype(np.float32)
    first, second = one.copy(), np.full_like(one, -1)
    for back in range(1, LOOKS_HOPS):
        near = (rows[back:, 0] == rows[:-back, 0]) & (rows[back:, 1] - rows[:-back, 1] < LOOKS_HOPS)
        before = np.where(near, one[:-back], -1)
        second[back:] = np.maximum(second[back:], np.minimum(first[back:], before))
        first[back:] = np.maximum(first[back:], before)
    return {"one": one, "two": (first + second) / 2}


def alarms(rows, reached):
    """Windows at which an alarm is counted."""
    counted, stream, hop = [], -1, 0
    for i in np.flatnonzero(reached):
        if rows[i, 0] != stream or rows[i, 1] - hop >= DEAF_HOPS:
            counted.append(int(i))
            stream, hop = rows[i, :2]
    return counted


def at_most(count, confidence=0.95):
    """Exact one-sided upper bound of a Poisson mean: the mean at which so few are seen in one case of twenty."""
    def seen(mean):
        return sum(math.exp(i * math.log(mean) - mean - math.lgamma(i + 1)) for i in range(count + 1))

    low, high = max(count, 1e-9), count + 10 + 5 * math.sqrt(count)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if seen(middle) > 1 - confidence else (low, middle)
    return high


def measure(towers, text):
    """towers: name -> PCM float32 [B, 32000] to unit vectors."""
    shown, positive = clip_scores(text)
    rows, recordings, said = hear(towers, text)
    kinds = np.array([r.kind for r in recordings])[rows[:, 2]]
    hop_hours = ordinary.HOP / ordinary.RATE / 3600
    prompts = []
    for p, label in enumerate(CLASSES):
        countable = ~np.isin(kinds, [k for k, there in ordinary.TRULY.items() if CONCEPT[label] in there])
        time, own = float(countable.sum() * hop_hours), np.array([CONCEPT[label] in s.shows for s in shown])
        result = {"prompt": CONCEPT[label], "clips": int(own.sum()), "hours": time}
        every = {name: looks(np.asarray(cosine[:, p]), rows) for name, cosine in said.items()}
        for look in LOOKS:
            scores = np.sort(positive[look][own, p])[::-1]
            threshold = scores[math.ceil(RECALL * len(scores) - 1e-9) - 1]
            where = {name: alarms(rows, (e[look] >= threshold) & countable) for name, e in every.items()}
            count = float(np.mean([len(w) for w in where.values()]))
            result[look] = {
                "threshold": float(threshold), "recall": float((scores >= threshold).mean()), "alarms": count, "by_tower": {str(n): len(w) for n, w in where.items()},
                "an_hour": count / time, "at_most": at_most(math.ceil(count)) / time, "by_kind": tally(kinds[i] for w in where.values() for i in w),
                "most_in": tally(f"{recordings[rows[i, 2]].package}/{recordings[rows[i, 2]].path.name}" for w in where.values() for i in w)}
        prompts.append(result)
    return {"hours": len(rows) * hop_hours, "hours_by_kind": tally(kinds, hop_hours), "hours_by_package": tally((recordings[r].package for r in rows[:, 2]), hop_hours, most=99), "recall": RECALL, "prompts": prompts}


def tally(names, each=1, most=8):
    values, counts = np.unique(list(names), return_counts=True)
    return {str(values[i]): round(float(counts[i] * each), 3) for i in counts.argsort(kind="stable")[::-1][:most]}


def report(result):
    print(f"{result['hours']:.2f} distinct hours:", ", ".join(f"{k} {h:.2f}" for k, h in result["hours_by_kind"].items()))
    print(f"{'':16s} {'':5s} {'':5s}  " + "".join(f"|{look + ' look' + 's' * (look != 'one'):>12s}{'':29s}" for look in LOOKS))
    print(f"{'prompt':16s} {'clips':>5s} {'hours':>5s}  " + "| thresh. recall  alarms  an hour  at most " * 2)
    for p in sorted(result["prompts"], key=lambda p: -p["two"]["at_most"]):
        cells = (f"| {r['threshold']:7.3f} {r['recall']:6.2f} {r['alarms']:7.1f} {r['an_hour']:8.2f} {r['at_most']:8.2f} " for r in (p[look] for look in LOOKS))
        print(f"{p['prompt']:16s} {p['clips']:5d} {p['hours']:5.2f}  " + "".join(cells))
    for look in LOOKS:
        chosen = result["prompts"]
        rates, bounds = (np.array([p[look][k] for p in chosen]) for k in ("an_hour", "at_most"))
        worst = chosen[int(bounds.argmax())]["prompt"]
        print(f"{look}: an hour, median {np.median(rates):.2f} (at most {np.median(bounds):.2f}), worst {rates.max():.2f} (at most {bounds.max():.2f}, {worst}); at most {GOAL}: {(bounds <= GOAL).sum()} of {len(chosen)}; together {rates.sum():.1f}")


def main():
    names, known = audio_judge.concepts()
    result = measure({f: session_of(f).batches for f in range(FOLDS)}, np.stack([known[names.index(CONCEPT[c])] for c in CLASSES]))
    report(result)
    (OUT / "false_alarms.json").write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
