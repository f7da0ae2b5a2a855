"""From a sound to pictures of the same concept: class-level R@10, both sides by towers that never met the clip or the picture.

A query is the loudest window of a clip, or the clip as an event: the mean of its windows, each counting by how little it lies on
"nothing". The gallery is at most 20 held-out pictures a concept. A hit is a right picture in the first ten. Chance is the mean, over
queries, of a random ten holding one. The manifest gets the figures of the loudest window, over all concepts.
"""
import collections
import json

import numpy as np

import evaluate_audio
import evaluate_image
import image_sets
import space
from audio_pool import pool
from audio_sounds import sounds
from paths import OUT

EACH, FIRST, FEW = 20, 10, 5  # pictures a concept, looked at, and below which a concept is too rare in the gallery to say much

# What a sound's source looks like.
SEEN = {
    "dog": "dog", "cat": "cat", "chirping_birds": "bird", "crow": "bird", "cow": "cow", "pig": "pig", "sheep": "sheep", "frog": "frog", "insects": "insects bee",
    "rooster": "rooster hen bird", "hen": "hen rooster bird", "train": "train", "car_horn": "car", "engine": "car truck motorcycle", "chainsaw": "chainsaw",
    "vacuum_cleaner": "vacuum|cleaner", "clock_tick": "clock", "clock_alarm": "clock alarm|clock", "keyboard_typing": "keyboard laptop", "mouse_click": "computer|mouse",
    "toilet_flush": "toilet", "laughing": "person", "sneezing": "person", "coughing": "person", "footsteps": "person", "clapping": "person", "breathing": "person",
    "snoring": "person bed", "crying_baby": "person child bed", "glass_breaking": "wine|glass bottle window", "siren": "ambulance fire|truck police|car van",
    "sea_waves": "boat surfboard", "rain": "umbrella", "drinking_sipping": "cup", "pouring_water": "teapot bottle", "water_drops": "sink bathtub",
    "brushing_teeth": "toothbrush", "can_opening": "bottle cup", "hand_saw": "chainsaw drill hammer", "door_wood_knock": "door", "door_wood_creaks": "door", "helicopter": "airplane helicopter", "airplane": "airplane",
}


def gallery(run, side):
    """Vectors of held-out pictures and the concept of each."""
    pictures, _, test, _ = image_sets.rows()
    count, rows = collections.Counter(), []
    for r in sorted(test, key=lambda r: (r.set != "regions", r.index)):
        if r.concept and count[r.concept] < EACH:
            count[r.concept] += 1
            rows.append(r)
    return run(np.stack([evaluate_image.resized(np.asarray(pictures[r.set][r.index]), side) for r in rows])), np.array([r.concept for r in rows])


def queries():
    """The clips, and kind -> a vector for each, by the heads that never met it."""
    vectors, said, clips = evaluate_audio.fold_vectors("clean"), pool("clean"), [(i, s) for i, s in enumerate(sounds()) if s.kind == "clip"]
    share, out = (1 - np.abs(vectors @ space.NOTHING)) ** 2, {"loudest window": [], "clip": []}
    for i, _ in clips:
        mine = said["sound"] == i
        out["loudest window"].append(vectors[mine][said["level"][mine].argmax()])
        out["clip"].append(space.unit((vectors[mine] * share[mine, None]).sum(0)))
    return [s for _, s in clips], {kind: np.stack(v) for kind, v in out.items()}


def search(pictures, shown, heard, clips):
    """Figures, and by label of the clips: share of hits."""
    hits, pictured, chance = collections.defaultdict(list), {}, []
    for vector, clip in zip(heard, clips):
        right = np.isin(shown, [w.replace("|", " ") for w in SEEN.get(clip.label, "").split()])
        if right.any():
            hits[clip.label].append(bool(right[np.argsort(-(pictures @ vector))[:FIRST]].any()))
            pictured[clip.label] = int(right.sum())
            chance.append(1 - np.prod([(len(shown) - right.sum() - k) / (len(shown) - k) for k in range(FIRST)]))
    share = lambda labels: round(float(np.mean([h for c in labels for h in hits[c]])), 3)
    often = [c for c in hits if pictured[c] >= FEW]
    figures = {"sound_to_picture_r_at_10": share(hits), "chance": round(float(np.mean(chance)), 3), "concepts": len(hits), "queries": len(chance), "pictures": len(shown)}
    return figures, f"{share(often)} over the {len(often)} with {FEW} pictures or more", {c: (round(float(np.mean(v)), 2), pictured[c]) for c, v in hits.items()}


def main(tower=None):
    run, side, _ = tower or evaluate_image.torch_tower()
    (clips, asked), (seen, shown) = queries(), gallery(run, side)
    seen, out = space.unit(seen - seen.mean(0)), {}
    for kind, heard in asked.items():
        out[kind], often, each = search(seen, shown, space.unit(heard - heard.mean(0)), clips)
        print(kind, json.dumps(out[kind]), often)
        print("  label: (share of hits, pictures)", dict(sorted(each.items(), key=lambda kv: kv[1])))
    return out["loudest window"]


if __name__ == "__main__":
    (OUT / "cross_modal.json").write_text(json.dumps(main()) + "\n")
