"""Every labelled recording of sound: clips, further clips, ordinary hours, spoken sentences; decoded once, one fold a recording."""
import csv
import re
import subprocess
import tempfile
import zlib
from typing import NamedTuple

import numpy as np

from audio_classes import CONCEPT, ORDINARY, SAID_BY_FILE
from audio_voices import voices
from paths import DATA, OUT

RATE, FOLDS, FILES = 16000, 5, 64


class Sound(NamedTuple):
    """One file. `shows`: names of concepts, none where nothing that has a name is heard."""

    file: str
    kind: str  # clip, ordinary or voice
    label: str
    shows: tuple
    recording: str
    fold: int
    new: bool  # the body of version 2 was not tuned on this recording


def table(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def fold_of(recording):
    return zlib.crc32(recording.encode()) % FOLDS


def sounds():
    """All rows, in a fixed order: audio, audio2, ordinary, voices."""
    known = {row["source_id"] for row in table(DATA / "audio" / "labels.csv")}
    out = []
    for place, name in (("audio", "labels.csv"), ("audio2", "labels2.csv")):
        for row in table(DATA / place / name):
            out.append(Sound(f"{place}/clips/{row['file']}", "clip", row["label"], shown(CONCEPT[row["label"]]), row["source_id"], int(row["fold"]), row["source_id"] not in known))
    for row in table(DATA / "ordinary" / "ordinary.csv"):
        label = row["scene_or_label"]
        said = next((concept for part, concept in SAID_BY_FILE.items() if part in row["file"]), ORDINARY[label])
        out.append(Sound(f"ordinary/{row['file']}", "ordinary", label, shown(said), row["recording"], fold_of(row["recording"]), True))
    return out + [Sound(row["file"], "voice", "speech", ("speech",), row["source_id"], int(row["fold"]), False) for row in voices()[1]]


def shown(text):
    return tuple(re.split(r"\s*\+\s*", text)) if text else ()


def decoded(paths):
    """int16 samples of each file; many files a call, since starting ffmpeg costs more than a file does."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["ffmpeg", "-v", "error", "-threads", "1", "-filter_threads", "1"]
        for path in paths:
            command += ["-i", str(path)]
        for k in range(len(paths)):
            command += ["-map", f"{k}:a:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", f"{folder}/{k}"]
        subprocess.run(command, check=True)
        return [np.fromfile(f"{folder}/{k}", np.int16) for k in range(len(paths))]


def samples():
    """int16 samples of all rows behind one another, and where each begins [rows + 1]. Cached."""
    cache, bounds = OUT / "sounds.npy", OUT / "sounds_bounds.npy"
    if not cache.exists():
        said, rows = voices()[0], sounds()
        files = [DATA / s.file for s in rows if s.kind != "voice"]
        parts = [x for k in range(0, len(files), FILES) for x in decoded(files[k : k + FILES])] + list(said)
        np.save(bounds, np.cumsum([0] + [len(p) for p in parts]))
        np.save(cache, np.concatenate(parts))
    return np.load(cache, mmap_mode="r"), np.load(bounds)


if __name__ == "__main__":
    print(len(sounds()), samples()[1][-1] / RATE / 3600, "hours")
