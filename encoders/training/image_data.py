"""Cuts pictures and footage into labelled square regions of 128 px, once.

Out: regions.npy uint8 [N, 128, 128, 3] and regions.json, one row each: {set, group, label, kind, score}. `kind` is box (a region
drawn by people), whole (the middle square of a labelled picture), teacher (a region the detector found) or nothing (a square where it
sees nothing at all); `score` is the detector's, else 1. A split goes by `group`: the picture, or the footage.
"""
import io
import json
import random
import subprocess
import tarfile

import numpy as np
import torch
from PIL import Image

import image_sets
from detector import Detector, inside
from image_sets import SURE
from paths import DATA, OUT

SIDE = 128
FOOTAGE = {"car-detection.mp4": (3, "car"), "one-by-one-person-detection.mp4": (2, "person"), "bottle-detection.mp4": (1, "bottle")}  # frames a second, what is in it
LIKELY = 0.2  # detector score of what is at least trained on, with less weight than what it is sure of


def square(picture, box, margin=0.1):
    """The square around a box, uint8 [128, 128, 3], edge pixels repeated outside the picture."""
    height, width = picture.shape[:2]
    side = max(box[2] - box[0], box[3] - box[1]) * (1 + 2 * margin)
    side = max(8, min(side, max(height, width)))
    left, top = (box[0] + box[2] - side) / 2, (box[1] + box[3] - side) / 2
    ys = np.clip(np.arange(round(top), round(top + side)), 0, height - 1)
    xs = np.clip(np.arange(round(left), round(left + side)), 0, width - 1)
    return np.asarray(Image.fromarray(picture[ys][:, xs]).resize((SIDE, SIDE), Image.BILINEAR))


def empty_squares(picture, boxes, count, seed):
    """Random squares that touch no box at all."""
    height, width = picture.shape[:2]
    dice, found = random.Random(seed), []
    for _ in range(count * 8):
        side = dice.uniform(0.08, 0.45) * min(height, width)
        x, y = dice.uniform(0, width - side), dice.uniform(0, height - side)
        spot = (x, y, x + side, y + side)
        if side >= 16 and not any(inside(spot, b) > 0.02 or inside(b, spot) > 0.15 for b in boxes):
            found.append(spot)
        if len(found) == count:
            break
    return found


class Regions:
    def __init__(self):
        self.pictures, self.rows = [], []

    def add(self, picture, box, set_, group, label, kind, score=1.0):
        if max(box[2] - box[0], box[3] - box[1]) >= 14:
            self.pictures.append(square(picture, box, 0.0 if kind in ("nothing", "whole") else 0.1))
            self.rows.append({"set": set_, "group": group, "label": label, "kind": kind, "score": round(score, 3)})

    def save(self):
        np.save(OUT / "regions.npy", np.stack(self.pictures))
        (OUT / "regions.json").write_text(json.dumps(self.rows))


def coco(regions, detector):
    folder = DATA / "images" / "coco128"
    truth = json.loads((folder / "boxes.json").read_text())
    for file in sorted(folder.glob("*.jpg")):
        picture = np.asarray(Image.open(file).convert("RGB"))
        boxes = truth.get(file.name, {"boxes": []})["boxes"]
        for box in boxes:
            regions.add(picture, box, "coco128", file.name, box[4], "box")
        seen = detector(picture, 0.05)
        for spot in empty_squares(picture, [b[:4] for b in boxes] + [s[:4] for s in seen], 24, file.name):
            regions.add(picture, spot, "coco128", file.name, "nothing", "nothing")


def everyday(regions, detector):
    with tarfile.open(DATA / "images" / "everyday160.tar") as tar:
        labels = None
        members = [m for m in tar.getmembers() if m.isfile()]
        labels = json.load(tar.extractfile(next(m for m in members if m.name.endswith("labels.json"))))
        for member in sorted((m for m in members if m.name in labels), key=lambda m: m.name):
            picture = np.asarray(Image.open(io.BytesIO(tar.extractfile(member).read())).convert("RGB"))
            height, width = picture.shape[:2]
            side, wnid = min(height, width), labels[member.name]["wnid"]
            middle = ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)
            regions.add(picture, middle, "everyday160", member.name, wnid, "whole")
            for box in detector(picture, LIKELY):
                regions.add(picture, box, "everyday160", member.name, box[4], "teacher", box[5])


def small(regions, detector, across=4, tile=104):
    """What the detector finds in the small pictures, sixteen of them at a time, enlarged; only in those that are trained on."""
    pictures, about = image_sets.tiny()
    mine = [i for i, (_, _, file) in enumerate(about) if not image_sets.held_out(file)]
    for start in range(0, len(mine), across * across):
        some = mine[start : start + across * across]
        sheet = np.full((across * tile, across * tile, 3), 114, np.uint8)
        for k, i in enumerate(some):
            y, x = k // across * tile, k % across * tile
            sheet[y + 2 : y + tile - 2, x + 2 : x + tile - 2] = np.asarray(Image.fromarray(pictures[i]).resize((tile - 4, tile - 4), Image.BILINEAR))
        for box in detector(sheet, LIKELY):
            column, row = (int((box[k] + box[k + 2]) / 2 // tile) for k in (0, 1))
            if row * across + column < len(some):
                i, scale = some[row * across + column], 64 / (tile - 4)
                spot = [min(64.0, max(0.0, (box[k] - 2 - tile * (column, row)[k % 2]) * scale)) for k in range(4)]
                regions.add(pictures[i], spot, "tiny", about[i][2], box[4], "teacher", box[5])


def moving(picture, still, cell=12, least=18.0):
    """Boxes around what differs from the still scene: connected cells of 12 px, four of them at least."""
    rows, columns = picture.shape[0] // cell, picture.shape[1] // cell
    change = np.abs(picture.astype(np.int16) - still).mean(2)[: rows * cell, : columns * cell]
    busy = {(y, x) for y, x in zip(*np.where(change.reshape(rows, cell, columns, cell).mean((1, 3)) > least))}
    boxes = []
    while busy:
        part, edge = [], [busy.pop()]
        while edge:
            y, x = edge.pop()
            part.append((y, x))
            near = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & busy
            busy -= near
            edge += near
        ys, xs = [p[0] for p in part], [p[1] for p in part]
        if len(part) >= 4:
            boxes.append((min(xs) * cell, min(ys) * cell, (max(xs) + 1) * cell, (max(ys) + 1) * cell))
    return boxes


def footage(regions, detector):
    """The cars are seen from straight above, which the detector takes for telephones: what moves there is a car."""
    for name, (fps, concept) in FOOTAGE.items():
        command = ["ffmpeg", "-v", "error", "-i", str(DATA / "video" / name), "-vf", f"fps={fps},scale=768:432", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
        raw = subprocess.run(command, capture_output=True, check=True).stdout
        frames = np.frombuffer(raw, np.uint8).reshape(-1, 432, 768, 3)
        still = np.median(frames[:: max(1, len(frames) // 40)], 0)
        for i, picture in enumerate(frames):
            moved = moving(picture, still)
            seen = detector(picture, 0.04)
            things = [b for b in moved if min(b[2] - b[0], b[3] - b[1]) >= 36] if concept == "car" else [b for b in seen if b[5] >= SURE and b[4] == concept]
            for box in things:
                regions.add(picture, box, "footage", name, concept, "teacher")
            for spot in empty_squares(picture, [s[:4] for s in seen] + moved, 4, f"{name}{i}"):
                regions.add(picture, spot, "footage", name, "nothing", "nothing")


if __name__ == "__main__":
    torch.set_num_threads(1)
    regions, detector = Regions(), Detector()
    for step in (coco, footage, everyday, small):
        step(regions, detector)
        print(step.__name__, len(regions.rows), flush=True)
    regions.save()
