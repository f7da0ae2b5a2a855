"""Trains heads on what the frozen body says: `train_heads.py cv` (5 folds) or `train_heads.py final`; SEEDS heads side by side each.

A fold's heads never meet a recording of the fold: neither as what is heard nor behind it.
"""
import os
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F

import audio_pool
from audio_body import Body
from audio_head import Axes, Head, Heads, Known
from audio_model import label_table
from audio_sounds import FOLDS, sounds
from paths import OUT
from train_audio import prompts

SEEDS = int(os.environ.get("AUDIO_SEEDS", 3))
RECIPE = {
    "parts": ("mean", "hidden"), "axes": 384, "hidden": 256, "drop": 0.3,
    "steps": int(os.environ.get("HEAD_STEPS", 800)), "batch": 384, "rate": 2e-3, "decay": 0.05,
    "temperature": 0.08, "smooth": 0.02, "aim": 1.0, "small": 0.02,  # softmax over cosines; cosine to the aim; the learned layer small
    "mix": 0.4,  # of the beta distribution that windows and their names are mixed with
    "clean": 0.5, "ordinary": 0.5,  # share of a batch that is not spoiled; share of that which is ordinary sound
    "behind_db": 12.0,  # from which a background that has a name is no part of what is shown
}


def shares(rows, names):
    """[sounds + 1, P]: what each sound shows; nothing where nothing that has a name, and in the last row."""
    out = np.zeros((len(rows) + 1, len(names)), np.float32)
    for i, s in enumerate(rows):
        for c in s.shows or ("nothing",):
            out[i, names.index(c)] += 1 / len(s.shows or (1,))
    out[-1, -1] = 1
    return out


class Material:
    """said, share [N, P], chance [N], of clean and of spoiled windows, for the folds that may be met."""

    def __init__(self, clean, spoiled, folds, recipe):
        rows, (names, self.vectors) = sounds(), prompts()
        table, ordinary = shares(rows, names), np.array([s.kind == "ordinary" for s in rows])
        fold = np.array([s.fold for s in rows])
        sound, loud, silent = clean["sound"], audio_pool.is_loud(clean), ~audio_pool.is_loud(clean, 1e-3)
        heard, quiet = ordinary[sound] | loud, ~ordinary[sound] & silent
        keep = np.isin(fold[sound], folds) & (heard | quiet)
        rng = np.random.default_rng(0)
        keep &= ~quiet | (rng.uniform(size=len(quiet)) < 0.1)
        index = np.flatnonzero(keep)
        share = np.where(quiet[index, None], table[-1], table[sound[index]])
        self.clean = (clean["said"][index], share, balanced(share, sound[index], rows, recipe["ordinary"]))
        keep = np.flatnonzero(np.isin(spoiled["fold"], folds))
        about, db = spoiled["about"][keep], spoiled["db"][keep]
        share = table[about[:, 0]]
        both = about[:, 1] >= 0
        share[both] = 0.5 * (share[both] + table[about[both, 1]])
        behind = table[about[:, 2]] * (about[:, 2] >= 0)[:, None]
        behind[:, -1] = 0
        weight = 0.5 * np.clip(1 - db / recipe["behind_db"], 0, 1.2)[:, None] * behind.sum(1, keepdims=True)
        share = share * (1 - weight) + behind * weight
        self.spoiled = (spoiled["said"][keep], share, np.full(len(keep), 1 / len(keep)))


def balanced(share, sound, rows, ordinary):
    """Chance of each clean window: a kind of sound counts with the power 0.5 of its recordings, ordinary ones together with that share."""
    groups = {}
    for k, i in enumerate(sound):
        s = rows[i]
        key = (s.kind == "ordinary", s.label, bool(share[k, -1] > 0.9))
        groups.setdefault(key, {}).setdefault(s.recording, []).append(k)
    p = np.zeros(len(sound))
    for recordings in groups.values():
        for windows in recordings.values():
            p[windows] = len(recordings) ** -0.5 / len(windows)
    mine = np.array([rows[i].kind == "ordinary" for i in sound])
    for group, part in ((mine, ordinary), (~mine, 1 - ordinary)):
        if group.any():
            p[group] *= part / p[group].sum()
    return p / p.sum()


def loss_of(z, learned, share, vectors, recipe):
    logits = z @ vectors.t() / recipe["temperature"]
    soft = share * (1 - recipe["smooth"]) + recipe["smooth"] / share.shape[1]
    aim = F.normalize(share @ vectors, dim=1)
    return -(soft * F.log_softmax(logits, 1)).sum(1).mean() + recipe["aim"] * (1 - (z * aim).sum(1)).mean() + recipe["small"] * learned.square().sum(1).mean()


class Reduced:
    """Material as heads see it: principal axes and known vectors, computed once."""

    def __init__(self, material, body, recipe):
        some = np.concatenate([material.clean[0][::2], material.spoiled[0][::2]])
        self.axes, self.known = Axes(some[:: max(1, len(some) // 16000)], recipe["parts"], recipe["axes"]), Known(body, label_table())
        self.parts = [(self.of(said), share, chance) for said, share, chance in (material.clean, material.spoiled)]
        self.vectors, self.recipe = material.vectors, recipe

    @torch.no_grad()
    def of(self, said):
        rows = [torch.from_numpy(said[i : i + 2000].astype(np.float32)) for i in range(0, len(said), 2000)]
        return torch.cat([self.axes(r) for r in rows]), torch.cat([self.known(r) for r in rows])

    def batch(self, rng, size):
        first, out = int(size * self.recipe["clean"]), []
        for (said, share, chance), n in zip(self.parts, (first, size - first)):
            i = np.searchsorted(np.cumsum(chance), rng.uniform(size=n)).clip(0, len(chance) - 1)
            out.append((said[0][i], said[1][i], torch.from_numpy(share[i])))
        return [torch.cat(x).float() for x in zip(*out)]


def train(reduced, seed, recipe):
    """A head, and its last loss."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    head = Head(recipe["axes"], recipe["hidden"], recipe["drop"]).train()
    optimiser = torch.optim.AdamW(head.parameters(), lr=recipe["rate"], weight_decay=recipe["decay"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe["rate"], total_steps=recipe["steps"], pct_start=0.1)
    for step in range(recipe["steps"]):
        axes, known, share = reduced.batch(rng, recipe["batch"])
        if recipe["mix"] > 0:
            m = torch.from_numpy(rng.beta(recipe["mix"], recipe["mix"], (len(axes), 1)).astype(np.float32))
            m, other = torch.maximum(m, 1 - m), torch.randperm(len(axes))
            axes, known, share = (m * x + (1 - m) * x[other] for x in (axes, known, share))
        z = F.normalize(head(axes, known), dim=1)
        loss = loss_of(z, head.learned, share, reduced.vectors, recipe)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 5.0)
        optimiser.step()
        schedule.step()
    return head.eval(), loss.item()


def taught(clean, spoiled, folds, body, recipe, seeds):
    """Heads for the folds, side by side."""
    reduced = Reduced(Material(clean, spoiled, folds, recipe), body, recipe)
    heads = [train(reduced, seed, recipe)[0] for seed in seeds]
    return Heads(reduced.known, reduced.axes, heads).eval()


@torch.no_grad()
def vectors_of(heads, said):
    return np.concatenate([heads(torch.from_numpy(said[i : i + 2000].astype(np.float32))).numpy() for i in range(0, len(said), 2000)])


def heads_of(fold=None):
    """The heads that never met the fold; None: those that ship."""
    return torch.load(OUT / ("audio_heads.pt" if fold is None else f"audio_heads_{fold}.pt")).eval()


def main(what):
    torch.set_num_threads(1)
    clean, spoiled, start = audio_pool.pool("clean"), audio_pool.spoiled(), time.monotonic()
    for held in {"final": [None], "cv": range(FOLDS)}[what]:
        path = OUT / ("audio_heads.pt" if held is None else f"audio_heads_{held}.pt")
        if not path.exists():
            torch.save(taught(clean, spoiled, [f for f in range(FOLDS) if f != held], Body(), RECIPE, range(SEEDS)), path)
            print(path.name, round(time.monotonic() - start), "s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
