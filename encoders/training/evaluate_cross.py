"""From a sound to pictures of the same concept: class-level R@10, both sides by towers that never met the clip or the picture.

A query is the loudest window of a clip; the gallery is at most 20 held-out pictures a concept. A hit is a right picture in the first
ten. Chance is the mean, over queries, of a random ten holding one. The manifest states the centred numbers: out/cross_modal.json.
"""
import collections
import json

import numpy as np

import evaluate_audio
import evaluate_image
import image_sets
import space
from audio_data import labels
from paths import OUT

# What a sound's source looks like.
SEEN = {
    "dog": "dog", "cat": "cat", "chirping_birds": "bird", "crow": "bird", "cow": "cow", "pig": "pig", "sheep": "sheep", "frog": "frog", "insects": "insects bee",
    "rooster": "rooster hen bird", "hen": "hen rooster bird", "train": "train", "car_horn": "car", "engine": "car truck motorcycle", "chainsaw": "chainsaw",
    "vacuum_cleaner": "vacuum|cleaner", "clock_tick": "clock", "clock_alarm": "clock alarm|clock", "keyboard_typing": "keyboard laptop", "mouse_click": "computer|mouse",
    "toilet_flush": "toilet", "laughing": "person", "sneezing": "person", "coughing": "person", "footsteps": "person", "clapping": "person", "breathing": "person",
    "snoring": "person bed", "crying_baby": "person child bed", "glass_breaking": "wine|glass bottle window", "siren": "ambulance fire|truck police|car van",
    "sea_waves": "boat surfboard", "rain": "umbrella", "drinking_sipping": "cup", "pouring_water": "teapot bottle", "water_drops": "sink bathtub",
    "brushing_teeth": "toothbrush", "can_opening": "bottle cup", "hand_saw": "chainsaw drill hammer", "door_wood_knock": "door", "door_wood_creaks": "door", "helicopter": "airplane helicopter",
}


def main(run=None):
    run, side, _ = run or evaluate_image.torch_tower()
    pictures, _, test, _ = image_sets.rows()
    count, rows = collections.Counter(), []
    for r in sorted(test, key=lambda r: (r[0] != "regions", r[1])):
        if r[2] and count[r[2]] < 20:
            count[r[2]] += 1
            rows.append(r)
    gallery = run(np.stack([evaluate_image.resized(np.asarray(pictures[s][i]), side) for s, i, *_ in rows]))
    shown = np.array([r[2] for r in rows])
    clips, per, chance = labels(), collections.defaultdict(list), []
    sounds = evaluate_audio.fold_vectors()
    middle = gallery.mean(0)
    heard = np.stack([sounds[int(row["fold"])]["loud"][i] for i, row in enumerate(clips)])
    for name, g, h in (("raw", gallery, heard), ("centred", space.unit(gallery - middle), space.unit(heard - heard.mean(0)))):
        per.clear(), chance.clear()
        for i, row in enumerate(clips):
            wanted = [w.replace("|", " ") for w in SEEN.get(row["label"], "").split()]
            right = np.isin(shown, wanted)
            if right.any():
                per[row["label"]].append(bool(right[np.argsort(-(g @ h[i]))[:10]].any()))
                chance.append(1 - np.prod([(len(rows) - right.sum() - k) / (len(rows) - k) for k in range(10)]))
        each = {c: round(float(np.mean(v)), 2) for c, v in per.items()}
        print(name, "R@10 by query", round(float(np.mean([x for v in per.values() for x in v])), 3), "by class", round(float(np.mean(list(each.values()))), 3), "chance", round(float(np.mean(chance)), 3), "classes", len(each), "pictures", len(rows), "queries", len(chance))
    print(dict(sorted(each.items(), key=lambda kv: kv[1])))
    found = [x for v in per.values() for x in v]
    return {"sound_to_picture_r_at_10": round(float(np.mean(found)), 3), "chance": round(float(np.mean(chance)), 3), "concepts": len(each), "queries": len(found), "pictures": len(rows)}


if __name__ == "__main__":
    (OUT / "cross_modal.json").write_text(json.dumps(main()) + "\n")
