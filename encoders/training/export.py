"""Writes the pack: graphs, vocabulary, calibration, golden vectors and manifest, into out/pack; then proves it.

The golden vectors are what the daemon's own runtime answers. Calibration is fitted on recordings and pictures that the scored tower
never trained on: sound by the towers of the folds, pictures by the fixed split.
"""
import hashlib
import json
import sys

import numpy as np
import torch

import audio_judge
import audio_pool
import calibrate
import evaluate_audio
import evaluate_image
import image_augment
import image_crossfit
import image_sets
import space
import taught
import vocabulary
from audio_body import Body
from audio_sounds import sounds
from image_model import SIDE, ImageTower
from paths import OUT
from session import Session
from train_heads import heads_of
from write_audio import write_tower
from write_graph import write_graph

PACK = OUT / "pack"
PRIOR, SAMPLES, RATE = 0.05, 32000, 16000
MAPS = {
    "image": "bodies tuned to the concept vectors of concepts.txt, one as it came, and a head taught on sets of them",
    "audio": "body tuned to what EfficientAT mn04 says of the clean sound, then on real backgrounds, heads taught to the concept vectors of concepts.txt",
    "text": "a table of the concept vectors of concepts.txt, made of CLIP ViT-B/32 text vectors and axes of the concepts' own",
}


def towers():
    image = ImageTower()
    image.load_state_dict(torch.load(OUT / "image_tower.pt"))
    write_graph(image, torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8), PACK / "image.onnx", "rgb")
    write_tower(Body(), heads_of(), PACK / "audio.onnx")


def held_out_sounds():
    """Vectors of windows by heads that never met their recording, with the concept shown (-1 nothing): truth by index into prompts.

    The loudest window of each clip, as it is and at 10 dB in a room, since in others the sound may be over; and ordinary sound that has no name.
    """
    prompts = {c["name"]: c["vector"] for c in space.concepts() if c["kind"] in ("hear", "both")}
    names, rows, clean, noisy = list(prompts), sounds(), audio_pool.pool("clean"), audio_pool.pool("noisy")
    loudest, nameless = {}, []
    for i, part in audio_judge.streams(clean["sound"]):
        if rows[i].kind == "clip" and rows[i].shows:
            loudest[i] = int(part[clean["level"][part].argmax()])
        elif not rows[i].shows:
            nameless.extend(part)
    same = [k for k, (i, at, db) in enumerate(zip(noisy["sound"], noisy["at_ms"], noisy["db"])) if db == 10 and at == clean["at_ms"][loudest[int(i)]]]
    index = np.array([*loudest.values(), *nameless])
    shown = np.concatenate([evaluate_audio.shown(clean["sound"][index], names), evaluate_audio.shown(noisy["sound"][same], names)])
    return np.concatenate([evaluate_audio.fold_vectors("clean")[index], evaluate_audio.fold_vectors("noisy")[same]]), shown, np.stack([prompts[n] for n in names])


def held_out_pictures(pack=PACK):
    pictures, _, test, _ = image_sets.rows()
    prompts = {c["name"]: c["vector"] for c in space.concepts() if c["kind"] in ("see", "both")}
    names, rng = list(prompts), np.random.default_rng(17)
    rows = [r for r in test if r.set == "regions"] * 2 + [r for r in test if r.set == "tiny" and r.concept][::3]
    views = [image_augment.view(rng, np.asarray(pictures[r.set][r.index]), hard=False) for r in rows]
    empty = [image_augment.finish(rng, image_augment.texture(rng)) for _ in range(300)]
    shown = np.array([names.index(r.concept) if r.concept else -1 for r in rows] + [-1] * len(empty))
    views = np.stack(views + empty)
    return Session(pack / "image.onnx").batches(views), shown, np.stack([prompts[n] for n in names])


def real_pictures():
    """held_out_pictures, and what heads that never met the camera or source say of regions of footage and of regions2 whose name is certain."""
    vectors, shown, prompts = held_out_pictures()
    names, (seen, said) = [c["name"] for c in space.concepts() if c["kind"] in ("see", "both")], image_crossfit.certain()
    return np.concatenate([vectors, seen]), np.concatenate([shown, [names.index(n) if n != "nothing" else -1 for n in said]]), prompts


def held_out_texts():
    known = {" ".join(vocabulary.words_of(p)): v for p, v, _ in vocabulary.phrases()}
    names = [c["name"] for c in space.concepts()]
    tests = [line.split(" | ") for line in (vocabulary.HERE / "paraphrases.txt").read_text().splitlines() if line and not line.startswith("#")]
    rows = [(vocabulary.encode_line(known, text)[0], names.index(concept)) for text, concept in tests]
    rows = [r for r in rows if r[0] is not None]
    return np.stack([r[0] for r in rows]), np.array([r[1] for r in rows]), np.stack([c["vector"] for c in space.concepts()])


def calibration():
    """calibration.json, and how well each modality's fit holds."""
    out, held = {}, {}
    for modality, source in (("image", real_pictures), ("audio", held_out_sounds), ("text", held_out_texts)):
        out[modality], held[modality] = calibrated(*source())
    return out, held


def calibrated(vectors, shown, prompts):
    idle = vectors[shown < 0]
    some = vectors[shown >= 0]
    background = np.concatenate([idle, some[:: max(1, len(some) // max(1, len(idle)))]]) if len(idle) else some
    return calibrate.block(vectors, shown, prompts, background)


def golden(pack=PACK, tolerance=0.0001):
    y, x, c = np.mgrid[0:SIDE, 0:SIDE, 0:3]
    picture = ((x + y) * (c + 1) + c * 40).astype(np.uint8)[None]
    n = np.arange(SAMPLES)
    sound = np.where(np.sin(2 * np.pi * 2 * n / RATE) > 0, 0.5 * np.sin(2 * np.pi * 880 * n / RATE), 0).astype(np.float32)[None]
    about = f"inputs by formula: audio n=0..{SAMPLES - 1}: 0.5*sin(2*pi*880*n/{RATE}) where sin(2*pi*2*n/{RATE})>0 else 0; image y,x=0..{SIDE - 1}, channel c: ((x+y)*(c+1)+c*40) mod 256"
    image = Session(pack / "image.onnx").run(None, {"rgb": picture})[0][0]
    audio = Session(pack / "audio.onnx").run(None, {"pcm": sound})[0][0]
    return {"about": about, "tolerance_cosine": tolerance, "image": [round(float(v), 6) for v in image], "audio": [round(float(v), 6) for v in audio]}


def file_of(name, pack=PACK):
    data = (pack / name).read_bytes()
    return {"file": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def manifest():
    spec = lambda name, dtype, *shape: {"name": name, "dtype": dtype, "shape": ["batch", *shape]}
    out = spec("embedding", "float32", space.DIMENSIONS)
    return {
        "id": "embedded", "version": "3", "space": space.SPACE, "dimensions": space.DIMENSIONS, "licence": "Apache-2.0", "prior": PRIOR,
        "towers": {
            "image": {"graphs": [file_of("image.onnx")], "input": spec("rgb", "uint8", SIDE, SIDE, 3), "output": out, "map": MAPS["image"]},
            "audio": {"graphs": [file_of("audio.onnx")], "input": spec("pcm", "float32", SAMPLES), "output": out, "sample_rate_hz": RATE, "window_ms": 2000, "hop_ms": 500, "map": MAPS["audio"]},
            "text": {"vocabulary": file_of("text.json"), "map": MAPS["text"]},
        },
        "cross_modal": json.loads((OUT / "cross_modal.json").read_text()),
        "calibration": file_of("calibration.json"), "golden": file_of("golden.json"),
    }


def prove(pack=PACK):
    """Alone equals in a batch, bit for bit; unit length; milliseconds on one core."""
    rng, out = np.random.default_rng(3), {}
    for name, entry, batch in (("image.onnx", "rgb", rng.integers(0, 256, (8, SIDE, SIDE, 3), dtype=np.uint8)), ("audio.onnx", "pcm", rng.normal(0, 0.1, (8, SAMPLES)).astype(np.float32))):
        run = Session(pack / name)
        together = run.run(None, {entry: batch})[0]
        alone = np.concatenate([run.run(None, {entry: batch[i : i + 1]})[0] for i in range(8)])
        times = []
        for _ in range(100):
            run.run(None, {entry: batch[:1]})
            times.append(run.ms)
        out[name] = {"same bits": bool((together == alone).all()), "norm": round(float(np.linalg.norm(alone, axis=1).mean()), 6), "ms": round(float(np.percentile(times, 10)), 3)}
    return out


def write(name, value, pack=PACK):
    (pack / name).write_text(value if isinstance(value, str) else json.dumps(value) + "\n")


def main():
    torch.set_num_threads(1)
    PACK.mkdir(exist_ok=True)
    towers()
    write("text.json", vocabulary.table(taught.seen(image_sets.rows()[1]), taught.heard()))
    tables, held = calibration()
    write("calibration.json", tables)
    write("golden.json", golden())
    (PACK / "manifest.json").write_text(json.dumps(manifest(), indent=2) + "\n")
    print("calibration", {m: (t["prompt"], t["pair"]) for m, t in tables.items()}, held)
    print("proof", prove())


if __name__ == "__main__":
    sys.exit(main())
