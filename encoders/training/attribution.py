"""Who recorded what the sound tower was trained on, and under which licence: writes ATTRIBUTION.md of the pack from the csv files."""
import collections

from audio_classes import CONCEPT
from audio_sounds import table
from paths import DATA, OUT

HEAD = """# Attribution of the sounds

The sound tower was trained on these recordings, offered by their authors under the licence named with each. No recording is shipped.
Names like 1-100032-A are clips of the ESC-50 collection (K. J. Piczak 2015), cut from recordings of Freesound.org; clips under other
licences were left out. Where a source is named, the licence is the one that the source states.
"""
CRYING = """
Crying babies of gveres/donateacry-corpus: the database under the Open Database License (ODbL) 1.0, its contents under the Database
Contents License (DbCL) 1.0.
"""


def lines_of(rows, kind, line):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[kind(row)].append(line(row))
    return "".join(f"\n### {name}\n\n" + "".join(f"- {text}\n" for text in groups[name]) for name in sorted(groups))


def attribution():
    stem = lambda row: row["file"].removesuffix(".ogg")
    source = lambda row: row["origin"].partition("@")[0]
    esc = lambda row: row["attribution"].startswith("clip derived from")
    first, further, ordinary = table(DATA / "audio" / "labels.csv"), table(DATA / "audio2" / "labels2.csv"), table(DATA / "ordinary" / "ordinary.csv")
    concept = lambda row: CONCEPT[row["label"]] or row["label"]
    out = HEAD + "\n## Clips\n" + lines_of(first, concept, lambda r: f"{stem(r)} ({r['licence']}): {r['attribution']}")
    out += "\n## Further clips\n" + CRYING + lines_of(further, concept, lambda r: f"{stem(r)} ({r['licence']}): {r['attribution']}" + ("" if esc(r) else f"; {source(r)}"))
    by = collections.defaultdict(list)
    for r in ordinary:
        by[(source(r), r["licence"], r["attribution"])].append(stem(r))
    out += "\n## Ordinary sound\n\n" + "".join(f"- {s} ({l}): {a}: {', '.join(names)}\n" for (s, l, a), names in sorted(by.items()))
    return out


if __name__ == "__main__":
    (OUT / "pack" / "ATTRIBUTION.md").write_text(attribution())
