"""The text tower: phrases and vectors, and how well unseen wordings land. `vocabulary.py` prints the measures."""
import base64
import json
import re

import numpy as np

import space
from paths import HERE

STOP_WORDS = set("a an the this that of at in on to by for from with and or is are was were be been has have it its near into out up no not as".split())
AKIN = 0.75  # cosine from which a concept that was never shown is found as its kin: README.md, "What a tower was taught"
UNKNOWN_TO_REFUSE = ["zeppelin", "quarterly report", "blockchain", "purple idea", "mitochondria", "invoice", "happiness", "tax return"]


def phrases():
    """(phrase, vector [256], concept) of everything the tower knows, each phrase once; a concept's name comes before its other phrases."""
    out = {}
    for c in space.concepts():
        for phrase in [c["name"], *c["phrases"]]:
            out.setdefault(phrase, (c["vector"], c["name"]))
    for c in space.concepts():
        if c["kind"] != "see":
            out.setdefault(f"sound of {c['name']}", (c["vector"], c["name"]))
    return [(p, v, n) for p, (v, n) in out.items()]


def quantised(vectors):
    return np.clip(np.round(space.unit(np.asarray(vectors)) * 127 / np.abs(space.unit(np.asarray(vectors))).max(1, keepdims=True)), -127, 127).astype(np.int8)


def table(seen, heard):
    """text.json as the daemon reads it. seen, heard: names of the concepts that the tower of pictures or of sound was shown."""
    rows = phrases()
    vectors = quantised([v for _, v, _ in rows])
    about = "int8, row-major, base64; normalise each row to unit length after decoding"
    known = {"image": taught(seen, "see"), "audio": taught(heard, "hear")}
    return {"space": space.SPACE, "dimensions": space.DIMENSIONS, "encoding": about, "taught": known, "phrases": [p for p, _, _ in rows], "vectors": base64.b64encode(vectors.tobytes()).decode()}


def taught(shown, kind):
    """The names, in the order of concepts.txt, of what was shown to a tower and of what of its kind is as good as that by kinship."""
    unknown = set(shown) - {c["name"] for c in space.concepts()}
    if unknown:
        raise SystemExit(f"vocabulary.py: no concept is called {', '.join(sorted(unknown))}")
    examples = np.stack([c["vector"] for c in space.concepts() if c["name"] in shown])
    return [c["name"] for c in space.concepts() if c["name"] in shown or (c["kind"] in (kind, "both") and (examples @ c["vector"]).max() >= AKIN)]


def words_of(text):
    return re.findall(r"[\w']+", text.lower())


def forms(word):
    yield word
    if len(word) >= 4 and word.endswith("s"):
        yield word[:-1]
        if word.endswith("es"):
            yield word[:-2]
        if word.endswith("ies"):
            yield word[:-3] + "y"


def look_up(known, words):
    return next((known[k] for k in (" ".join([*words[:-1], f]) for f in forms(words[-1])) if k in known), None) if words else None


def encode_line(known, text):
    """The daemon's rule: the mean of the longest known phrases from left to right, and the share of words known."""
    words, found, hit, miss, i = words_of(text), [], 0, 0, 0
    longest = max(len(k.split()) for k in known)
    while i < len(words):
        for n in range(min(longest, len(words) - i), 0, -1):
            v = look_up(known, words[i : i + n])
            if v is not None:
                found.append(v)
                break
        else:
            n = 1
        hit += n if v is not None else 0
        miss += v is None and words[i] not in STOP_WORDS
        i += n
    return (space.unit(np.sum(found, 0)) if found else None), hit / max(1, hit + miss)


def main():
    rows, cs = phrases(), space.concepts()
    known = {" ".join(words_of(p)): v for p, v, _ in rows}
    names, vectors = [c["name"] for c in cs], np.stack([c["vector"] for c in cs])
    first = near = covered = 0
    tests = [line.split(" | ") for line in (HERE / "paraphrases.txt").read_text().splitlines() if line and not line.startswith("#")]
    for text, concept in tests:
        vector, _ = encode_line(known, text)
        covered += vector is not None
        if vector is not None:
            order = np.argsort(-(vectors @ vector))
            first += names[order[0]] == concept
            near += concept in [names[i] for i in order[:3]]
            if names[order[0]] != concept:
                print("  not first:", text, "->", names[order[0]])
    refused = sum(encode_line(known, t)[0] is None for t in UNKNOWN_TO_REFUSE)
    print(json.dumps({"concepts": len(cs), "phrases": len(rows), "paraphrases": len(tests), "covered": covered, "right first": first, "right in three": near, "unknown refused": f"{refused} of {len(UNKNOWN_TO_REFUSE)}"}))


if __name__ == "__main__":
    main()
