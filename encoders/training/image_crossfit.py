"""What towers say that never met the camera: `image_crossfit.py`, after image_heads.py. For calibration, and for an honest look at a pack.

Out: crossfit_image.npz (vectors float32 [N, 256], stream, at_ms, track, place and holds_ms int32 [N], quality float32 [N]) and crossfit_image_streams.json,
by stream {id, recording, kind, labels, possible?, absent?, goes_on?, seconds, evaluation_only?}. kind "ordinary": what a camera with the default gate
tells of a clip of footage after a minute, what moves and the places that it scans, in which nothing but `possible` is true and nothing of
`absent`: somebody looked for it; "clip": a region, a track, or all of a clip, that shows its labels. Pictures of image_data.py are those of the held-out
fifth, by the tower that ships; cameras for evaluation only are by that tower, too.
"""
import collections
import csv
import json

import numpy as np
import torch

import image_scenes as scenes
import image_sets
import image_views
from image_heads import FOLDS, fold_of
from image_model import ImageTower
from paths import DATA, OUT

SHIPPED = -1
SCAN_RATE = 6  # places a second that a camera looks at by default: a look stands for its place until it is looked at again


def heads():
    """Fold -> features to unit vectors; SHIPPED: the head that met everything but the held-out fifth."""
    def of(weights):
        tower = ImageTower()
        tower.load_state_dict(weights, strict=False)
        tower.eval()
        return lambda x: tower.head(torch.from_numpy(np.asarray(x, np.float32))).detach().numpy()

    return {fold: of(torch.load(OUT / ("image_tower.pt" if fold == SHIPPED else f"image_head_{fold}.pt"))) for fold in (*range(FOLDS), SHIPPED)}


def by_fold(known, features, groups, shipped=None):
    """A vector for each row by the head that did not meet its group; by the shipped one where shipped says so."""
    fold = np.array([fold_of(g) for g in groups])
    fold = np.where(shipped, SHIPPED, fold) if shipped is not None else fold
    out = np.zeros((len(fold), 256), np.float32)
    for k in np.unique(fold):
        out[fold == k] = known[k](features[fold == k])
    return out


def footage(known, rows):
    """Vectors of what the gate cut, in the order of more.json: as the daemon has them, the mean of the square and of one half as large again."""
    return both(known, "gate_96", "gate_x15", rows)


def scanned(known, rows):
    """Vectors of places, in the order of more.json."""
    return both(known, "scan_96", "scan_x15", rows)


def both(known, near, wide, rows):
    total = seen(known, near, rows) + seen(known, wide, rows)
    return total / np.linalg.norm(total, axis=1, keepdims=True)


def seen(known, name, rows):
    return by_fold(known, image_views.features(name, 0), [r["group"] for r in rows], np.array([r["how"] == "evaluation" for r in rows]))


def old(known):
    """Vectors of held-out regions as they are, and their rows of image_sets.py."""
    places = {i: k for k, i in enumerate(image_views.indices()["large"])}
    test = [r for r in image_sets.rows()[2] if r.set == "regions" and r.index in places]
    return known[SHIPPED](image_views.features("large", 0)[[places[r.index] for r in test]]), test


def certain():
    """Vectors of regions of footage and of regions2 that show one thing, or nothing, for certain, by heads that did not meet the camera; and the name."""
    known, sets = heads(), json.loads((OUT / "more.json").read_text())
    rows = sets["gate"] + sets["regions2"]
    vectors = np.concatenate([footage(known, sets["gate"]), by_fold(known, image_views.features("regions2", 0), [r["group"] for r in sets["regions2"]])])
    mine = [i for i, r in enumerate(rows) if r["allow"] and len(r["allow"]) == 1]
    return vectors[mine], [rows[i]["allow"][0] for i in mine]


def main():
    known, sets = heads(), json.loads((OUT / "more.json").read_text())
    with open(DATA / "footage" / "footage.csv") as table:
        seconds = {row["file"].removeprefix("nc/"): float(row["seconds"]) for row in csv.DictReader(table)}
    streams, out = [], collections.defaultdict(list)
    places = collections.Counter(group for group, _ in {(row["group"], row["place"]) for row in sets["scan"]})

    def clip(vectors, labels, looks=None, **about):
        streams.append({**about, "labels": labels})
        for k, vector in enumerate(vectors):
            look = looks[k] if looks else {"at_ms": 0, "track": 0, "quality": 1.0}
            holds = places[look["group"]] * 1000 / SCAN_RATE if "place" in look and not look["moving"] else 0
            for name, value in (("vectors", vector), ("stream", len(streams) - 1), ("place", look.get("place", -1)), ("holds_ms", holds), *((n, look[n]) for n in ("at_ms", "track", "quality"))):
                out[name].append(value)

    rows = sets["gate"] + sets["scan"]
    vectors, there = np.concatenate([footage(known, sets["gate"]), scanned(known, sets["scan"])]), scenes.seen()
    files, tracks, certain = collections.defaultdict(list), collections.defaultdict(list), collections.defaultdict(set)
    for i, row in enumerate(rows):
        name = row["allow"][0] if row["allow"] and len(row["allow"]) == 1 and row["allow"] != scenes.NOTHING else None
        if name and row["how"] != "scan":
            certain[row["file"]].add(name)
        if row["due"] and row["gate"] == "open":
            files[row["file"]].append(i)
            if row["track"] >= 0 and name:
                tracks[row["file"], row["track"], name].append(i)
    begun = set()
    for file, mine in sorted(files.items(), key=lambda one: (rows[one[1][0]]["group"], rows[one[1][0]]["camera_ms"])):
        mine, camera = sorted(mine, key=lambda i: rows[i]["at_ms"]), rows[mine[0]]["group"]
        about = {
            "recording": camera, "labels": sorted(certain[file] | set(there[file])), "possible": sorted({*scenes.place(camera, there[file]), *certain[file]}),
            "absent": sorted(set(scenes.LOOKED_FOR) - certain[file] - set(there[file])), "seconds": seconds[file], "evaluation_only": camera not in scenes.CAMERAS,
        }
        clip(vectors[mine], looks=[{**rows[i], "at_ms": rows[i]["camera_ms"]} for i in mine], id=file, kind="ordinary", goes_on=camera in begun, **about)
        begun.add(camera)
        if there[file]:
            clip(vectors[mine], looks=[rows[i] for i in mine], id=f"{file}#", kind="clip", **{**about, "labels": there[file]})
    for (file, track, name), mine in tracks.items():
        looks = [rows[i] for i in mine]
        clip(vectors[mine], [name], looks, id=f"{file}#{track}", recording=looks[0]["group"], kind="clip", seconds=(looks[-1]["at_ms"] - looks[0]["at_ms"]) / 1000)
    more = by_fold(known, image_views.features("regions2", 0), [r["group"] for r in sets["regions2"]])
    for row, vector in zip(sets["regions2"], more):
        if row["allow"] and len(row["allow"]) <= 2:
            clip([vector], [n for n in row["allow"] if n != "nothing"], id=f"regions2/{row['file']}", recording=row["group"], kind="clip", seconds=0.0)
    about = json.loads((OUT / "regions.json").read_text())
    for vector, row in zip(*old(known)):
        clip([vector], [row.concept] if row.concept else [], id=f"regions/{row.index}", recording=about[row.index]["group"], kind="clip", seconds=0.0)
    kinds = {"vectors": np.float32, "stream": np.int32, "at_ms": np.int32, "track": np.int32, "place": np.int32, "holds_ms": np.int32, "quality": np.float32}
    np.savez(OUT / "crossfit_image.npz", **{name: np.array(out[name], kind) for name, kind in kinds.items()})
    (OUT / "crossfit_image_streams.json").write_text(json.dumps(streams))
    print(len(out["stream"]), "looks of", dict(collections.Counter(s["kind"] for s in streams)))


if __name__ == "__main__":
    main()
