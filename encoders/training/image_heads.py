"""Teaches the head of the image tower on what the bodies say: `image_heads.py`, after image_views.py; `image_heads.py FOLD...` (-1: the one that ships).

A label is a set of names (image_scenes.py): the head is taught that the answer lies in it. It starts from the one that came with the
bodies of image_bodies.pt, or anew.
Out: image_head_<fold>.pt, five heads that met no picture of a camera or source of that fold (crc32 of the group, modulo five), and
image_tower.pt, which met all but the held-out fifth of the old pictures.
"""
import collections
import json
import os
import sys
import zlib

import numpy as np
import torch
from torch.nn import functional as F

import image_sets
import image_views
from image_model import FEATURES, TEMPERATURE
from image_scenes import NOTHING, PART, around
from paths import OUT
from train_image import GUARD, chances, prompts

FOLDS, SEED, STEPS, BATCH = 5, 0, int(os.environ.get("HEAD_STEPS", 300)), 512
RATE, WARM, LIKENESS, DOUBT = 1e-3, 50, 2.0, float(os.environ.get("DOUBT", 1.5))
# Chances of a draw: the old pictures, and more.json's sets beside them.
SHARES = {"old": 0.60, "regions2": 0.14, "gate": 0.16, "wide": 0.08, "scan": 0.12, "squares": 0.08, "context": 0.05, "parts": 0.10, "turned": 0.06, "texture": 0.02}


def fold_of(group):
    """-1 for the old pictures, whose own fifth is held out."""
    return -1 if group.startswith("old:") else zlib.crc32(group.encode()) % FOLDS


class Table:
    """Rows to draw from: features by (array, row), a mask of names, weight, fold and chance."""

    def __init__(self, names):
        self.names, self.arrays, self.masks, self.keys = names, [], [], {}
        self.array, self.row, self.mask, self.weight, self.fold, self.chance = ([] for _ in range(6))

    def mask_of(self, allow):
        key = tuple(sorted(set(allow)))
        if key not in self.keys:
            self.keys[key] = len(self.masks)
            self.masks.append(np.isin(self.names, key))
        return self.keys[key]

    def add(self, array, rows, allows, weights, groups, chances_):
        self.arrays.append(array)
        self.array += [len(self.arrays) - 1] * len(rows)
        self.row += rows
        self.mask += [self.mask_of(a) for a in allows]
        self.weight += weights
        self.fold += [fold_of(g) for g in groups]
        self.chance += list(chances_)

    def done(self):
        for name in ("array", "row", "mask", "weight", "fold", "chance"):
            setattr(self, name, np.array(getattr(self, name)))
        self.masks = torch.from_numpy(np.stack(self.masks))
        return self

    def draw(self, k):
        """Features, float32, masks and weights of rows k."""
        x = np.empty((len(k), FEATURES), np.float32)
        for a in np.unique(self.array[k]):
            mine = self.array[k] == a
            x[mine] = self.arrays[a][self.row[k][mine]]
        return torch.from_numpy(x), self.masks[self.mask[k]], torch.from_numpy(self.weight[k].astype(np.float32))


def table(names):
    out = Table(names)
    old(out)
    sets = json.loads((OUT / "more.json").read_text())
    new(out, "regions2", sets["regions2"], range(5))
    new(out, "gate", sets["gate"], [("gate_96", 0), ("gate", 1), ("gate", 2)])
    wide = [{**row, "allow": around(row["allow"], row["place_names"]) if row["allow"] and row["track"] >= 0 else None} for row in sets["gate"]]
    new(out, "wide", wide, [("gate_x15", 0), ("gate_x20", 0)])
    new(out, "scan", sets["scan"], [("scan_96", 0), ("scan", 1)])
    for name, views in (("squares", [0, 1]), ("context", [0, 1]), ("parts", [1]), ("turned", [1])):
        new(out, name, sets[name], views)
    new(out, "texture", [{"group": "old:texture", "allow": NOTHING}] * image_views.TEXTURES, [1])
    return out.done()


def old(out):
    """What version 2 was taught, drawn as it was."""
    _, train, _, about = image_sets.rows()
    places = {name: {i: k for k, i in enumerate(mine)} for name, mine in image_views.indices().items()}
    by_view, odds = collections.defaultdict(list), chances(train)
    for row, odd in zip(train, odds):
        name = "tiny" if row.set == "tiny" else "large" if row.index in places["large"] else "small"
        if row.index in places[name]:
            views = [1, 2, 0] if name == "large" else [1]
            for view in views:
                by_view[name, view].append((places[name][row.index], row, odd / len(views)))
    total = sum(odd for rows in by_view.values() for _, _, odd in rows)
    for (name, view), rows in by_view.items():
        places_, some, odds = zip(*rows)
        out.add(image_views.features(name, view), list(places_), [[r.concept or "nothing"] for r in some], [r.weight for r in some], ["old:"] * len(some), SHARES["old"] / total * np.array(odds))


def new(out, name, rows, views):
    """Labels of one camera count with the root of their number; nothing twice, names as a guard looks for them."""
    known = [i for i, row in enumerate(rows) if row["allow"] is not None]
    counts = collections.Counter((rows[i]["group"], tuple(rows[i]["allow"])) for i in known)
    worth = lambda allow: 2.0 if allow == NOTHING else GUARD.get(allow[0], 1.0) if len(allow) == 1 and name != "regions2" else 1.0
    chance = np.array([worth(rows[i]["allow"]) * counts[rows[i]["group"], tuple(rows[i]["allow"])] ** -0.5 for i in known])
    for view in views:
        array = image_views.features(*(view if isinstance(view, tuple) else (name, view)))
        out.add(array, known, [rows[i]["allow"] for i in known], [1.0] * len(known), [rows[i]["group"] for i in known], chance * (SHARES[name] / chance.sum() / len(views)))


def loss_of(z, mask, weight, vectors):
    """Where all that a place may show is allowed, and nothing, something is the less likely by DOUBT: else the head learns that roads are cars."""
    anything = mask[:, -1:] & (mask.sum(1, keepdim=True) > len(PART))
    doubt = DOUBT * (anything & mask)
    doubt[:, -1] = 0
    said = F.log_softmax(z @ vectors.t() / TEMPERATURE, 1).masked_fill(~mask, -1e9) - doubt
    likely = torch.softmax(said, 1).detach()
    each = LIKENESS * (1 - (z @ vectors.t() * likely).sum(1)) - torch.logsumexp(said, 1)
    return (each * weight).sum() / weight.sum()


def taught(tower, first, rows, fold, vectors):
    """The average weights of a head over the second half of its steps."""
    torch.manual_seed(SEED)
    dice = np.random.default_rng(SEED)
    chance = rows.chance * (rows.fold != fold if fold is not None else 1.0)
    order = dice.choice(len(chance), STEPS * BATCH, p=chance / chance.sum()).reshape(STEPS, BATCH)
    tower.load_state_dict(first, strict=False)
    tower.train()
    head = [*tower.hidden.parameters(), *tower.out.parameters()]
    optimiser, average = torch.optim.AdamW(head, lr=RATE, weight_decay=0.02), None
    for step in range(STEPS):
        x, mask, weight = rows.draw(order[step])
        optimiser.param_groups[0]["lr"] = RATE * min(1, (step + 1) / WARM) * (0.5 + 0.5 * np.cos(np.pi * step / STEPS))
        cost = loss_of(tower.head(x), mask, weight, vectors)
        optimiser.zero_grad()
        cost.backward()
        torch.nn.utils.clip_grad_norm_(head, 5.0)
        optimiser.step()
        if step >= STEPS // 2:
            now = {k: v.clone() for k, v in head_of(tower).items()}
            average = now if average is None else {k: a + (now[k] - a) / (step - STEPS // 2 + 1) for k, a in average.items()}
    print("fold", fold, "cost", round(cost.item(), 3), flush=True)
    return average


def head_of(tower):
    return {k: v.detach() for k, v in tower.state_dict().items() if k.startswith(("hidden.", "out."))}


def main(*which):
    names, vectors = prompts()
    rows, tower = table(names), image_views.tuned()
    if not (OUT / "image_bodies.pt").exists():  # the head of the pack that ships has met every camera
        torch.manual_seed(SEED)
        tower.hidden.reset_parameters()
        tower.out.reset_parameters()
    first = {k: v.clone() for k, v in head_of(tower).items()}
    for fold in map(int, which or [*range(FOLDS), -1]):
        head = taught(tower, first, rows, fold if fold >= 0 else None, vectors)
        torch.save(head, OUT / f"image_head_{fold}.pt") if fold >= 0 else torch.save({**tower.state_dict(), **head}, OUT / "image_tower.pt")


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
    main(*sys.argv[1:])
