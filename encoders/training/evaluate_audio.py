"""Scores sound towers as audio_judge.py says: `evaluate_audio.py cv` the heads of the folds, each on its own fold, and any
graphs named behind it, which may have heard what they are judged by: only to compare.

The body has met the recordings of the first set of clips: "new" counts only others. Gone on with, it has heard, without their labels,
those of audio_backgrounds.MET too: only the other folds are an estimate for what it never met.
"""
import json
import sys

import numpy as np
import torch

import audio_judge as judge
import audio_pool
from audio_body import Body
from audio_classes import CONCEPT
from audio_sounds import FOLDS, sounds
from paths import OUT
from session import Session
from train_heads import heads_of, vectors_of
from write_audio import write_tower

LEAST = 5  # recordings of a label that counts
SETS = ("clean", "noisy")


def auc(positive, negative):
    order = np.sort(negative)
    return float(np.mean((np.searchsorted(order, positive, "left") + np.searchsorted(order, positive, "right")) / 2 / len(order)))


def fold_vectors(name):
    """[N, 256]: the windows of a set of audio_pool.py, each by the heads that never met its recording. Cached."""
    cache = OUT / f"audio_vectors_{name}.npy"
    if not cache.exists():
        said, fold = audio_pool.pool(name), np.array([s.fold for s in sounds()])
        out = np.zeros((len(said["said"]), judge.space.DIMENSIONS), np.float32)
        for k in range(FOLDS):
            mine = fold[said["sound"]] == k
            out[mine] = vectors_of(heads_of(k), said["said"][mine])
        np.save(cache, out)
    return np.load(cache)


def session_of(fold):
    """The tower of the fold, as the daemon would run it."""
    path = OUT / f"audio_fold_{fold}.onnx"
    if not path.exists():
        write_tower(Body(), heads_of(fold), path)
    return Session(path)


def classes(new):
    """Labels of clips with at least LEAST recordings (that the body has not met), one for each concept."""
    recordings, out = {}, {}
    for s in sounds():
        if s.kind == "clip" and s.shows and (s.new or not new):
            recordings.setdefault(s.label, set()).add(s.recording)
    for label in sorted(recordings, key=lambda l: (-len(recordings[l]), l)):
        if len(recordings[label]) >= LEAST:
            out.setdefault(CONCEPT[label], label)
    return sorted(out.values())


def shown(sound, names):
    """Index of the concept that a window's sound shows first, -1 for nothing that has a name."""
    first = np.array([names.index(s.shows[0]) if s.shows else -1 for s in sounds()])
    return first[sound]


def measures(vectors):
    """vectors: set -> [N, 256]. Macro recalls by prompt, and false alarms an hour."""
    names, known = judge.concepts()
    clean, noisy, out = audio_pool.pool("clean"), audio_pool.pool("noisy"), {}
    loud = np.flatnonzero(audio_pool.is_loud(clean))[::3]
    fit = judge.fitted(vectors["clean"][loud], shown(clean["sound"][loud], names), names, known)
    everything = judge.Heard(vectors["clean"], clean["sound"], clean["at_ms"], list(judge.ALARMS), names, known, fit)
    for kind in ("new", "all"):
        labels, keep = classes(kind == "new"), (lambda s: s.new) if kind == "new" else (lambda s: True)
        heard = lambda v, said: judge.Heard(v, said["sound"], said["at_ms"], [CONCEPT[c] for c in labels], names, known, fit)
        whole = heard(vectors["clean"], clean)
        out[kind] = {"classes": len(labels), "clean": whole.macro(labels, keep)[0], "each": whole.macro(labels, keep)[1], "interval": whole.interval(labels, keep)}
        for db in audio_pool.NOISY_DB:
            at = noisy["db"] == db
            out[kind][f"{db} dB"] = heard(vectors["noisy"][at], {k: noisy[k][at] for k in ("sound", "at_ms")}).macro(labels, keep)[0]
    met = {c for c in judge.ALARMS if not any(CONCEPT[l] == c for l in classes(True))}
    for title, keep in (("20 prompts", lambda s: True), ("those with new recordings", lambda s: s.new)):
        prompts = [p for p in judge.ALARMS if title == "20 prompts" or p not in met]
        out[title] = {str(r): everything.alarm_curve(prompts, keep, r) for r in (0.7, 0.8)}
    out["hours"] = everything.seconds() / 3600
    return out


def report(title, result):
    print(f"== {title}: {result['hours']:.2f} h of ordinary sound")
    for kind in ("new", "all"):
        r = result[kind]
        print(f"{kind:4s} recordings, {r['classes']} classes: macro recall {r['clean']:.3f} (95 % {r['interval'][0]:.3f}-{r['interval'][1]:.3f}), 10 dB {r['10 dB']:.3f}, 0 dB {r['0 dB']:.3f}")
    print("     least:", dict(sorted(((k, v) for k, v in result["new"]["each"].items()), key=lambda kv: kv[1][0])[:16]))
    for kind in ("20 prompts", "those with new recordings"):
        for recall, a in result[kind].items():
            print(f"{kind}, recall {recall}: false alarms an hour {a['one']:.1f} at one threshold ({a['threshold']:.2f}), {a['own']:.1f} at thresholds of their own; by prompt {dict((k, v) for k, v in a['together'].items() if v)}")


def main(graphs):
    torch.set_num_threads(1)
    results = {"folds": measures({s: fold_vectors(s) for s in SETS})}
    for path in graphs:
        results[path] = measures({s: audio_pool.heard(s, Session(path))[0] for s in SETS})
    for title, result in results.items():
        report(title, result)
    (OUT / "audio_measures.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main(sys.argv[2:])
