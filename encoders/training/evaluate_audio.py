"""Scores sound towers: `evaluate_audio.py cv` those of train_audio.py, each on its own fold; `evaluate_audio.py PACK` an exported pack.

All towers hear the same windows. Whole clip: windows every 0.5 s; a prompt's score is the mean of its two best windows (max2) or of all
(mean); the answer is the best of the 48 classes' prompts. Recall is averaged over classes with at least 5 recordings.
"""
import base64
import collections
import json
import sys
from pathlib import Path

import numpy as np
import torch

import audio_windows
import space
from audio_augment import SAMPLES
from audio_classes import CONCEPT
from audio_data import labels
from audio_model import AudioTower
from paths import OUT
from session import Session
from train_audio import SEEDS
from write_graph import write_graph

CLASSES = sorted(CONCEPT)
SETS = ("whole", "loud", "noisy0", "noisy10", "nothing")


def text_vectors(pack=None):
    """[48, 256]: the prompts of the classes, from concepts.txt or from a pack's own vocabulary."""
    if pack is None:
        known = {c["name"]: c["vector"] for c in space.concepts()}
        return np.stack([known[CONCEPT[c]] for c in CLASSES])
    table = json.loads((pack / "text.json").read_text())
    raw = np.frombuffer(base64.b64decode(table["vectors"]), np.int8).reshape(-1, table["dimensions"]).astype(np.float64)
    known = dict(zip(table["phrases"], space.unit(raw)))
    return np.stack([known.get(c.replace("_", " "), known.get(CONCEPT[c])) for c in CLASSES])


def large():
    recordings = collections.defaultdict(set)
    for row in labels():
        recordings[row["label"]].add(row["source_id"])
    return [c for c in CLASSES if len(recordings[c]) >= 5]


def recalls(answers, truth, keep):
    """Per class, over the clips in keep."""
    return {c: float(np.mean([answers[i] == CLASSES.index(c) for i in keep if truth[i] == c])) for c in CLASSES if any(truth[i] == c for i in keep)}


def scores(vectors, text, keep):
    """Every measure of one tower on the clips in keep. vectors: evaluation set name -> [N, 256]."""
    truth, big = [row["label"] for row in labels()], large()
    whole = (vectors["whole"] @ text.T).reshape(len(truth), -1, len(CLASSES))
    answers = {
        "whole_max2": np.sort(whole, 1)[:, -2:].mean(1).argmax(1),
        "whole_mean": whole.mean(1).argmax(1),
        "loud": (vectors["loud"] @ text.T).argmax(1),
    }
    out = {}
    for name, answer in answers.items():
        each = recalls(answer, truth, keep)
        out[name] = np.mean([each[c] for c in big if c in each])
        out[name + "_accuracy"] = np.mean([answer[i] == CLASSES.index(truth[i]) for i in keep])
    for db in ("noisy0", "noisy10"):
        both = (vectors[db] @ text.T).reshape(len(truth), 2, -1).argmax(2)
        out[db] = np.mean([np.mean([recalls(both[:, k], truth, keep)[c] for c in big if c in recalls(both[:, k], truth, keep)]) for k in (0, 1)])
    right = np.array([whole[i, :, CLASSES.index(truth[i])].max() for i in keep])
    idle = (vectors["nothing"] @ text.T).max(1)
    out["cosine_right"], out["cosine_nothing_p99"] = right.mean(), np.percentile(idle, 99)
    out["auc_any_prompt"] = auc(np.array([whole[i].max() for i in keep]), idle)
    return out, recalls(answers["whole_max2"], truth, keep), answers


def auc(positive, negative):
    order = np.sort(negative)
    return float(np.mean((np.searchsorted(order, positive, "left") + np.searchsorted(order, positive, "right")) / 2 / len(order)))


def session_of(fold, seed):
    """The tower that never heard the fold, as the daemon would run it."""
    path = OUT / f"audio_fold_{fold}_{seed}.onnx"
    if not path.exists():
        tower = AudioTower()
        tower.load_state_dict(torch.load(OUT / f"audio_tower_{fold}_{seed}.pt"))
        write_graph(tower, torch.zeros(2, SAMPLES), path, "pcm")
    return Session(path)


def fold_vectors(seed=0):
    """Held-out fold -> vectors of the evaluation sets by the tower of that seed that never heard it. Cached."""
    out = {}
    for fold in range(5):
        cache = OUT / f"audio_vectors_{fold}_{seed}.npz"
        if not cache.exists():
            np.savez(cache, **{k: v.astype(np.float16) for k, v in said(session_of(fold, seed)).items()})
        saved = np.load(cache)
        out[fold] = {k: saved[k].astype(np.float32) for k in saved.files}
    return out


def said(session):
    """The vectors of the evaluation windows: set -> [N, 256]."""
    windows = audio_windows.evaluation()
    return {k: session.batches(windows[k].astype(np.float32), 32) for k in SETS}


def report(rows, per):
    for key in rows[0]:
        values = np.array([r[key] for r in rows])
        print(f"{key:22s} {values.mean():.3f} ± {values.std():.3f}  ({len(values)} runs)")
    each = {c: round(float(np.mean([p[c] for p in per if c in p])), 2) for c in CLASSES}
    print(dict(sorted(each.items(), key=lambda kv: kv[1])))


def interval(seed=0, draws=1000):
    """95 % of the macro recalls of one seed's five folds together, resampled by recording: whole clip and 0 dB."""
    rows, text, sets = labels(), text_vectors(), fold_vectors(seed)
    answers = {"whole": np.zeros((len(rows), 1), int), "noisy0": np.zeros((len(rows), 2), int)}
    for fold, v in sets.items():
        mine = np.array([int(r["fold"]) == fold for r in rows])
        whole = np.sort((v["whole"] @ text.T).reshape(len(rows), -1, len(CLASSES)), 1)[:, -2:].mean(1).argmax(1)
        answers["whole"][mine] = whole[mine, None]
        answers["noisy0"][mine] = (v["noisy0"] @ text.T).argmax(1).reshape(-1, 2)[mine]
    recordings, rng, out = collections.defaultdict(lambda: collections.defaultdict(list)), np.random.default_rng(0), {}
    for i, r in enumerate(rows):
        recordings[r["label"]][r["source_id"]].append(i)
    for name, answer in answers.items():
        right = {c: [np.mean([(answer[i] == CLASSES.index(c)).mean() for i in m]) for m in recordings[c].values()] for c in large()}
        drawn = [np.mean([np.mean(rng.choice(v, len(v))) for v in right.values()]) for _ in range(draws)]
        out[name] = [round(float(q), 3) for q in np.percentile(drawn, [2.5, 97.5])]
    return out


def main(what):
    torch.set_num_threads(1)
    fold, text = np.array([int(row["fold"]) for row in labels()]), text_vectors(None if what == "cv" else Path(what))
    if what != "cv":
        result, each, _ = scores(said(Session(Path(what) / "audio.onnx")), text, range(len(fold)))
        print(json.dumps({k: round(float(v), 3) for k, v in result.items()}), each)
        return
    rows, per = [], []
    for seed in range(SEEDS):
        for held, vectors in fold_vectors(seed).items():
            result, each, _ = scores(vectors, text, [i for i in range(len(fold)) if fold[i] == held])
            rows.append(result), per.append(each)
    report(rows, per)
    print("95 %, by recording, first seed", interval())


if __name__ == "__main__":
    main(sys.argv[1])
