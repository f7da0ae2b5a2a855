"""What cameras do to a region: distance, noise, night, blur, JPEG. And pictures in which nothing is."""
import io

import numpy as np
from PIL import Image, ImageFilter

SIDE = 96


def view(rng, picture, hard=True):
    """uint8 [s, s, 3] of any side to uint8 [96, 96, 3] as a camera might give it."""
    image = Image.fromarray(picture)
    width = image.width
    share = rng.uniform(0.6, 1.0) if hard else 1.0
    w, h = width * min(1.0, share * rng.uniform(0.85, 1.15)), width * share
    left, top = rng.uniform(0, width - w), rng.uniform(0, width - h)
    side = int(np.exp(rng.uniform(np.log(18), np.log(96)))) if rng.random() < 0.65 else SIDE
    image = image.resize((side, side), Image.BILINEAR, (left, top, left + w, top + h), reducing_gap=2.0)
    if rng.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    if rng.random() < 0.2:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.6) * side / 64))
    x = light(rng, np.asarray(image, np.float32))
    if rng.random() < 0.4:
        x = x + rng.normal(0, rng.uniform(2, 28), x.shape if rng.random() < 0.6 else x.shape[:2] + (1,))
    return finish(rng, np.clip(x, 0, 255).astype(np.uint8))


def light(rng, x):
    """Brightness, contrast, gamma, a colour cast; a quarter is grey."""
    if rng.random() < 0.25:
        x = np.repeat(x @ np.array([0.299, 0.587, 0.114], np.float32)[:, None], 3, 2)
    elif rng.random() < 0.5:
        x = x * rng.uniform(0.8, 1.2, 3).astype(np.float32)
    mean = x.mean()
    x = (x - mean) * rng.uniform(0.45, 1.35) + mean * rng.uniform(0.5, 1.4)
    if rng.random() < 0.25:
        x = 255 * (np.clip(x, 0, 255) / 255) ** rng.uniform(0.6, 1.8)
    return x


def finish(rng, x):
    """JPEG at the region's own size, then the resizing that the gate does."""
    image = Image.fromarray(x)
    if rng.random() < 0.4:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=int(rng.uniform(18, 85)))
        image = Image.open(buffer).convert("RGB")
    return np.asarray(image if image.width == SIDE else image.resize((SIDE, SIDE), Image.BILINEAR))


def texture(rng):
    """Nothing, made up: a wall, foliage, a shadow's edge, stripes, plain noise, compression; uint8 [96, 96, 3]."""
    n, kind = SIDE, rng.integers(5)
    base = rng.uniform(10, 245, 3)
    y, x = np.mgrid[0:n, 0:n] / n
    if kind == 0:
        f = np.zeros((n, n))
    elif kind == 1:
        hz = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :])
        f = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((n, n))) / np.maximum(hz, 1 / n) ** rng.uniform(0.3, 1.8), (n, n))
        f = f / f.std() * rng.uniform(5, 45)
    elif kind == 2:
        angle, at = rng.uniform(0, 7), rng.uniform(-0.4, 0.4)
        f = -rng.uniform(15, 90) / (1 + np.exp(-((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) - at) * rng.uniform(6, 150)))
    elif kind == 3:
        angle, period = rng.uniform(0, 3.2), rng.uniform(0.04, 0.5)
        f = rng.uniform(5, 60) * np.sign(np.sin((x * np.cos(angle) + y * np.sin(angle)) / period * 6.28 + rng.uniform(0, 6)))
    else:
        row, brick = rng.uniform(0.06, 0.25), rng.uniform(0.1, 0.5)
        f = -rng.uniform(10, 60) * (((y / row) % 1 < 0.12) | (((x / brick + 0.5 * (np.floor(y / row) % 2)) % 1) < 0.06))
    f = f + rng.uniform(-40, 40) * (x - 0.5) + rng.uniform(-40, 40) * (y - 0.5)
    tint = rng.uniform(0.8, 1.2, 3)
    return np.clip(base + f[:, :, None] * tint, 0, 255).astype(np.uint8)
