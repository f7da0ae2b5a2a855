"""Cuts regions2, footage and more squares of the old pictures, once: what cameras show, most of which has no name. `image_more.py`, after image_data.py and scripts/build.

Out: more.json, set -> rows {group, allow, …} (allow: the names of which one is right, image_scenes.py; null: not for training), and for
each set its pictures, more_<set>.npy uint8 [N, side, side, 3]. A fold goes by group: the camera, or the source of a region; "old:" and a
name where it is a picture of image_data.py, whose held-out fifth stays held out.

regions2; gate (what moves, as the daemon's gate cuts it from footage), gate_x15 and gate_x20 (half as much, and as much again around it),
gate_96 (as the tower gets it); scan, scan_96 and scan_x15 (the places that it looks at in turn); squares (as a scan cuts them: whole height, halves, thirds); context (COCO's boxes in squares 1.5 and 2.3 times as large);
parts (squares of any size anywhere in COCO's and ImageNet's pictures: what lies there, or nothing); turned (by a quarter: people lie).
"""
import collections
import csv
import io
import json
import subprocess
import tarfile

import numpy as np
import torch
from PIL import Image

import image_scenes as scenes
import image_sets
import image_views
import picture_classes
import space
from detector import Detector, inside, iou
from image_data import square
from paths import DATA, HERE, OUT

FOOTAGE, REGIONS2, COCO = DATA / "footage", DATA / "regions2", DATA / "images" / "coco128"
WIDTH, LIKELY, SURE = 640, 0.12, 0.5
NEAR_MS, ALIKE = 1600, 1.43  # a crop has the label of another of its track that is this near, and of about this size
FRAME_MS = 200
SAME_SQUARE = 0.6  # overlap from which a region is the one that was looked at


def cameras():
    """file -> camera."""
    with open(FOOTAGE / "footage.csv") as table:
        return {row["file"]: row["camera"] for row in csv.DictReader(table)}


def opened(path):
    image = Image.open(path).convert("RGB")
    return image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.BILINEAR, reducing_gap=2.0)


def frames(path, fps, scale):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-vf", f"fps={fps},scale={scale}", "-f", "image2pipe", "-c:v", "ppm", "-"], capture_output=True, check=True).stdout
    at = 0
    while at < len(raw):
        kind, size, most = raw[at : at + 32].split(b"\n")[:3]  # the header of a PPM
        (width, height), at = map(int, size.split()), at + len(kind) + len(size) + len(most) + 3
        yield np.frombuffer(raw, np.uint8, width * height * 3, at).reshape(height, width, 3)
        at += width * height * 3


def boxes_of(detector, picture, halves):
    """Detections of the whole picture and, where asked, of its left and right square: [x0, y0, x1, y1, COCO name, score]."""
    height, width = picture.shape[:2]
    found = [list(b) for b in detector(picture, LIKELY)]
    for left in (0, width - min(width, height)) if halves else ():
        part = np.ascontiguousarray(picture[:, left : left + min(width, height)])
        found += [[b[0] + left, b[1], b[2] + left, *b[3:]] for b in detector(part, LIKELY)]
    return found


def regions2():
    concepts, rows, pictures = {c["name"] for c in space.concepts()}, [], []
    with open(REGIONS2 / "labels2.csv") as table:
        for row in csv.DictReader(table):
            rows.append({"group": row["camera_or_source"], "allow": scenes.of_regions2(row, concepts), "file": row["file"]})
            pictures.append(np.asarray(Image.open(REGIONS2 / row["file"]).convert("RGB").resize((128, 128), Image.BILINEAR)))
    return rows, np.stack(pictures)


def cut():
    """Rows of gate_cuts.mjs with camera and label, and how they got it: what moves, places; nothing is said of cameras that are for evaluation only."""
    files = collections.defaultdict(list)
    for file, camera in sorted(cameras().items()):
        if file.endswith(".mp4"):
            files[camera].append(str(FOOTAGE / file))
    subprocess.run(["node", str(HERE / "gate_cuts.mjs"), str(OUT / "gate")], input=json.dumps(files).encode(), check=True)
    rows, there, tracks = json.loads((OUT / "gate.json").read_text()), scenes.seen(), collections.defaultdict(list)
    for row in rows:
        row["group"] = row.pop("camera")
        row["place_names"] = scenes.place(row["group"], there[row["file"]])
    boxes = seen_by_detector(rows)
    look(rows)
    for row in rows:
        if row.get("eye"):
            tracks[row["file"], row["track"]].append(row)
    for row in rows:
        row["allow"], row["how"] = label_of(row, tracks[row["file"], row["track"]], boxes)
    return rows


def look(rows):
    """Gives what gate_labels.csv says of a square to the region that is most like it, in the same frame or one of the next two."""
    of_frame = collections.defaultdict(list)
    for row in rows:
        if row["track"] >= 0:
            of_frame[row["file"], row["at_ms"]].append(row)
    corners = lambda x, y, side, *_: (x, y, x + side, y + side)
    with open(HERE / "gate_labels.csv") as table:
        for label in csv.DictReader(table):
            square_, at = corners(*(int(label[k]) for k in ("x", "y", "side"))), int(label["at_ms"])
            for away in (0, FRAME_MS, -FRAME_MS, 2 * FRAME_MS, -2 * FRAME_MS):
                alike = [row for row in of_frame[label["file"], at + away] if "eye" not in row and iou(corners(*row["rect"]), square_) >= SAME_SQUARE]
                if alike:
                    max(alike, key=lambda row: iou(corners(*row["rect"]), square_))["eye"] = label["label"]
                    break


def seen_by_detector(rows):
    """(file, ms) -> boxes, of every third frame that the gate cut something from."""
    detector, found = Detector(), {}
    mine = collections.defaultdict(set)
    for row in rows:
        if row["group"] in scenes.CAMERAS:
            mine[row["file"], row["width"], row["height"]].add(row["at_ms"])
    for (file, width, height), times in mine.items():
        for i, picture in enumerate(frames(FOOTAGE / file, 5, f"{width}:{height}")):
            if i % 3 == 0 and times & {(i + d) * FRAME_MS for d in (-1, 0, 1)}:
                found[file, i * FRAME_MS] = boxes_of(detector, picture, halves=False)
    return found


def label_of(row, labelled, seen):
    place = row["place_names"]
    if row["group"] not in scenes.CAMERAS:
        return None, "evaluation"
    boxes = next((b for d in (0, -FRAME_MS, FRAME_MS) if (b := seen.get((row["file"], row["at_ms"] + d)))), [])
    x, y, side, _ = row["rect"]
    if "place" in row:
        shown = {picture_classes.of_coco(b[4]) for b in boxes}
        missed = [n for n in place if n in scenes.LOOKED_FOR and n not in shown]  # it is there, but the detector does not see where
        named = names_in((x, y, side), boxes, place, row["group"])
        return named if "nothing" not in named else sorted({*named, *(place if "person" in missed else missed)}), "scan"
    if row["track"] < 0:
        return [*place, "nothing"], "whole"
    near = [r for r in labelled if abs(r["at_ms"] - row["at_ms"]) <= NEAR_MS and 1 / ALIKE < r["rect"][2] / side < ALIKE]
    word = row.get("eye") or (near and min(near, key=lambda r: abs(r["at_ms"] - row["at_ms"]))["eye"])
    if word:
        return None if word == "unclear" else scenes.BY_EYE.get(word, [word]), "eye" if row.get("eye") else "track"
    fits = {
        picture_classes.of_coco(b[4]) for b in boxes
        if b[5] >= SURE and x <= (b[0] + b[2]) / 2 <= x + side and y <= (b[1] + b[3]) / 2 <= y + side and 0.5 <= max(b[2] - b[0], b[3] - b[1]) / side <= 1.15
    }
    if len(fits) == 1 and (name := fits.pop()) in place:
        return [n for n in scenes.DETECTED.get(name, [name]) if n in place], "detector"
    return [*place, "nothing"], "place"


def squares():
    """From stills (1 of whole height, 4 halves, 5 thirds) and from the first four frames, 2 s apart, of clips (1, 3, 4)."""
    detector, dice, rows, pictures = Detector(), np.random.default_rng(3), [], []
    for file, camera in sorted(cameras().items()):
        if file.startswith("nc/"):
            continue
        still = file.startswith("stills/")
        for picture in [np.asarray(opened(FOOTAGE / file))] if still else list(frames(FOOTAGE / file, 0.5, f"{WIDTH}:-2"))[:4]:
            boxes = boxes_of(detector, picture, halves=True)
            for spot in scan(dice, picture, (1, 4, 5) if still else (1, 3, 4)):
                x, y, side = spot
                cut = Image.fromarray(picture[y : y + side, x : x + side]).resize((128, 128), Image.BILINEAR, reducing_gap=2.0)
                pictures.append(np.asarray(cut))
                rows.append({"group": camera, "allow": names_in(spot, boxes, scenes.CAMERAS.get(camera, scenes.VEHICLES + scenes.PASSERS_BY + scenes.STREET), camera)})
    return rows, np.stack(pictures)


def scan(dice, picture, counts):
    """(x, y, side) of so many of the half-overlapping squares of whole height, half and a third of it."""
    height, width = picture.shape[:2]
    for share, count in zip((1, 2, 3), counts):
        side = min(height, width) // share
        steps = lambda length: sorted({*range(0, length - side + 1, max(1, side // 2)), length - side})
        places = [(x, y) for x in steps(width) for y in steps(height)]
        yield from ((*places[k], side) for k in dice.permutation(len(places))[:count])


def names_in(spot, boxes, place, camera):
    """One name where the detector is sure of something large and of nothing else; else what stands there, what it saw, or nothing."""
    x, y, side = spot
    stands, some = [n for n in place if n in scenes.STREET or n in scenes.ROOM], []
    for box in boxes:
        w, h = min(box[2], x + side) - max(box[0], x), min(box[3], y + side) - max(box[1], y)
        if w > 0 and h > 0:
            within = w * h / ((box[2] - box[0]) * (box[3] - box[1]))
            some.append((picture_classes.of_coco(box[4]), box[5] >= SURE and within > 0.8 and max(box[2] - box[0], box[3] - box[1]) >= 0.35 * side, w * h > 0.01 * side * side))
    sure, seen = [name for name, large, _ in some if large], {name for name, _, visible in some if visible}
    if len(set(sure)) == 1 and sure[0] in place:
        return [n for n in scenes.DETECTED.get(sure[0], [sure[0]]) if n in place]
    possible = [n for n in seen if n in place or camera.startswith("intel")]
    return ["nothing", *(place if possible else stands)]


def coco():
    """File, picture and boxes of COCO's pictures, boxes with concepts."""
    truth = json.loads((COCO / "boxes.json").read_text())
    for file in sorted(COCO.glob("*.jpg")):
        boxes = [(*b[:4], picture_classes.of_coco(b[4])) for b in truth.get(file.name, {"boxes": []})["boxes"]]
        yield file.name, np.asarray(Image.open(file).convert("RGB")), boxes


def context():
    rows, pictures = [], []
    for file, picture, boxes in coco():
        for box in boxes:
            reach = max(box[2] - box[0], box[3] - box[1])
            dice = np.random.default_rng([int(box[0]), int(box[1]), int(reach)])
            for factor in (1.5, 2.3) if reach >= 40 else ():
                side = reach * factor
                if side > 1.3 * min(picture.shape[:2]):
                    continue
                left, top = ((box[k] + box[k + 2]) / 2 + dice.uniform(-0.5, 0.5) * (side - reach) * 0.7 - side / 2 for k in (0, 1))
                spot = (left, top, left + side, top + side)
                large = {b[4] for b in boxes if inside(b[:4], spot) > 0.5 and max(b[2] - b[0], b[3] - b[1]) / side >= 0.3}
                pictures.append(square(picture, spot, 0.0))
                rows.append({"group": f"old:{file}", "allow": sorted(large) if large and not image_sets.held_out(file) else None})
    return rows, np.stack(pictures)


def anywhere(dice, width, height):
    side = min(width, height) * np.exp(dice.uniform(np.log(0.1), 0))
    x, y = dice.uniform(0, width - side), dice.uniform(0, height - side)
    return x, y, x + side, y + side


def parts():
    rows, pictures = [], []

    def add(picture, spot, group, allow):
        pictures.append(square(picture, spot, 0.0))
        rows.append({"group": f"old:{group}", "allow": allow})

    for file, picture, boxes in coco():
        dice = np.random.default_rng([len(rows), 5])
        for _ in range(0 if image_sets.held_out(file) else 40):
            spot = anywhere(dice, picture.shape[1], picture.shape[0])
            side = spot[2] - spot[0]
            touched = {b[4] for b in boxes if inside(b[:4], spot) > 0.02 or inside(spot, b[:4]) > 0.02}
            framed = any(inside(b[:4], spot) > 0.85 and max(b[2] - b[0], b[3] - b[1]) / side >= 0.5 for b in boxes)
            if side >= 20:
                add(picture, spot, file, sorted(touched | (set() if framed else {"nothing"})))
    names = collections.defaultdict(set)
    with tarfile.open(DATA / "images" / "everyday160.tar") as tar:
        labels = json.load(tar.extractfile(next(m for m in tar.getmembers() if m.name.endswith("labels.json"))))
        for row in json.loads((OUT / "regions.json").read_text()):
            if row["set"] == "everyday160":
                whole = row["kind"] == "whole"
                names[row["group"]].add(picture_classes.of_imagenet(row["label"], labels[row["group"]]["label"]) if whole else picture_classes.of_coco(row["label"]))
        for member in sorted((m for m in tar.getmembers() if m.name.lower().endswith((".jpg", ".jpeg", ".png"))), key=lambda m: m.name):
            group = next((k for k in names if member.name == k or member.name.endswith("/" + k)), None)
            if group and not image_sets.held_out(group) and not names[group] & {"-", None}:
                picture, dice = np.asarray(Image.open(io.BytesIO(tar.extractfile(member).read())).convert("RGB")), np.random.default_rng([len(rows), 6])
                for spot in (anywhere(dice, picture.shape[1], picture.shape[0]) for _ in range(3)):
                    if spot[2] - spot[0] >= 20:
                        add(picture, spot, group, sorted(names[group] | {"nothing"}))
    return rows, np.stack(pictures)


def turned(around, pictures):
    """People as they lie: those of the old pictures, as many that show something else, and the rows and pictures of `context`, a quarter turn left or right."""
    big, regions, dice = set(image_views.indices()["large"]), np.load(OUT / "regions.npy", mmap_mode="r"), np.random.default_rng(29)
    sure = [r for r in image_sets.rows()[1] if r.set == "regions" and r.index in big]
    people, others = [r for r in sure if r.concept == "person" and r.weight >= 0.9], [r for r in sure if r.concept != "person"]
    shown = people + [others[i] for i in dice.permutation(len(others))[: len(people)]]
    turn = lambda picture: np.rot90(picture, 1 + 2 * int(dice.integers(2)))
    rows = [{"group": "old:turned", "allow": [r.concept or "nothing"]} for r in shown] + [row for row in around if row["allow"]]
    return rows, np.stack([turn(np.asarray(regions[r.index])) for r in shown] + [turn(p) for row, p in zip(around, pictures) if row["allow"]])


def main():
    torch.set_num_threads(1)
    sets = {}
    for make in (regions2, squares, parts, context):
        sets[make.__name__], pictures = make()
        np.save(OUT / f"more_{make.__name__}.npy", pictures)
        print(make.__name__, len(pictures), flush=True)
    sets["turned"], pictures = turned(sets["context"], pictures)
    np.save(OUT / "more_turned.npy", pictures)
    rows = cut()
    scanned = np.array(["place" in row for row in rows])
    sets["gate"], sets["scan"] = ([row for row, is_scan in zip(rows, scanned) if is_scan == which] for which in (False, True))
    for kind, side, gate, scan in (("big", 128, "gate", "scan"), ("x10", 96, "gate_96", "scan_96"), ("x15", 96, "gate_x15", "scan_x15"), ("x20", 96, "gate_x20", None)):
        pictures = np.memmap(OUT / f"gate_{kind}.u8", np.uint8, "r").reshape(-1, side, side, 3)
        np.save(OUT / f"more_{gate}.npy", pictures[~scanned])
        if scan:
            np.save(OUT / f"more_{scan}.npy", pictures[scanned])
        (OUT / f"gate_{kind}.u8").unlink()
    print("footage", dict(collections.Counter(row["how"] for row in rows)))
    (OUT / "more.json").write_text(json.dumps(sets))


if __name__ == "__main__":
    main()
