"""The sound tower: front end, a small denoiser, the teacher's body (EfficientAT mn04, 0.98 M parameters) and a head into the shared space.

The head adds two things and makes the sum a unit vector: what the teacher's own AudioSet labels mean in the shared space (a stated
table, so that sounds without a training clip are known too), and what a small trained layer says of the body's features.
"""
import csv

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import space
from audio_front import LogMel
from onnx_module import OnnxModule
from paths import DATA, HERE

TEACHER = DATA / "models" / "mn04_as_logits_embed384.onnx"
FEATURES, LABELS, HIDDEN = 384, 527, 384


def label_table():
    """float32 [527, 256]: the vector of each AudioSet label, zeros where it says nothing."""
    with open(DATA / "models" / "audioset_class_labels.csv", encoding="utf-8") as file:
        names = [row["display_name"] for row in csv.DictReader(file)]
    vectors = {c["name"]: c["vector"] for c in space.concepts()} | {"nothing": space.NOTHING}
    table = np.zeros((LABELS, space.DIMENSIONS), np.float32)
    for line in (HERE / "audioset.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            concept, _, labels = line.partition(": ")
            for label in labels.split("; "):
                table[names.index(label)] = vectors[concept]
    return torch.from_numpy(table)


class Head(nn.Module):
    """features [B, 384] and logits [B, 527] to unit vectors [B, 256]."""

    def __init__(self, table):
        super().__init__()
        self.register_buffer("table", table)
        self.gain = nn.Parameter(torch.full((LABELS,), 1.0))
        self.bias = nn.Parameter(torch.zeros(LABELS))
        self.norm = nn.BatchNorm1d(FEATURES + LABELS, affine=False)
        self.hidden = nn.Linear(FEATURES + LABELS, HIDDEN)
        self.out = nn.Linear(HIDDEN, space.DIMENSIONS)
        nn.init.zeros_(self.out.weight)
        with torch.no_grad():
            self.out.bias.copy_(torch.from_numpy(space.NOTHING) * 0.3)

    def normalised(self, x):
        """Written out once the statistics stand: the exporter wants a channel count that it cannot see."""
        if self.norm.training:
            return self.norm(x)
        return (x - self.norm.running_mean) * torch.rsqrt(self.norm.running_var + self.norm.eps)

    def forward(self, features, logits):
        known = (torch.sigmoid(logits + self.bias) * self.gain) @ self.table
        x = F.dropout(self.normalised(torch.cat([features, logits], 1)), 0.2, self.training)
        self.learned = self.out(F.dropout(F.hardswish(self.hidden(x)), 0.3, self.training))
        return F.normalize(known + self.learned, dim=1)


class Denoiser(nn.Module):
    """Log-mel [B, 1, 128, T] to the same less what it takes for background; changes nothing before it is trained.

    Each cell by itself, from its band, its height, and how far it lies above the band's mean and above the band's quiet moments (a
    soft minimum over time): what spectral subtraction knows, with learned rules.
    """

    def __init__(self, width=16):
        super().__init__()
        self.enter, self.leave = nn.Conv2d(3, width, 1), nn.Conv2d(width, 1, 1)
        self.band = nn.Parameter(torch.zeros(1, width, 128, 1))
        nn.init.zeros_(self.leave.weight), nn.init.zeros_(self.leave.bias)

    def forward(self, mel):
        floor = -torch.log(torch.exp(-4.0 * mel).mean(3, keepdim=True)) / 4.0
        seen = torch.cat([mel, mel - mel.mean(3, keepdim=True), mel - floor], 1)
        return mel + self.leave(F.relu(self.enter(seen) + self.band))


class AudioTower(nn.Module):
    """float32 PCM [B, 32000], 16 kHz, -1..1, to unit vectors [B, 256]."""

    def __init__(self):
        super().__init__()
        self.front, self.denoiser, self.body, self.head = LogMel(), Denoiser(), OnnxModule(TEACHER, ["view_8", "logits"]), Head(label_table())

    def features(self, pcm):
        """What the body says, features [B, 384] and logits [B, 527]."""
        return self.body(self.denoiser(self.front(pcm)))

    def forward(self, pcm):
        return self.head(*self.features(pcm))
