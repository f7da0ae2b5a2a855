"""Hours of ordinary sound that no tower heard in training, out of Debian packages: people speaking, words for children, plays, music.

`ordinary_hours.py` fetches the packages into the user's cache (nothing is installed; nothing of them is shipped) and lists the hours.
Not among them, as they are test media or were trained on: tuxpaint's and the freedesktop sounds, alsa-utils' words, espeak's output. Nor
what comes from Freesound, as the clips do.
"""
import collections
import hashlib
import itertools
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fusiond" / "ordinary"
RATE, WINDOW, HOP = 16000, 32000, 8000

# kind: the prompts that may truly be there, and so are not counted against. Reviewed by what the packages are, not by ear.
TRULY = {
    "announcements": {"breathing"},
    "words": {"breathing"},
    "radio": {"breathing"},
    "play": {"breathing", "laughing", "coughing", "sneezing", "snoring"},
    "music": {"church bells", "clapping"},
}
# package, kind, folder under usr/share, pattern. One sample format of each collection: the prompts at 16 kHz rather than at 8.
SOURCES = [
    *((f"asterisk-core-sounds-{language}-g722", "announcements", "asterisk/sounds", "**/*.g722") for language in ("en", "es", "fr", "it", "ru")),
    ("ktuberling-data", "words", "ktuberling/sounds", "*/*"),
    ("klettres-data", "words", "klettres", "*/*/*.ogg"),
    ("codec2-examples", "radio", "codec2/wav", "[!a]*.wav"),  # all but all.wav, the rest through vocoders
    ("fillets-ng-data-cs", "play", "games/fillets-ng/sound", "**/cs/*.ogg"),
    ("fillets-ng-data-nl", "play", "games/fillets-ng/sound", "**/nl/*.ogg"),
    ("asterisk-moh-opsound-g722", "music", "asterisk/moh", "*.g722"),
    ("fillets-ng-data", "music", "games/fillets-ng/music", "*.ogg"),
    ("drascula-music", "music", "scummvm/drascula/audio", "*.ogg"),
    ("wesnoth-1.16-music", "music", "games/wesnoth", "**/*.ogg"),
]


class Recording(NamedTuple):
    package: str
    kind: str
    path: Path


def fetch():
    """Downloads and unpacks what is not there yet. Errors: SystemExit where apt-get cannot."""
    missing = [package for package, *_ in SOURCES if not (CACHE / package).exists()]
    if not missing:
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as incoming:
        # As root apt would warn that its sandbox user may not write here.
        if subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", *missing], cwd=incoming, stdout=sys.stderr).returncode:
            raise SystemExit('the packages cannot be had: run "apt-get update" as root, or see what apt-get says above')
        for package in missing:
            [deb] = Path(incoming).glob(f"{package}_*.deb")
            subprocess.run(["dpkg-deb", "-x", deb.name, package], cwd=incoming, check=True)
            (Path(incoming) / package).rename(CACHE / package)


def recordings():
    fetch()
    found = [Recording(p, kind, path) for p, kind, folder, pattern in SOURCES for path in sorted((CACHE / p / "usr/share" / folder).glob(pattern)) if path.is_file()]
    return [r for r in found if r.path.parent.name != "silence" and r.path.suffix in (".g722", ".ogg", ".opus", ".wav")]


def decode(paths):
    """int16 mono at 16 kHz of each file, None of what ffmpeg cannot read. Many at once: ffmpeg takes longer to start than to decode a word."""
    with tempfile.TemporaryDirectory() as folder:
        raw = [f"{folder}/{i}" for i in range(len(paths))]
        inputs = itertools.chain.from_iterable(("-i", str(p)) for p in paths)
        outputs = itertools.chain.from_iterable(("-map", f"{i}:a:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", f) for i, f in enumerate(raw))
        done = subprocess.run(["ffmpeg", "-v", "fatal", "-nostdin", "-threads", "1", *inputs, *outputs], stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            return [np.fromfile(f, np.int16) for f in raw]
    return [None] if len(paths) == 1 else [decode([p])[0] for p in paths]


def groups(all_recordings, most=48, most_bytes=4 << 20):
    """Runs of recordings of one package, few or small enough to be decoded together."""
    for _, members in itertools.groupby(enumerate(all_recordings), lambda pair: pair[1].package):
        group, size = [], 0
        for i, recording in members:
            length = recording.path.stat().st_size
            if group and (len(group) == most or size + length > most_bytes):
                yield group
                group, size = [], 0
            group.append(i)
            size += length
        yield group


def windows(all_recordings, batch=64):
    """Yields (float32 [≤ batch, 32000], int32 [≤ batch, 3]) as pieces() does, in full batches."""
    waiting, count = [], 0
    for piece in pieces(all_recordings):
        waiting.append(piece)
        count += len(piece[1])
        if count >= batch:
            pcm, rows = (np.concatenate(parts) for parts in zip(*waiting))
            whole = count - count % batch
            for at in range(0, whole, batch):
                yield pcm[at : at + batch], rows[at : at + batch]
            waiting, count = [(pcm[whole:].copy(), rows[whole:])], count - whole
    if count:
        yield tuple(np.concatenate(parts) for parts in zip(*waiting))


def pieces(all_recordings, most=256):
    """Yields (windows, [(stream, hop, recording)]): 2 s every 0.5 s, so a window stands for 0.5 s; hop counts them.

    The recordings of one package are one stream, joined end to end with 10 ms fades, as words of one loudspeaker. A recording that was
    heard before in any file, and windows of digital silence, are left out. `recording` is the one in the middle of the window.
    """
    seen, stream, package = set(), -1, None
    for group in groups(all_recordings):
        if all_recordings[group[0]].package != package:
            stream, package = stream + 1, all_recordings[group[0]].package
            rest, begun, hop = np.zeros(0, np.float32), [], 0  # begun: (sample of rest, recording)
        for i, sound in zip(group, decode([all_recordings[i].path for i in group])):
            if sound is None or len(sound) < RATE // 50 or (name := hashlib.sha1(sound.tobytes()).digest()) in seen:
                continue
            seen.add(name)
            begun.append((len(rest), i))
            rest = np.concatenate([rest, faded(sound)])
            if len(rest) < WINDOW:
                continue
            views = np.lib.stride_tricks.sliding_window_view(rest, WINDOW)[::HOP]
            starts = np.array([b for b, _ in begun])
            owner = np.searchsorted(starts, np.arange(len(views)) * HOP + WINDOW // 2, "right") - 1
            rows = np.array([(stream, hop + k, begun[o][1]) for k, o in enumerate(owner)], np.int32)
            loud = np.flatnonzero([np.abs(v).max() > 1.5 / 32768 for v in views])
            for at in range(0, len(loud), most):
                yield views[loud[at : at + most]], rows[loud[at : at + most]]
            used = len(views) * HOP
            rest, hop = rest[used:], hop + len(views)
            begun = [(max(0, b - used), r) for k, (b, r) in enumerate(begun) if k + 1 == len(begun) or begun[k + 1][0] > used]


def faded(sound, samples=RATE // 100):
    sound = sound.astype(np.float32) / 32768
    ramp = np.linspace(0, 1, samples, dtype=np.float32)
    sound[:samples] *= ramp
    sound[-samples:] *= ramp[::-1]
    return sound


def hours(counts):
    return {k: n * HOP / RATE / 3600 for k, n in counts.items()}


if __name__ == "__main__":
    everything, counts = recordings(), collections.Counter()
    for _, rows in windows(everything):
        counts.update((everything[r].kind, everything[r].package) for r in rows[:, 2])
    for (kind, package), time in hours(counts).items():
        print(f"{kind:14s} {package:34s} {time:5.2f} h")
    print(f"{'':49s} {sum(hours(counts).values()):5.2f} h distinct, {len(everything)} files")
