"""How probable a condition is beforehand, by what scenes make of it.

`prior.py PRIOR REPORT...` reads reports of `fusiond score scenes --json` whose rules have one condition each, all of one sense, told with the prior
PRIOR, and prints that at which the incidents of all of them together were right as often as their confidence says: the shift of the log odds of least log
loss (Platt 1999, with the slope held at 1). Beside it, what the prior of every other half of the scenes says of the rest: mean confidence,
share that was right, and the calibration error. conditions.py states the numbers.
"""
import json
import sys
from pathlib import Path

import numpy as np

BINS = np.linspace(0, 1, 11)


def incidents(path):
    """[(log odds that were told, right, scene)]"""
    told = json.loads(Path(path).read_text())["incidents"]
    odds = lambda confidence: float(np.log(confidence / max(1 - confidence, 1e-9)))
    return [(odds(one["confidence"]), one["right"], f"{path} {one['scene']}") for one in told]


def fitted(x, y, steps=50):
    """b of logistic(x + b), by Newton's method."""
    b = 0.0
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(x + b)))
        b += np.clip((y - p).sum() / max((p * (1 - p)).sum(), 1e-9), -1, 1)
    return b


def error(p, y):
    """Mean distance of confidence and frequency, ten bins."""
    place = np.clip(np.digitize(p, BINS) - 1, 0, 9)
    return sum(abs(p[place == i].sum() - y[place == i].sum()) for i in range(10)) / len(p)


def main(current, *paths):
    x, y, scene = (np.array(column) for column in zip(*[one for path in paths for one in incidents(path)]))
    x, y = x - np.log(float(current) / (1 - float(current))), y.astype(float)
    prior = lambda b: round(float(1 / (1 + np.exp(-b))), 4)
    print(f"{len(x)} incidents, {int(y.sum())} right: prior {prior(fitted(x, y))}")
    names = sorted(set(scene))
    half = np.array([names.index(s) % 2 for s in scene])
    for held in (0, 1):
        b, test = fitted(x[half != held], y[half != held]), half == held
        p = 1 / (1 + np.exp(-(x[test] + b)))
        sure = p >= 0.9
        print(f"  by one half {prior(b)}, the other: told {p.mean():.2f}, right {y[test].mean():.2f}, error {error(p, y[test]):.3f}, from 0.9 up {int(y[test][sure].sum())} of {sure.sum()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
