"""The labelled pictures and regions as training and test rows, by a fixed split: a fifth of the pictures is never trained on.

Footage is all for training; the test cameras are others. The test holds no region that the detector is not sure of.
"""
import io
import json
import tarfile
import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image

import picture_classes
from paths import DATA, OUT

SURE = 0.45  # detector score of what is taken for true
SCENERY = {"alp", "cliff", "coral reef", "lakeside", "seashore", "dam", "thatch", "cliff dwelling", "picket fence", "chain", "spider web"}


class Row(NamedTuple):
    """A picture: where it is, the concept it shows (None: nothing that is known), how much it counts, whether it shows nothing at all, how it was labelled."""

    set: str
    index: int
    concept: str | None
    weight: float
    empty: bool
    kind: str


def held_out(group):
    return zlib.crc32(group.encode()) % 5 == 0


def tiny():
    """Tiny ImageNet: pictures uint8 [32000, 64, 64, 3] and, for each, (wnid, first name, file)."""
    cache = OUT / "tiny.npz"
    if not cache.exists():
        pictures, ids = [], []
        with tarfile.open(DATA / "images" / "imagenet64.tar") as tar:
            for member in sorted((m for m in tar.getmembers() if m.name.endswith(".JPEG")), key=lambda m: m.name):
                pictures.append(np.asarray(Image.open(io.BytesIO(tar.extractfile(member).read())).convert("RGB")))
                ids.append(member.name)
            names = json.load(tar.extractfile(next(m for m in tar.getmembers() if m.name.endswith("classes.json"))))
        np.savez(cache, pictures=np.stack(pictures), ids=np.array(ids), names=json.dumps({k: v["names"][0] for k, v in names.items()}))
    data = np.load(cache)
    names = json.loads(str(data["names"]))
    return data["pictures"], [(i.split("/")[0], names[i.split("/")[0]], i) for i in data["ids"]]


def rows():
    """Pictures by set, training rows and test rows."""
    small, ids = tiny()
    regions, about = np.load(OUT / "regions.npy", mmap_mode="r"), json.loads((OUT / "regions.json").read_text())
    train, test = [], []
    for i, (wnid, name, file) in enumerate(ids):
        concept = picture_classes.of_imagenet(wnid, name)
        if concept != "-":
            row = Row("tiny", i, concept, 1.0 if concept else 0.5, name in SCENERY, "whole")
            (test if held_out(file) else train).append(row)
    with tarfile.open(DATA / "images" / "everyday160.tar") as tar:
        labels = json.load(tar.extractfile(next(m for m in tar.getmembers() if m.name.endswith("labels.json"))))
    for i, row in enumerate(about):
        if row["kind"] == "whole":
            concept = picture_classes.of_imagenet(row["label"], labels[row["group"]]["label"])
        else:
            concept = None if row["kind"] == "nothing" else picture_classes.of_coco(row["label"])
        if concept != "-":
            weight = min(1.0, row["score"] / SURE) if concept or row["kind"] == "nothing" else 0.5
            line = Row("regions", i, concept, weight, row["kind"] == "nothing", row["kind"])
            if not held_out(row["group"]) or row["set"] == "footage":
                train.append(line)
            elif row["score"] >= SURE:
                test.append(line)
    return {"tiny": small, "regions": regions}, train, test, about
