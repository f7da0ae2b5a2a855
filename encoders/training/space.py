"""The shared space fusiond-embedded-1: where each concept of concepts.txt lies.

192 axes: principal axes of the mean-centred CLIP text vectors of 1 695 names, half whitened (each divided by the square root of its
spread), so that kinds of animal or vehicle stand further apart than in CLIP. 63 axes: directions of the concepts' own, random
by the concept's name. 1 axis, the last: nothing happens. No concept has a part in it.
"""
import hashlib
import json
import re

import numpy as np

from paths import DATA, HERE

SPACE, DIMENSIONS, SHARED = "fusiond-embedded-1", 256, 192
NOTHING = np.eye(DIMENSIONS, dtype=np.float32)[-1]


def unit(v):
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def anchors():
    """name -> unit [256] in the shared axes."""
    names = json.loads((DATA / "anchors" / "names_merged.json").read_text())
    vectors = np.load(DATA / "anchors" / "vectors_merged_f32.npy").astype(np.float64)
    centred = vectors - vectors.mean(0)
    _, spread, axes = np.linalg.svd(centred, full_matrices=False)
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
    z = centred @ axes[:SHARED].T / np.sqrt(spread[:SHARED])
    return dict(zip(names, np.pad(unit(z), ((0, 0), (0, DIMENSIONS - SHARED)))))


def own(name):
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    v = np.zeros(DIMENSIONS)
    v[SHARED:-1] = unit(np.random.RandomState(seed).randn(DIMENSIONS - SHARED - 1))
    return v


def concepts():
    """Rows of concepts.txt in order: {name, kind, vector [256] unit float64, phrases}."""
    known, found = anchors(), {}
    for number, line in enumerate((HERE / "concepts.txt").read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, kind, terms, phrases = (part.strip() for part in line.split("|"))
        shared, share = np.zeros(DIMENSIONS), 0.5
        for term in terms.split(","):
            word, _, weight = term.strip().partition("*")
            weight = float(weight or 1.0)
            if word == "own":
                share = weight
            elif word.startswith("@"):
                shared += weight * found[word[1:]]["vector"]
            elif weight > 0 and word not in known:
                raise SystemExit(f"concepts.txt:{number}: no anchor '{word}'")
            elif weight > 0:
                shared += weight * known[word]
        vector = unit(unit(shared) + share * own(name))
        found[name] = {"name": name, "kind": kind, "vector": vector, "phrases": [p.strip() for p in re.split(";", phrases) if p.strip()]}
    return list(found.values())
