"""Writes crossfit_audio.npz and _streams.json: vectors of every clip and ordinary recording by heads that never met it, for conditions.py.

vectors float32 [N, 256], stream int32 [N] (row of the list), at_ms int32 [N]. A stream: id, recording, kind (clip or ordinary), labels
(names of concepts), possible (what may be there, too), seconds, fold, and db where it is a clip in a room tone.
"""
import json

import numpy as np

from audio_judge import MAY_HOLD
from audio_pool import NOISY_SECONDS, pool
from audio_sounds import RATE, samples, sounds
from evaluate_audio import fold_vectors
from paths import OUT


def crossfit():
    """(arrays, streams)."""
    rows, seconds = sounds(), np.diff(samples()[1]) / RATE
    streams = [
        {"id": s.file, "recording": s.recording, "kind": "ordinary" if s.kind == "ordinary" else "clip", "labels": list(s.shows), "possible": list(MAY_HOLD.get(s.label, ())) if s.kind == "ordinary" else [], "seconds": round(float(n), 2), "fold": s.fold, "db": None}
        for s, n in zip(rows, seconds)
    ]
    clean, noisy = pool("clean"), pool("noisy")
    places = {}
    for sound, db in zip(noisy["sound"].tolist(), noisy["db"].tolist()):
        if (sound, db) not in places:
            places[sound, db] = len(streams)
            streams.append(streams[sound] | {"id": f"{rows[sound].file}@{db}dB", "seconds": float(NOISY_SECONDS), "db": db})
    behind = [places[key] for key in zip(noisy["sound"].tolist(), noisy["db"].tolist())]
    arrays = {
        "vectors": np.concatenate([fold_vectors("clean"), fold_vectors("noisy")]),
        "stream": np.concatenate([clean["sound"], behind]).astype(np.int32),
        "at_ms": np.concatenate([clean["at_ms"], noisy["at_ms"]]).astype(np.int32),
    }
    return arrays, streams


if __name__ == "__main__":
    arrays, streams = crossfit()
    np.savez(OUT / "crossfit_audio.npz", **arrays)
    (OUT / "crossfit_audio_streams.json").write_text(json.dumps(streams))
