"""What each tower was shown often enough to be found, as names of concepts: the arguments of vocabulary.table. `taught.py` prints the rest."""
import collections

import audio_classes
import image_sets
import space
import vocabulary
from paths import HERE

PICTURES_MIN = 10  # README.md, "What a tower was taught": with fewer, one held-out picture in 49 was found


def seen(rows):
    """Concepts with enough pictures among training rows of image_sets.rows()."""
    counts = collections.Counter(concept for _, _, concept, *_ in rows)
    return {name for name, count in counts.items() if name is not None and count >= PICTURES_MIN}


def heard():
    """Concepts that a label of the clips, or one of the teacher's, means."""
    lines = (HERE / "audioset.txt").read_text().splitlines()
    named = {line.partition(":")[0] for line in lines if line and not line.startswith("#")}
    return (named - {"nothing"}) | set(audio_classes.TRAINED.values())


def main():
    known = vocabulary.table(seen(image_sets.rows()[1]), heard())["taught"]
    for tower, kind in (("image", "see"), ("audio", "hear")):
        due = [c["name"] for c in space.concepts() if c["kind"] in (kind, "both")]
        print(f"{tower}: {len(known[tower])} taught; of its kind but not taught: {', '.join(n for n in due if n not in known[tower])}")


if __name__ == "__main__":
    main()
