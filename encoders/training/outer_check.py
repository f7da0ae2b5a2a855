"""A check on media of quite another origin, never trained on: `outer_check.py PACK...`; for reading, not for choosing.

Debian's tuxpaint stamps (pictures with recorded sounds), freedesktop sounds and opencv-doc's vtest.avi, as dpkg-deb -x unpacks them into
~/.cache/fusiond/debian. No teacher sees them: people in vtest.avi are what moves and is taller than wide.
"""
import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import space
from evaluate_audio import auc
from image_data import empty_squares, moving, square
from session import Session

DEBIAN = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fusiond" / "debian" / "usr" / "share"
STAMPS = DEBIAN / "tuxpaint" / "stamps"
# stamp: prompts that are right (v0's words too), best first.
HEARD = {
    "animals/mammals/dogs/dog": "dog", "animals/mammals/bovines/cow": "cow", "animals/mammals/bovines/cow_white": "cow", "animals/mammals/bovines/sheep": "sheep",
    "animals/mammals/bovines/sheep_lamb": "sheep", "animals/mammals/pig": "pig", "animals/birds/rooster": "rooster", "animals/birds/hen": "hen;rooster",
    "animals/birds/crow": "crow;bird", "animals/birds/blackbird": "chirping birds;bird", "animals/birds/lark": "chirping birds;bird", "animals/amphibians/frog": "frog",
    "animals/insects/bee": "insects;bee", "animals/insects/mosquito": "insects;bee", "animals/insects/hornet": "insects;bee", "animals/insects/grasshopper": "crickets;insects",
    "household/vacuum_cleaner": "vacuum cleaner", "household/toilet": "toilet flush", "household/tools/saw": "hand saw", "naturalforces/lightningbolt": "thunderstorm",
    "vehicles/emergency/firetruck": "siren", "seasonal/newyears/fireworks": "fireworks", "seasonal/halloween/blackcat": "cat", "animals/mammals/bovines/goat": "sheep",
}
PROMPTS = ["dog", "cat", "cow", "sheep", "pig", "rooster", "hen", "crow", "bird", "chirping birds", "frog", "insects", "bee", "crickets", "vacuum cleaner", "toilet flush", "hand saw",
           "thunderstorm", "siren", "fireworks", "rain", "wind", "engine", "helicopter", "train", "car horn", "glass breaking", "footsteps", "door knock", "clock ticking", "alarm clock",
           "mouse click", "keyboard typing", "crying baby", "laughing", "coughing", "sneezing", "snoring", "church bells", "sea waves", "pouring water", "water drops", "chainsaw"]
SEEN = {"animals/mammals/dogs": "dog", "animals/mammals/cats": "cat", "animals/birds": "bird", "vehicles/auto": "car", "vehicles/locomotive": "train", "vehicles/ship": "boat", "animals/mammals/bovines": "cow", "animals/mammals/equines": "horse", "people": "person"}


class Pack:
    def __init__(self, folder):
        self.image, self.audio = (Session(folder / f"{n}.onnx") for n in ("image", "audio"))
        self.side = self.image.inputs[0].shape[1]
        table = json.loads((folder / "text.json").read_text())
        raw = np.frombuffer(base64.b64decode(table["vectors"]), np.int8).reshape(-1, table["dimensions"]).astype(np.float64)
        self.text = dict(zip(table["phrases"], space.unit(raw)))

    def see(self, pictures):
        views = np.stack([np.asarray(Image.fromarray(p).resize((self.side, self.side), Image.BILINEAR)) for p in pictures])
        return self.image.batches(views)

    def hear(self, sound):
        sound = np.pad(sound, (0, max(0, 32000 - len(sound))))
        windows = np.stack([sound[o : o + 32000] for o in range(0, len(sound) - 31999, 8000)])
        return self.audio.batches(windows)


def decoded(path):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", "16000", "-t", "12", "-f", "f32le", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32)


def sounds(pack):
    right, wrong = 0, []
    names = [p for p in PROMPTS if p in pack.text]
    prompts = np.stack([pack.text[p] for p in names])
    for stamp, wanted in HEARD.items():
        scores = np.sort(pack.hear(decoded(STAMPS / f"{stamp}.ogg")) @ prompts.T, 0)[-2:].mean(0)
        best = names[int(scores.argmax())]
        right += best in wanted.split(";")
        if best not in wanted.split(";"):
            wrong.append(f"{Path(stamp).name}->{best} {scores.max():.2f}")
    print(f"stamps heard: {right} of {len(HEARD)};", ", ".join(wrong))


def stamps(pack):
    rows = [(p, concept) for place, concept in SEEN.items() for p in sorted((STAMPS / place).rglob("*.png")) if "cartoon" not in str(p)]
    pictures = []
    for path, _ in rows:
        image = Image.open(path).convert("RGBA")
        side = max(image.size)
        ground = Image.new("RGBA", (side, side), (128, 128, 128, 255))
        ground.alpha_composite(image, ((side - image.width) // 2, (side - image.height) // 2))
        pictures.append(np.asarray(ground.convert("RGB")))
    names = sorted(set(SEEN.values()))
    answer = (pack.see(pictures) @ np.stack([pack.text[n] for n in names]).T).argmax(1)
    each = {n: (int(sum(names[a] == c == n for a, (_, c) in zip(answer, rows))), sum(c == n for _, c in rows)) for n in names}
    print("stamps seen:", sum(v[0] for v in each.values()), "of", len(rows), each)


def surveillance(pack, regions):
    people, empty = regions
    vectors = np.concatenate([pack.see(people), pack.see(empty)]) @ pack.text["person"]
    print(f"vtest.avi, person or nothing: AUC {auc(vectors[: len(people)], vectors[len(people) :]):.4f} ({len(people)} / {len(empty)}), median cosine {np.median(vectors[: len(people)]):.2f} / {np.median(vectors[len(people) :]):.2f}")


def vtest():
    path = DEBIAN / "doc" / "opencv-doc" / "examples" / "data" / "vtest.avi"
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-vf", "fps=2", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, 576, 768, 3)
    still = np.median(frames[::4], 0)
    people, empty = [], []
    for i, picture in enumerate(frames):
        moved = moving(picture, still, cell=8, least=22.0)
        for b in moved:
            w, h = b[2] - b[0], b[3] - b[1]
            if 1.4 <= h / w <= 4 and h >= 40:
                people.append(square(picture, b))
        empty += [square(picture, b, 0.0) for b in empty_squares(picture, moved, 4, f"v{i}")]
    return people, empty


if __name__ == "__main__":
    regions = vtest()
    for folder in sys.argv[1:]:
        print("==", folder)
        pack = Pack(Path(folder))
        sounds(pack), stamps(pack), surveillance(pack, regions)
