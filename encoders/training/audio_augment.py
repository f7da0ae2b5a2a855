"""What microphones do to sounds: backgrounds, rooms, levels, bands, clipping. Batches of 2 s windows in torch, on any device.

Everything is drawn by the Dice that is passed in; the same dice on the same device draw the same windows.
"""
import math

import torch
from torch.nn import functional as F

RATE, SAMPLES = 16000, 32000
HARMONICS, VOICES_MOST = 13, 13


class Dice:
    """Seeded draws on one device."""

    def __init__(self, seed, device="cpu"):
        self.device, self.generator = device, torch.Generator(device).manual_seed(seed)

    def uniform(self, low, high, *shape):
        return low + (high - low) * torch.rand(*shape, generator=self.generator, device=self.device)

    def normal(self, *shape):
        return torch.randn(*shape, generator=self.generator, device=self.device)

    def below(self, most, *shape):
        return torch.randint(most, shape, generator=self.generator, device=self.device)

    def chance(self, p, n):
        return torch.rand(n, generator=self.generator, device=self.device) < p


def rms(x):
    return torch.sqrt(x.square().mean(-1, keepdim=True) + 1e-12)


def decibels(db):
    return 10 ** (db / 20)


def hertz(device, n=SAMPLES):
    return torch.fft.rfftfreq(n, 1 / RATE, device=device)


def seconds(device):
    return torch.arange(SAMPLES, device=device) / RATE


def where(mask, changed, x):
    """x with the rows of the mask replaced by changed(rows)."""
    rows = mask.nonzero()[:, 0]
    return x.index_copy(0, rows, changed(x[rows]).to(x.dtype)) if len(rows) else x


def coloured(dice, slope):
    """Noise whose power falls with frequency to the power of slope [B, 1]: 0 white, 1 pink, 2 brown; unit rms."""
    spectrum = torch.fft.rfft(dice.normal(len(slope), SAMPLES))
    x = torch.fft.irfft(spectrum / hertz(dice.device).clamp(min=30.0) ** (slope / 2), SAMPLES)
    return x / rms(x)


def swell(dice, n):
    """A slow change of level, as wind and passing traffic have."""
    points = dice.uniform(-6, 6, n, 1, 5)
    return decibels(F.interpolate(points, SAMPLES, mode="linear", align_corners=True)[:, 0])


def footage(dice, n):
    """The murmur of a street or a hall behind a camera: coloured noise in bands that swell on their own."""
    x = coloured(dice, dice.uniform(0.8, 2.2, n, 1)) * swell(dice, n)
    centre, width = torch.exp(dice.uniform(math.log(80), math.log(3000), n, 1)), dice.uniform(0.3, 1.2, n, 1)
    bump = 1 + dice.uniform(0, 6, n, 1) * torch.exp(-((torch.log(hertz(dice.device).clamp(min=1) / centre) / width) ** 2))
    return torch.fft.irfft(torch.fft.rfft(x) * bump, SAMPLES)


def hum(dice, n):
    """Mains or a motor far away: harmonics and a floor of noise."""
    t, kind = seconds(dice.device), dice.uniform(0, 1, n, 1)
    base = torch.where(kind < 1 / 3, torch.full_like(kind, 50.0), torch.where(kind < 2 / 3, torch.full_like(kind, 60.0), dice.uniform(25, 240, n, 1)))
    count, x = 3 + dice.below(HARMONICS - 3, n, 1), torch.zeros(n, SAMPLES, device=dice.device)
    for k in range(1, HARMONICS):
        x += (k < count) * dice.uniform(0, 1, n, 1) / k * torch.sin(2 * math.pi * base * k * t + dice.uniform(0, 2 * math.pi, n, 1))
    return x / rms(x) + dice.uniform(0.02, 1.0, n, 1) * coloured(dice, dice.uniform(0.5, 2, n, 1))


def fan(dice, n):
    """A ventilator: noise in a broad band, modulated by the blades."""
    blades = torch.sin(2 * math.pi * dice.uniform(5, 40, n, 1) * seconds(dice.device))
    return coloured(dice, dice.uniform(0.5, 1.8, n, 1)) * (1 + dice.uniform(0, 0.4, n, 1) * blades) + 0.3 * hum(dice, n)


def babble(dice, n, voices):
    """Many voices at once, none of them understood: spoken sentences [V, 5 s], shifted, stretched, reversed and added."""
    x, count = torch.zeros(n, SAMPLES, device=dice.device), 6 + dice.below(VOICES_MOST - 5, n, 1)
    steps = torch.arange(SAMPLES, device=dice.device)
    for k in range(VOICES_MOST):
        voice, pace = dice.below(len(voices), n, 1), dice.uniform(0.8, 1.25, n, 1) * (1 - 2 * dice.below(2, n, 1))
        at = (dice.uniform(0, voices.shape[1], n, 1) + pace * steps).long() % voices.shape[1]
        x += (k < count) * dice.uniform(0.3, 1, n, 1) * voices[voice, at]
    x = reverb(dice, x)
    return x + 0.05 * rms(x) * coloured(dice, torch.ones(n, 1, device=dice.device))


def plain(dice, n):
    return coloured(dice, dice.uniform(0, 2.2, n, 1))


def background(dice, n, voices):
    """[n, 32000] at unit rms: three in seven a street or hall, else plain noise, hum, a fan or babble."""
    kinds = (footage, footage, footage, plain, hum, fan, lambda d, m: babble(d, m, voices))
    kind, x = dice.below(len(kinds), n), torch.empty(n, SAMPLES, device=dice.device)
    for k, make in enumerate(kinds):
        rows = (kind == k).nonzero()[:, 0]
        if len(rows):
            x[rows] = make(dice, len(rows))
    return x / rms(x)


def reverb(dice, x):
    """A room: an exponentially decaying noise of 0.15 to 0.8 s behind the direct sound."""
    n, length = len(x), int(0.8 * RATE)
    decay = dice.uniform(0.15, 0.8, n, 1) * RATE
    tail = dice.normal(n, length) * torch.exp(-6.9 * torch.arange(length, device=x.device) / decay)
    tail[:, 0] = 0
    response = tail * dice.uniform(0.1, 0.8, n, 1) / torch.sqrt(tail.square().sum(-1, keepdim=True) + 1e-12)
    response[:, 0] = 1
    size = 45056  # 11 * 4096, above 32 000 + 12 800
    return torch.fft.irfft(torch.fft.rfft(x, size) * torch.fft.rfft(response, size), size)[:, :SAMPLES]


def band(dice, x):
    """A telephone, a cheap microphone, a wall: a low and a high limit and a tilt."""
    n, hz, kind = len(x), hertz(x.device).clamp(min=1), dice.below(3, len(x), 1)
    low, free = torch.exp(dice.uniform(math.log(20), math.log(350), n, 1)), dice.uniform(2500, 8000, n, 1)
    high = torch.where(kind == 0, torch.full_like(free, 3400.0), torch.where(kind == 1, torch.full_like(free, 3900.0), free))
    gain = 1 / (1 + (low / hz) ** 4) / (1 + (hz / high) ** 12) * (hz / 1000) ** dice.uniform(-0.25, 0.25, n, 1)
    return torch.fft.irfft(torch.fft.rfft(x) * gain, SAMPLES)


def excerpt(dice, x):
    """Only 0.3 to 1 s of the sound, anywhere in the window, as when it begins or ends there."""
    n, steps = len(x), torch.arange(SAMPLES, device=x.device)
    length = dice.uniform(0.3, 1.0, n, 1) * RATE
    loud = F.avg_pool1d(x.square().unsqueeze(1), 1600)[:, 0]
    middle = 1600.0 * (loud * dice.uniform(0.5, 1, *loud.shape)).argmax(1, keepdim=True)
    start = torch.minimum((middle - dice.uniform(0.1, 0.6, n, 1) * length).clamp(min=0), SAMPLES - length).long()
    to = (dice.uniform(0, 1, n, 1) * (SAMPLES - length)).long()
    fade = (torch.minimum(steps - to, to + length - steps) / 80).clamp(0, 1)
    return torch.gather(x, 1, (steps - to + start).clamp(0, SAMPLES - 1)) * fade


def level(dice, x):
    """-42 to -3 dB of full scale at the loudest sample; one in eight clips."""
    n = len(x)
    y = x / x.abs().amax(-1, keepdim=True).clamp(min=1e-7) * decibels(dice.uniform(-42, -3, n, 1))
    hard = (y * dice.uniform(2, 8, n, 1)).clamp(-1, 1) * 0.9
    return torch.where(dice.chance(0.12, n)[:, None], hard, y)


def spoil(dice, x, voices, least_db=-6.0, most_db=24.0):
    """Windows [B, 32000] as a microphone might give them."""
    n = len(x)
    x = where(dice.chance(0.35, n), lambda r: reverb(dice, r), x)
    noisy = lambda r: r + background(dice, len(r), voices) * rms(r) * decibels(-dice.uniform(least_db, most_db, len(r), 1))
    x = where(dice.chance(0.85, n), noisy, x)
    x = where(dice.chance(0.3, n), lambda r: band(dice, r), x)
    return level(dice, x)


def nothing(dice, n, voices):
    """Nothing happens: silence, a floor of noise, hum, a fan, a murmur, at any level."""
    x = background(dice, n, voices)
    x = where(dice.chance(0.3, n), lambda r: r + background(dice, len(r), voices) * dice.uniform(0.2, 1, len(r), 1), x)
    x = where(dice.chance(0.3, n), lambda r: band(dice, r), x)
    x = x / rms(x) * decibels(dice.uniform(-75, -14, n, 1))
    x = where(dice.chance(0.2, n), lambda r: torch.round(r * 32768) / 32768, x)
    offset = lambda r: torch.zeros_like(r) + dice.uniform(-0.01, 0.01, len(r), 1) * dice.below(2, len(r), 1)
    return where(dice.chance(0.08, n), offset, x).clamp(-1, 1)


class Clips:
    """Sounds int16 [clips, samples] from which windows are cut where something is heard: a quarter as loud as the loudest at least."""

    def __init__(self, sounds, device="cpu"):
        self.sounds = torch.as_tensor(sounds, device=device)
        power = F.pad((self.sounds.float() / 32768).square().double().cumsum(1), (1, 0))
        starts = torch.arange(0, sounds.shape[1] - SAMPLES + 1, 1600, device=device)
        energy = power[:, starts + SAMPLES] - power[:, starts]
        self.starts, self.loudest = starts, starts[energy.argmax(1)]
        self.loud = (energy >= 0.25 * energy.amax(1, keepdim=True)).float()

    def at(self, clip, start):
        index = start[:, None] + torch.arange(SAMPLES, device=start.device)
        return self.sounds[clip[:, None], index].float() / 32768

    def crop(self, dice, clip):
        chosen = self.starts[torch.multinomial(self.loud[clip], 1, generator=dice.generator)[:, 0]]
        return self.at(clip, (chosen + dice.below(1600, len(clip)) - 800).clamp(0, self.sounds.shape[1] - SAMPLES))
