"""What a tower says of cameras that it never met: `evaluate_footage.py` (the heads of the folds), or `evaluate_footage.py PACK` (all by one tower).

Of regions that the daemon's gate cut from footage/ and of regions2/: person or not (AUC); share of crops of nothing that are given one of
eight names at a threshold that finds so many of the named; and, with a calibration fitted to the same vectors, how often twenty rules
`see: NAME` of confidence 0.7 (two best looks within 5 s, 10 s of rest) would tell what cannot be there, and what can.
"""
import collections
import json
import sys
from pathlib import Path

import numpy as np

import calibrate
import evaluate_image
import image_crossfit
import image_scenes as scenes
import image_views
import space
from evaluate_audio import auc
from paths import OUT

NAMES = "person car truck bus motorcycle bicycle train boat dog cat bird horse sheep cow bear backpack suitcase bottle chair umbrella".split()
EIGHT = "person car truck bus motorcycle bicycle dog cat".split()
PRIOR, CONFIDENCE, WITHIN_MS, REST_MS, LIMIT = 0.05, 0.7, 5000, 10_000, 8


def vectors_of(sets, pack):
    """Vectors of the gate's regions (as it cuts them, 1.5 times as large, and the mean direction of both, which is what the daemon has), of
    regions2, and of the held-out old regions with their names."""
    if pack is None:
        known = image_crossfit.heads()
        seen = lambda name, rows: image_crossfit.by_fold(known, image_views.features(name, 0), [r["group"] for r in rows], np.array([r.get("how") == "evaluation" for r in rows]))
        old, test = image_crossfit.old(known)
    else:
        run, side, _ = evaluate_image.pack_tower(pack)
        seen = lambda name, rows: run(np.stack([image_views.resized(p) for p in image_views.pictures(name)]))
        test = [r for r in image_crossfit.image_sets.rows()[2] if r.set == "regions"]
        old = run(np.stack([image_views.resized(p) for p in image_views.pictures("large", [r.index for r in test])]))
    near, wide = (seen(n, sets["gate"]) for n in ("gate_96", "gate_x15"))
    both = (near + wide) / np.linalg.norm(near + wide, axis=1, keepdims=True)
    return {"near": near, "wide": wide, "both": both}, seen("regions2", sets["regions2"]), old, [r.concept or "nothing" for r in test]


def only(rows):
    """The name of each row that has but one, else ""."""
    return np.array([r["allow"][0] if r["allow"] and len(r["allow"]) == 1 else "" for r in rows])


def log_ratios(vectors, quality, a, b, concepts):
    """[N, 20] as fusion/scorer.ts has them without a cohort."""
    prompts = np.stack([concepts[n] for n in NAMES])
    all_ = np.stack(list(concepts.values()))
    of = lambda rows: quality[:, None] * np.clip(a * (vectors @ rows.T) + b, -LIMIT, LIMIT)
    return of(prompts) - np.log1p(np.exp(of(all_)) @ np.clip(1 - prompts @ all_.T, 0, 1).T / len(all_))


def incidents(rows, llr):
    """(what cannot be there, by name; what can; in cameras for evaluation only: what cannot)."""
    files, wrong, right, elsewhere = collections.defaultdict(list), collections.Counter(), 0, 0
    for i, row in enumerate(rows):
        if row["due"] and row["gate"] == "open":
            files[row["file"]].append(i)
    for mine in files.values():
        camera, at = rows[mine[0]]["group"], np.array([rows[i]["at_ms"] for i in mine])
        possible = rows[mine[0]]["place_names"]
        for k, name in enumerate(NAMES):
            quiet_until = -1
            for now in np.unique(at):
                looks = collections.defaultdict(list)
                for i, t in zip(mine, at):
                    if now - WITHIN_MS <= t <= now and llr[i, k] > 0:
                        looks[t].append(llr[i, k])
                best = sorted(max(v) for v in looks.values())[-2:]
                if now >= quiet_until and len(best) == 2 and 1 / (1 + np.exp(-(np.mean(best) + np.log(PRIOR / (1 - PRIOR))))) >= CONFIDENCE:
                    quiet_until = now + REST_MS
                    right += name in possible
                    if name not in possible:
                        elsewhere += camera not in scenes.CAMERAS
                        wrong[name] += camera in scenes.CAMERAS
    return wrong, right, elsewhere


def main(pack=None):
    sets, concepts = json.loads((OUT / "more.json").read_text()), {c["name"]: c["vector"] for c in space.concepts()}
    crops, more, old, shown = vectors_of(sets, pack)
    rows, gate = sets["gate"], crops["both"]
    name, name2, moved = only(rows), only(sets["regions2"]), np.array([r["track"] >= 0 and r["how"] != "evaluation" for r in rows])
    person, other = moved & (name == "person"), moved & (name != "") & (name != "person")
    for kind, v in crops.items():
        print(f"person or not, gate's regions of cameras not met, {kind}: AUC {auc(v[person] @ concepts['person'], v[other] @ concepts['person']):.4f} ({person.sum()} / {other.sum()})")

    eight = np.stack([concepts[n] for n in EIGHT])
    found = [
        np.where((said := v[k] @ eight.T).argmax(1) == (want := np.array([EIGHT.index(n) for n in names[k]])), said[np.arange(len(want)), want], -1)
        for v, names, k in ((gate, name, moved & np.isin(name, EIGHT)), (more, name2, np.isin(name2, EIGHT)))
    ]
    empty = np.concatenate([(v @ eight.T).max(1) for v in (gate[moved & (name == "nothing")], more[name2 == "nothing"])])
    for recall in (0.5, 0.6, 0.7):
        print(f"one of {len(EIGHT)} names given to nothing at recall {recall}: {(empty >= np.quantile(np.concatenate(found), 1 - recall)).mean():.4f} of {len(empty)}")

    truth = [*shown, *name[name != ""], *name2[name2 != ""]]
    names = list(concepts)
    all_ = np.concatenate([old, gate[name != ""], more[name2 != ""]])
    a, b = calibrate.fit(*calibrate.pairs(all_, np.array([names.index(n) if n != "nothing" else -1 for n in truth]), np.stack(list(concepts.values()))))
    quality = np.array([r["quality"] for r in rows])
    wrong, right, elsewhere = incidents(rows, log_ratios(gate, quality, a, b, concepts))
    print(f"incidents of {len(NAMES)} rules at confidence {CONFIDENCE}: {sum(wrong.values())} wrong {dict(wrong.most_common(6))}, {right} possible; {elsewhere} wrong on cameras for evaluation only")

    enough = np.log(CONFIDENCE / (1 - CONFIDENCE)) - np.log(PRIOR / (1 - PRIOR))
    part, named = moved & np.array([r["allow"] == scenes.PART for r in rows]), moved & (name != "")
    for kind, v in crops.items():
        llr = log_ratios(v, quality, a, b, concepts)
        found = {n: (llr[named & (name == n), k] > np.quantile(llr[named & (name != n), k], 0.99)).mean() for k, n in enumerate(NAMES[:2])}
        limbs = (llr[part, 0] > np.quantile(llr[other, 0], 0.99)).mean()
        print(f"{kind}: at 1 % false: people {found['person']:.3f}, arms and legs {limbs:.3f}, cars {found['car']:.3f}")
        share = lambda k: (f"{(llr[k, 0] > enough).mean():.3f}", f"{(llr[k, 1:] > enough).any(1).mean():.3f}")
        print(f"{kind}: told as a person, as anything else, in one look: whole people {share(person)}, parts {share(part)}, nothing {share(moved & (name == 'nothing'))}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
