"""Whose pictures and footage version 3's image head was taught on, and under which licence: writes ATTRIBUTION-PICTURES.md of the pack from the csv files."""
import collections
import csv

from paths import DATA, OUT

HEAD = """# Attribution of the pictures

Beside Tiny ImageNet, ImageNet samples and COCO (README.md) the image tower was taught on these regions and cameras, offered under the
licence named with each; the licence is the one that the source states. No picture is shipped. Pictures of Open Images are named by their ids.
"""


def attribution():
    by, named = collections.defaultdict(list), lambda path: path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    for folder, table in (("regions2", "labels2.csv"), ("footage", "footage.csv")):
        with open(DATA / folder / table) as rows:
            for row in csv.DictReader(rows):
                if not row["file"].startswith("nc/"):
                    source = row["origin"].partition("@")[0]
                    group = row.get("camera_or_source", "")
                    by[source, row["licence"]].append(group.removeprefix("openimages:") if group.startswith("openimages:") else named(row["file"]))
    return HEAD + "".join(f"\n## {source}\n\n{licence}.\n\n{', '.join(sorted(set(names)))}\n" for (source, licence), names in sorted(by.items()))


if __name__ == "__main__":
    (OUT / "pack" / "ATTRIBUTION-PICTURES.md").write_text(attribution())
