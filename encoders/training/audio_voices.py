"""Spoken sentences, made by espeak-ng, so that talk is heard as talk and not as a sneeze. Made once; no recording of a person."""
import subprocess

import numpy as np

from paths import OUT

VOICES = ["en-us", "en-gb", "de", "fr", "es", "it", "pl", "pt", "nl", "sv", "tr", "ru"]
VARIANTS = ["m1", "m3", "m5", "m7", "f1", "f2", "f3", "f4", "croak", "whisper"]
SENTENCES = [
    "Good morning, how are you today? I will come to the office after lunch, and we can talk about the plan for next week.",
    "Please wait here for a moment. The delivery comes through the second gate, and then it goes up to the third floor.",
    "No, I have not seen him since yesterday. Maybe he took the early train, or he is still at home with the children.",
    "Can you hear me now? Turn left at the corner, walk past the bakery, and you will find the entrance on your right.",
]
COUNT, RATE, SECONDS = 60, 16000, 5


def spoken(k):
    """int16 [80000]: voice k says a sentence at a pitch and pace of its own."""
    rng = np.random.default_rng([11, k])
    voice = f"{VOICES[k % len(VOICES)]}+{VARIANTS[k % len(VARIANTS)]}"
    speech = subprocess.Popen(["espeak-ng", "-v", voice, "-p", str(rng.integers(25, 75)), "-s", str(rng.integers(120, 200)), "--stdout", SENTENCES[k % len(SENTENCES)]], stdout=subprocess.PIPE)
    command = ["ffmpeg", "-v", "error", "-i", "-", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    samples = np.frombuffer(subprocess.run(command, stdin=speech.stdout, capture_output=True, check=True).stdout, np.int16)[: SECONDS * RATE]
    speech.wait()
    return np.pad(samples, (0, SECONDS * RATE - len(samples)))


def voices():
    """int16 [60, 80000], cached, and their rows in the shape of labels.csv's."""
    cache = OUT / "voices.npy"
    if not cache.exists():
        np.save(cache, np.stack([spoken(k) for k in range(COUNT)]))
    rows = [{"file": f"voice {k}", "label": "speech", "source_id": f"voice{k}", "fold": str(k % 5)} for k in range(COUNT)]
    return np.load(cache), rows
