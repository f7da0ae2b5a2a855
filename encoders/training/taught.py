"""What each tower was shown often enough to be found, as names of concepts: the arguments of vocabulary.table. `taught.py` prints the rest."""
import collections
import json

import audio_sounds
import image_sets
import space
import vocabulary
from paths import HERE, OUT

RECORDINGS_MIN, PICTURES_MIN = 2, 10  # README.md, "What a tower was taught": with fewer, one held-out picture in 49 was found


def seen(rows):
    """Concepts with enough pictures among training rows of image_sets.rows(), and cameras and sources of more.json,."""
    counts = collections.Counter(concept for _, _, concept, *_ in rows) + certain()
    return {name for name, count in counts.items() if name is not None and count >= PICTURES_MIN}


def certain():
    """Of each concept, from how many cameras and sources a region shows it and nothing else."""
    sets = json.loads((OUT / "more.json").read_text())
    groups = {(r["allow"][0], r["group"]) for r in sets["regions2"] + sets["gate"] if r["allow"] and len(r["allow"]) == 1}
    return collections.Counter(name for name, _ in groups if name != "nothing")


def heard():
    """Concepts of which there are enough recordings, and those that a label of the teacher's means."""
    lines = (HERE / "audioset.txt").read_text().splitlines()
    named = {line.partition(":")[0] for line in lines if line and not line.startswith("#")}
    recordings = collections.defaultdict(set)
    for s in audio_sounds.sounds():
        for concept in s.shows:
            recordings[concept].add(s.recording)
    return (named - {"nothing"}) | {concept for concept, of in recordings.items() if len(of) >= RECORDINGS_MIN}


def main():
    known = vocabulary.table(seen(image_sets.rows()[1]), heard())["taught"]
    for tower, kind in (("image", "see"), ("audio", "hear")):
        due = [c["name"] for c in space.concepts() if c["kind"] in (kind, "both")]
        print(f"{tower}: {len(known[tower])} taught; of its kind but not taught: {', '.join(n for n in due if n not in known[tower])}")


if __name__ == "__main__":
    main()
