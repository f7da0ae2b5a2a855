"""Scores an image tower on pictures it never trained on: `evaluate_image.py` out/image_tower.pt, `evaluate_image.py TOWER.pt` or `evaluate_image.py PACK`.

By prompt: the best of the candidates' prompts. As seen: the region's square, resized; as spoiled: grey, 32 px, noise, blur and JPEG 30.
"""
import base64
import collections
import io
import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import image_augment as aug
import image_sets
import space
from evaluate_audio import auc
from paths import OUT
from session import Session

COMMON = ["person", "car", "chair", "book", "bottle", "cup", "table", "bowl", "traffic light", "handbag", "umbrella", "bird", "boat", "truck", "bench", "sheep"]
GUARD = ["person", "car", "truck", "bus", "bicycle", "motorcycle", "dog", "cat", "bird", "horse", "train", "boat"]


def spoiled(rng, picture):
    """Grey, 32 px, noisy, a little blurred, JPEG 30."""
    image = Image.fromarray(picture).convert("L").convert("RGB").resize((32, 32), Image.BILINEAR)
    x = np.clip(np.asarray(image, np.float32) + rng.normal(0, 8, (32, 32, 1)), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(x).save(buffer, "JPEG", quality=30)
    return np.asarray(Image.open(buffer).convert("RGB"))


def resized(picture, side):
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.BILINEAR))


def torch_tower(path=OUT / "image_tower.pt"):
    from image_model import SIDE, ImageTower

    tower = ImageTower()
    tower.load_state_dict(torch.load(path))
    tower.eval()

    def run(pictures):
        with torch.no_grad():
            return torch.cat([tower(torch.from_numpy(pictures[i : i + 64])) for i in range(0, len(pictures), 64)]).numpy()

    return run, SIDE, {c["name"]: c["vector"] for c in space.concepts()}


def pack_tower(pack):
    session = Session(pack / "image.onnx")
    table = json.loads((pack / "text.json").read_text())
    raw = np.frombuffer(base64.b64decode(table["vectors"]), np.int8).reshape(-1, table["dimensions"]).astype(np.float64)
    known = dict(zip(table["phrases"], space.unit(raw)))
    same = {"table": "dining table", "computer mouse": "mouse", "flower": "vase"}
    return (
        session.batches,
        session.inputs[0].shape[1],
        {c["name"]: known.get(c["name"], known.get(same.get(c["name"], ""))) for c in space.concepts()},
    )


def by_prompt(vectors, truth, text, candidates):
    """Accuracy, macro recall and recall with n per concept."""
    candidates = [c for c in candidates if text.get(c) is not None]
    prompts = np.stack([text[c] for c in candidates])
    keep = [i for i, t in enumerate(truth) if t in candidates]
    answer = (vectors[keep] @ prompts.T).argmax(1)
    right = collections.defaultdict(list)
    for i, a in zip(keep, answer):
        right[truth[i]].append(candidates[a] == truth[i])
    each = {c: (round(float(np.mean(right[c])), 2), len(right[c])) for c in candidates if c in right}
    return {"accuracy": round(float(np.mean([r for v in right.values() for r in v])), 3), "macro": round(float(np.mean([v[0] for v in each.values()])), 3), "each": each}


def main(run, side, text):
    pictures, _, test, about = image_sets.rows()
    rng = np.random.default_rng(5)
    seen = lambda rows, how: np.stack([how(np.asarray(pictures[r.set][r.index])) for r in rows])
    regions = [r for r in test if r.set == "regions"]
    small = [r for r in test if r.set == "tiny"]
    out = {}
    for name, rows in (("regions", regions), ("tiny", small)):
        clean = run(seen(rows, lambda p: resized(p, side)))
        bad = run(seen(rows, lambda p: resized(spoiled(rng, p), side)))
        truth = [r.concept for r in rows]
        for kind, v in (("clean", clean), ("spoiled", bad)):
            out[f"{name} {kind} common"] = by_prompt(v, truth, text, COMMON)
            out[f"{name} {kind} guard"] = by_prompt(v, truth, text, GUARD)
            everything = sorted({t for t in truth if t})
            result = by_prompt(v, truth, text, everything)
            out[f"{name} {kind} all"] = {"accuracy": result["accuracy"], "macro": result["macro"], "concepts": len(everything)}
            if name == "regions":
                empty = np.array([r.empty for r in rows])
                for concept in ("person", "car", "dog", "bird"):
                    is_it = np.array([t == concept for t in truth])
                    out[f"{concept} or nothing, {kind}"] = (round(auc(v[is_it] @ text[concept], v[empty] @ text[concept]), 4), int(is_it.sum()), int(empty.sum()))
                any_prompt = np.stack([text[c] for c in GUARD])
                out[f"nothing p99 of best guard prompt, {kind}"] = round(float(np.percentile((v[empty] @ any_prompt.T).max(1), 99)), 3)
                out[f"mean cosine of right prompt, {kind}"] = round(float(np.mean([v[i] @ text[t] for i, t in enumerate(truth) if t in GUARD])), 3)
    for k, v in out.items():
        print(k, json.dumps(v))


if __name__ == "__main__":
    torch.set_num_threads(1)
    what = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT / "image_tower.pt"
    main(*(torch_tower(what) if what.suffix == ".pt" else pack_tower(what)))
