"""What microphones do to sounds: backgrounds, rooms, levels, bands, clipping. All numpy, all from one seeded generator."""
import glob
import subprocess

import numpy as np

RATE, SAMPLES = 16000, 32000
VOICES = "/usr/share/sounds/alsa/*_*.wav"
_voices = []


def rms(x):
    return float(np.sqrt(np.mean(np.square(x)) + 1e-12))


def coloured(rng, slope, n=SAMPLES):
    """Noise whose power falls with frequency to the power of `slope`: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.fft.rfftfreq(n, 1 / RATE)
    return np.fft.irfft(spectrum / np.maximum(hz, 30.0) ** (slope / 2), n)


def swell(rng, n=SAMPLES):
    """A slow change of level, as wind and passing traffic have."""
    points = rng.uniform(-6, 6, 5)
    return 10 ** (np.interp(np.arange(n), np.linspace(0, n, 5), points) / 20)


def footage(rng):
    """The murmur of a street or a hall behind a camera: coloured noise in bands that swell on their own."""
    x = coloured(rng, rng.uniform(0.8, 2.2)) * swell(rng)
    hz = np.fft.rfftfreq(SAMPLES, 1 / RATE)
    centre, width = np.exp(rng.uniform(np.log(80), np.log(3000))), rng.uniform(0.3, 1.2)
    bump = 1 + rng.uniform(0, 6) * np.exp(-((np.log(np.maximum(hz, 1) / centre) / width) ** 2))
    return np.fft.irfft(np.fft.rfft(x) * bump, SAMPLES)


def hum(rng):
    """Mains or a motor far away: harmonics and a floor of noise."""
    t, base = np.arange(SAMPLES) / RATE, rng.choice([50.0, 60.0, rng.uniform(25, 240)])
    x = sum(rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * t + rng.uniform(0, 7)) for k in range(1, rng.integers(3, 14)))
    floor = coloured(rng, rng.uniform(0.5, 2))
    return x / rms(x) + rng.uniform(0.02, 1.0) * floor / rms(floor)


def fan(rng):
    """A ventilator: noise in a broad band, modulated by the blades."""
    t = np.arange(SAMPLES) / RATE
    x = coloured(rng, rng.uniform(0.5, 1.8))
    return x * (1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * rng.uniform(5, 40) * t)) + 0.3 * rms(x) * hum(rng)


def babble(rng):
    """Many voices at once, none of them understood: alsa-utils' spoken words, shifted, stretched, reversed and added."""
    if not _voices:
        for path in sorted(glob.glob(VOICES)):
            raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"], capture_output=True, check=True).stdout
            _voices.append(np.frombuffer(raw, np.float32))
    if not _voices:
        return footage(rng)
    x = np.zeros(SAMPLES)
    for _ in range(rng.integers(6, 14)):
        voice = _voices[rng.integers(len(_voices))]
        voice = np.interp(np.arange(0, len(voice) - 1, rng.uniform(0.8, 1.25)), np.arange(len(voice)), voice)
        voice = np.tile(voice[:: rng.choice([-1, 1])], 4)[: 2 * SAMPLES]
        start = rng.integers(0, max(1, len(voice) - SAMPLES))
        piece = voice[start : start + SAMPLES] * rng.uniform(0.3, 1)
        x[: len(piece)] += piece
    return reverb(rng, x) + 0.05 * rms(x) * coloured(rng, 1.0)


BACKGROUNDS = (footage, footage, footage, lambda r: coloured(r, r.uniform(0, 2.2)), hum, fan, babble)


def background(rng):
    x = BACKGROUNDS[rng.integers(len(BACKGROUNDS))](rng)
    return (x / rms(x)).astype(np.float32)


def reverb(rng, x):
    """A room: an exponentially decaying noise of 0.15 to 0.8 s behind the direct sound."""
    decay = rng.uniform(0.15, 0.8)
    n = int(decay * RATE)
    tail = rng.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n)
    tail[0] = 0
    response = tail * rng.uniform(0.1, 0.8) / np.sqrt(np.sum(tail**2))
    response[0] = 1
    size = 1 << (len(x) + n - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(response, size), size)[: len(x)]


def band(rng, x):
    """A telephone, a cheap microphone, a wall: a low and a high limit and a tilt."""
    hz = np.maximum(np.fft.rfftfreq(len(x), 1 / RATE), 1)
    low, high = np.exp(rng.uniform(np.log(20), np.log(350))), rng.choice([3400.0, 3900.0, rng.uniform(2500, 8000)])
    gain = 1 / (1 + (low / hz) ** 4) / (1 + (hz / high) ** 12) * (hz / 1000) ** rng.uniform(-0.25, 0.25)
    return np.fft.irfft(np.fft.rfft(x) * gain, len(x))


def loudness(clip):
    """Energy of each 2 s window that starts at a multiple of 0.1 s."""
    power = np.concatenate([[0.0], np.cumsum(np.square(clip.astype(np.float64)))])
    starts = np.arange(0, len(clip) - SAMPLES + 1, 1600)
    return starts, power[starts + SAMPLES] - power[starts]


def crop(rng, clip):
    """A 2 s window that holds the sound: as loud as a quarter of the loudest one at least."""
    starts, energy = loudness(clip)
    loud = starts[energy >= 0.25 * energy.max()]
    start = int(np.clip(rng.choice(loud) + rng.integers(-800, 800), 0, len(clip) - SAMPLES))
    return clip[start : start + SAMPLES].astype(np.float32)


def excerpt(rng, x):
    """Only 0.3 to 1 s of the sound, anywhere in the window, as when it begins or ends there."""
    n = int(rng.uniform(0.3, 1.0) * RATE)
    smooth = np.convolve(np.square(x), np.ones(1600), "same")
    middle = int(np.argmax(smooth * rng.uniform(0.5, 1, SAMPLES)))
    start = int(np.clip(middle - rng.uniform(0.1, 0.6) * n, 0, SAMPLES - n))
    y = np.zeros_like(x)
    to = rng.integers(0, SAMPLES - n)
    fade = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / 80)
    y[to : to + n] = x[start : start + n] * fade
    return y


def level(rng, x):
    """-42 to -6 dB of full scale at the loudest sample; one in eight clips."""
    peak = np.abs(x).max()
    if peak < 1e-7:
        return x
    y = x / peak * 10 ** (rng.uniform(-42, -3) / 20)
    return np.clip(y * rng.uniform(2, 8), -1, 1) * 0.9 if rng.random() < 0.12 else y


def spoil(rng, x, least_db=-5.0, most_db=25.0):
    """A window as a microphone might give it."""
    if rng.random() < 0.2:
        x = excerpt(rng, x)
    if rng.random() < 0.35:
        x = reverb(rng, x)
    if rng.random() < 0.8:
        x = x + background(rng) * rms(x) * 10 ** (-rng.uniform(least_db, most_db) / 20)
    if rng.random() < 0.3:
        x = band(rng, x)
    return level(rng, x).astype(np.float32)


def nothing(rng):
    """Nothing happens: silence, a floor of noise, hum, a fan, a murmur, at any level."""
    kind = rng.random()
    if kind < 0.08:
        return np.zeros(SAMPLES, np.float32) + np.float32(rng.choice([0, rng.uniform(-0.01, 0.01)]))
    x = background(rng)
    if rng.random() < 0.3:
        x = x + background(rng) * rng.uniform(0.2, 1)
    if rng.random() < 0.3:
        x = band(rng, x)
    x = x / rms(x) * 10 ** (rng.uniform(-75, -14) / 20)
    if rng.random() < 0.2:
        x = np.round(x * 32768) / 32768
    return np.clip(x, -1, 1).astype(np.float32)
