"""The head of version 3: what the body says of a window, to the shared space; several heads, taught with several seeds, side by side.

As before it adds what the teacher's AudioSet labels mean and what learned layers say. The learned layers look at the principal axes of
what the body says. Side by side, heads are averaged before the sum is made a unit vector.
"""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import space
from audio_body import PARTS


def columns(parts):
    """Where the parts lie in what the body says."""
    at = dict(zip(PARTS, np.cumsum([0, *PARTS.values()])))
    return np.concatenate([np.arange(at[p], at[p] + PARTS[p]) for p in PARTS if p in parts])


class Known(nn.Module):
    """What the teacher's labels mean, [B, 256] of what the body says: its last layer, and a stated table."""

    def __init__(self, body, table):
        super().__init__()
        self.at = columns(("hidden",))
        self.register_buffer("weight", torch.from_numpy(body.weight.copy())), self.register_buffer("bias", torch.from_numpy(body.bias.copy()))
        self.register_buffer("table", table)

    def forward(self, said):
        return torch.sigmoid(F.linear(said[:, self.at[0] : self.at[-1] + 1], self.weight, self.bias)) @ self.table


class Axes(nn.Module):
    """The principal axes of some parts, each at unit spread, what hardly varies held down."""

    def __init__(self, said, parts, count, floor=0.02):
        super().__init__()
        at = columns(parts)
        x = said[:, at].astype(np.float32)
        mean, spread = x.mean(0), x.std(0)
        scale = 1 / (spread + 0.05 * spread.mean())
        x = (x - mean) * scale
        values, axes = np.linalg.eigh(x.T @ x / len(x))
        values, axes = values[::-1][:count], axes[:, ::-1][:, :count]
        weight = (axes / np.sqrt(values + floor * values.mean())).T * scale
        self.register_buffer("at", torch.from_numpy(at))
        self.register_buffer("weight", torch.from_numpy(np.ascontiguousarray(weight, np.float32)))
        self.register_buffer("bias", torch.from_numpy((-weight @ mean).astype(np.float32)))

    def forward(self, said):
        return F.linear(said[:, self.at], self.weight, self.bias)


class Head(nn.Module):
    """axes [B, K] and known [B, 256] to vectors that are not yet of unit length."""

    def __init__(self, count, hidden, drop):
        super().__init__()
        self.hidden, self.out, self.straight = nn.Linear(count, hidden), nn.Linear(hidden, space.DIMENSIONS), nn.Linear(count, space.DIMENSIONS, bias=False)
        self.share, self.drop = nn.Parameter(torch.tensor(1.0)), drop
        nn.init.zeros_(self.out.weight), nn.init.zeros_(self.straight.weight)
        with torch.no_grad():
            self.out.bias.copy_(torch.from_numpy(space.NOTHING) * 0.3)

    def forward(self, axes, known):
        x = F.dropout(axes, self.drop, self.training)
        self.learned = self.out(F.dropout(F.hardswish(self.hidden(x)), self.drop, self.training)) + self.straight(x)
        return self.share * known + self.learned


class Heads(nn.Module):
    """said [B, WIDTH] to unit vectors [B, 256]."""

    def __init__(self, known, axes, heads):
        super().__init__()
        self.known, self.axes, self.heads = known, axes, nn.ModuleList(heads)

    def forward(self, said):
        axes, known = self.axes(said), self.known(said)
        return F.normalize(sum(h(axes, known) for h in self.heads) / float(len(self.heads)), dim=1)

    def wide(self):
        """The same as one head with one wide layer: what ships."""
        cat = lambda of: torch.cat([of(h) for h in self.heads])
        mean = lambda of: torch.stack([of(h) for h in self.heads]).mean(0)
        head = Head(self.heads[0].hidden.in_features, sum(h.hidden.out_features for h in self.heads), 0.0)
        with torch.no_grad():
            head.hidden.weight.copy_(cat(lambda h: h.hidden.weight)), head.hidden.bias.copy_(cat(lambda h: h.hidden.bias))
            head.out.weight.copy_(torch.cat([h.out.weight for h in self.heads], 1) / len(self.heads)), head.out.bias.copy_(mean(lambda h: h.out.bias))
            head.straight.weight.copy_(mean(lambda h: h.straight.weight)), head.share.copy_(mean(lambda h: h.share))
        return Heads(self.known, self.axes, [head]).eval()
