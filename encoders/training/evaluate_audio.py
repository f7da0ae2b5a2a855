"""Scores a sound tower: `evaluate_audio.py cv` the heads of train_audio.py, each on its own fold; `evaluate_audio.py PACK` an exported pack.

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

import space
from audio_classes import CONCEPT
from audio_data import labels
from paths import OUT
from session import Session

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


def session_vectors(graph, windows, batch=32):
    session = Session(graph)
    return {k: session.batches(w.astype(np.float32), batch) for k, w in windows.items()}


def main(what):
    torch.set_num_threads(1)
    fold = np.array([int(row["fold"]) for row in labels()])
    if what != "cv":
        pack = Path(what)
        vectors = session_vectors(pack / "audio.onnx", np.load(OUT / "evaluation.npz"))
        result, each, _ = scores(vectors, text_vectors(pack), range(len(fold)))
        print(json.dumps({k: round(float(v), 3) for k, v in result.items()}), each)
        return
    text, rows, per = text_vectors(), [], []
    for path in sorted(OUT.glob("audio_head_?_?.pt")):
        vectors, held = head_vectors(path), int(path.stem.split("_")[2])
        result, each, _ = scores(vectors, text, [i for i in range(len(fold)) if fold[i] == held])
        rows.append(result), per.append(each)
    report(rows, per)


def report(rows, per):
    for key in rows[0]:
        values = np.array([r[key] for r in rows])
        print(f"{key:22s} {values.mean():.3f} ± {values.std():.3f}  ({len(values)} runs)")
    each = {c: round(float(np.mean([p[c] for p in per if c in p])), 2) for c in CLASSES}
    print(dict(sorted(each.items(), key=lambda kv: kv[1])))


def head_vectors(path):
    """What the frozen body with one head says of the evaluation windows."""
    from audio_model import Head, label_table

    features, head = evaluation_features(), Head(label_table()).eval()
    head.load_state_dict(torch.load(path))
    with torch.no_grad():
        return {k: head(torch.from_numpy(features[k + "_x"]), torch.from_numpy(features[k + "_l"])).numpy() for k in SETS}


def fold_vectors():
    """held-out fold -> vectors of the evaluation sets by the first seed's head that never heard it."""
    return {f: head_vectors(OUT / f"audio_head_{f}_0.pt") for f in range(5)}


def evaluation_features():
    cache = OUT / "evaluation_features.npz"
    if not cache.exists():
        from audio_model import AudioTower

        features, out, windows = AudioTower().eval().fast_features(), {}, np.load(OUT / "evaluation.npz")
        for k in windows.files:
            w = windows[k]
            with torch.no_grad():
                done = [features(torch.from_numpy(w[i : i + 64].astype(np.float32))) for i in range(0, len(w), 64)]
            out[k + "_x"], out[k + "_l"] = (torch.cat([d[j] for d in done]).numpy() for j in (0, 1))
        np.savez(cache, **out)
    return np.load(cache)


if __name__ == "__main__":
    main(sys.argv[1])
