"""Rooms to hear sounds in: shoebox rooms by image sources, with a diffuse tail that loses its treble first. Drawn once."""
import functools

import numpy as np
import torch

RATE, LENGTH, COUNT, SEED, ORDER = 16000, 12800, 120, 13, 3
SPEED = 343.0  # of sound, m/s
SIZE = 45056  # 11 * 4096, above 32 000 + 12 800


def room(rng):
    """float32 [LENGTH]: the response of one room, the direct sound at its beginning and of height 1."""
    size = rng.uniform([2.5, 2.5, 2.3], [12, 9, 4])
    source, ear = (rng.uniform(0.1, 0.9, 3) * size for _ in range(2))
    wall = np.sqrt(1 - rng.uniform(0.1, 0.6))  # what a wall gives back
    response = np.zeros(LENGTH)
    direct = max(0.3, np.linalg.norm(source - ear))
    span = np.arange(-ORDER, ORDER + 1)
    for cell in np.stack(np.meshgrid(span, span, span), -1).reshape(-1, 3):
        image = cell * size + np.where(cell % 2 == 0, source, size - source)
        far = max(0.3, np.linalg.norm(image - ear))
        at = int((far - direct) / SPEED * RATE)
        if 0 <= at < LENGTH:
            response[at] += direct / far * wall ** np.abs(cell).sum() * (1 if np.abs(cell).sum() == 0 else rng.choice([-1, 1]))
    volume, area = size.prod(), 2 * (size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    decay = np.clip(0.161 * volume / (area * (1 - wall**2)), 0.1, 1.2)
    t = np.arange(LENGTH) / RATE
    noise = rng.normal(size=LENGTH)
    dull = np.convolve(noise, np.ones(6) / 6, "same")
    late = noise * np.exp(-6.9 * t / (0.5 * decay)) + 1.6 * dull * np.exp(-6.9 * t / decay)
    late *= np.clip(t / 0.02, 0, 1) ** 2
    reach = direct / np.sqrt(volume / decay) * 17  # diffuse over direct: distance over the room's critical distance
    return (response + late / np.sqrt(np.square(late).sum()) * min(2.5, reach)).astype(np.float32)


@functools.lru_cache(1)
def rooms():
    """A function of dice and windows [B, 32000]: each in a room of the bank."""
    rng = np.random.default_rng(SEED)
    bank = torch.fft.rfft(torch.from_numpy(np.stack([room(rng) for _ in range(COUNT)])), SIZE)
    return lambda dice, x: torch.fft.irfft(torch.fft.rfft(x, SIZE) * bank[dice.below(COUNT, len(x))], SIZE)[:, : x.shape[1]]
