"""Turns cosines into log-likelihood ratios, from predictions on recordings and pictures that the tower never trained on.

A score is s = (cosine - mean_negative) / sd_negative; LLR = a s + b, by a logistic fit with both sides weighing the same. In
calibration.json the coefficients are those of the raw cosine, as the daemon reads them. The cosine is that of the vector as the tower
gives it: "nothing" is an axis of the space, so nothing is centred away (README.md says why).
"""
import numpy as np

import space


def fit(positive, negative, steps=60):
    """(a, b) of LLR = a x + b by Newton's method, a not below 0; a tenth of a pseudo-count keeps it finite."""
    x = np.concatenate([positive, negative])
    y = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    w = np.concatenate([np.full(len(positive), 0.5 / len(positive)), np.full(len(negative), 0.5 / len(negative))])
    middle, scale = x.mean(), x.std()
    design = np.stack([(x - middle) / scale, np.ones_like(x)], 1)
    beta = np.zeros(2)
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (w * (p - y)) + 1e-4 * beta
        hessian = (design * (w * np.maximum(p * (1 - p), 1e-9))[:, None]).T @ design + 1e-4 * np.eye(2)
        beta -= np.linalg.solve(hessian, gradient)
    a = max(0.0, beta[0] / scale)
    return a, beta[1] - a * middle


def quality(positive, negative, a, b):
    """ECE in 15 bins and Cllr, both sides weighing the same."""
    llr = np.concatenate([a * positive + b, a * negative + b])
    y = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    w = np.where(y > 0, 0.5 / len(positive), 0.5 / len(negative))
    p = 1 / (1 + np.exp(-llr))
    bins = np.minimum((p * 15).astype(int), 14)
    ece = sum(abs(np.sum(w[bins == k] * (p[bins == k] - y[bins == k]))) for k in range(15) if np.any(bins == k))
    cllr = 0.5 / np.log(2) * (np.mean(np.logaddexp(0, -(a * positive + b))) + np.mean(np.logaddexp(0, a * negative + b)))
    return {"ece": round(float(ece), 4), "cllr": round(float(cllr), 4)}


def pairs(vectors, truth, prompts, related=0.45):
    """Cosines of each vector with the prompt it shows and with those that mean something else. truth: index, -1 for nothing."""
    cosine, near = vectors @ prompts.T, prompts @ prompts.T
    shows = truth >= 0
    positive = cosine[shows, truth[shows]]
    other = np.ones_like(cosine, bool)
    other[shows] = near[truth[shows]] < related
    return positive, cosine[other]


def couples(vectors, truth, count=60_000):
    """Cosines of two vectors of one modality that show the same concept, and of two that do not (nothing counts as a concept)."""
    rng = np.random.default_rng(1)
    left = rng.integers(len(truth), size=count)
    members = {t: np.where(truth == t)[0] for t in np.unique(truth)}
    same = np.array([rng.choice(members[t]) for t in truth[left]])
    other = rng.integers(len(truth), size=count)
    cosine = lambda i, j: np.sum(vectors[i] * vectors[j], 1)
    shows = (truth[left] >= 0) & (left != same)
    differ = truth[left] != truth[other]
    return cosine(left[shows], same[shows]), cosine(left[differ], other[differ])


def block(vectors, truth, prompts, background):
    """One modality's part of calibration.json and its quality."""
    positive, negative = pairs(vectors, truth, prompts)
    rng = np.random.default_rng(0)
    negative = rng.choice(negative, min(len(negative), 400_000), replace=False)
    a, b = fit(positive, negative)
    pair = dict(zip("ab", (round(float(v), 4) for v in fit(*couples(vectors, truth)))))
    rounded = lambda v: [round(float(x), 6) for x in v]
    prompt = {"a": a, "b": b, "positives": len(positive), "mean_positive": positive.mean(), "mean_negative": negative.mean(), "sd_negative": negative.std()}
    prompt = {k: v if isinstance(v, int) else round(float(v), 4) for k, v in prompt.items()}
    return {"mean": rounded(background.mean(0)), "variance": rounded(background.var(0)), "prompt": prompt, "pair": pair}, quality(positive, negative, a, b)
