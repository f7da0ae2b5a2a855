"""From the labels of pictures and regions to concepts."""
import re

import space
from paths import HERE

COCO = {
    "cell phone": "telephone", "remote": "remote control", "couch": "sofa", "dining table": "table", "tv": "television", "mouse": "computer mouse",
    "potted plant": "flower", "sports ball": "ball", "hair drier": "hair dryer",
}


def _table():
    names, ranges, concept_of = {c["name"] for c in space.concepts()} | {"-"}, [], {}
    for line in (HERE / "picture_labels.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            concept, _, labels = line.partition(": ")
            if concept not in names:
                raise SystemExit(f"picture_labels.txt: no concept '{concept}'")
            for label in labels.split("; "):
                span = re.fullmatch(r"(n\d{8})(?:-(n\d{8}))?", label)
                if span:
                    ranges.append((span[1], span[2] or span[1], concept))
                else:
                    concept_of[label] = concept
    return ranges, concept_of


RANGES, BY_NAME = _table()


def of_imagenet(wnid, first_name):
    """The concept of an ImageNet class, None if the vocabulary has none, "-" if it is to be left out."""
    if first_name in BY_NAME:
        return BY_NAME[first_name]
    return next((c for a, b, c in reversed(RANGES) if a <= wnid <= b), None)


def of_coco(name):
    return COCO.get(name, name)
