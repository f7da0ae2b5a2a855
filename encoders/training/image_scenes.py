"""What may be seen where: the concepts that cannot be ruled out in a camera's pictures, and labels as sets of names.

A label is a set: what is certainly there (one name), a part of a person (a person, a face or nothing), or all that a crop could show
(anything of a road, or nothing). A head is taught that the answer lies in the set, and so learns of a crop of a road that it is no dog
without anybody having to say what it is.
"""
import collections
import csv

from paths import HERE

VEHICLES = "car;van;truck;bus;motorcycle;vehicle;sports car;jeep;ambulance;police car;fire truck;tractor;license plate".split(";")
PASSERS_BY = "person;crowd;child;face;bicycle;backpack;handbag;umbrella;coat;hat;shirt;dress;uniform".split(";")
STREET = "tree;building;fence;bridge;traffic light;flag;bench;stop sign;shop;water tower;fountain;mailbox;scoreboard;parking meter;fire hydrant;crane;window;door".split(";")
ROOM = "bed;curtain;window;door;chair;table;sofa;lamp;mirror;box;bookcase;filing cabinet;television;book;fan".split(";")
PEOPLE = "person;face;child;coat;shirt;hat;uniform;dress".split(";")
NOTHING, PART = ["nothing"], ["person", "face", "nothing"]
ANY_STREET = VEHICLES + PASSERS_BY + STREET
GROUND = ["animal", "hedgehog", "tree"]

# By camera of footage.csv; stills and cameras that are not here: any street.
CAMERAS = {
    "gmdcsa24-roomA": PEOPLE + ROOM, "gmdcsa24-roomB": PEOPLE + ROOM + ["bottle"],
    "tfl-625": VEHICLES + STREET, "tfl-815": VEHICLES + STREET, "tfl-a40-old-oak-road": VEHICLES + STREET, "opendatacam-stuttgart": VEHICLES + STREET,
    "tfl-cromwell-road": ANY_STREET, "tfl-piccadilly-st-james": ANY_STREET, "tfl-tooley-street": ANY_STREET, "tfl-shaftesbury-avenue": ANY_STREET,
    "intel-classroom": PEOPLE + ROOM + ["laptop", "pen", "cup"], "intel-people-detection": ROOM, "intel-bolt-multi-size-detection": [],
    "intel-person-bicycle-car-detection": ["person", "bicycle", "car", "sports car", "vehicle"],
    "intel-worker-zone-detection": PEOPLE + ROOM + ["helmet", "trash can", "bucket", "forklift"],
    "intel-fruit-and-vegetable-detection": ["apple", "orange", "broccoli", "lemon", "cucumber", "bell pepper", "ball"],
    "zamba-acp0006": ["tree", "cat", "animal", "fox"],
    "cacophony-background": GROUND, "cacophony-hedgehog": GROUND, "cacophony-go-v1": [*GROUND, "rat"],
}
# What somebody looked for in every clip, frame by frame, and wrote into FOOTAGE_LABELS where it was: what is not there is not there.
FOOTAGE_LABELS = HERE.parents[1] / "bench" / "believe" / "footage-labels.csv"
LOOKED_FOR = "person car truck bus motorcycle bicycle train boat dog cat bird horse sheep cow bear backpack suitcase bottle chair umbrella".split()
# What gate_labels.csv says in words of its own; any other word there is a concept; "unclear": left out.
BY_EYE = {"person": ["person"], "part": PART, "nothing": NOTHING, "animal": ["animal", "hedgehog", "nothing", "rat", "cat"]}
# The detector takes vans and lorries of distant roads for buses.
DETECTED = {"bus": ["bus", "truck", "van"], "truck": ["truck", "van"]}
# Labels of regions2; others are concepts, or left out.
REGIONS2 = {
    "person (thermal)": ["person"], "dog (thermal)": ["dog", "animal"], "vehicle (motion region)": VEHICLES, "door handle": ["nothing", "door"],
    "cabinet door": ["door", "nothing", "filing cabinet", "refrigerator", "bookcase"], "refrigerator door": ["refrigerator", "door"], "package": ["box", "plastic bag"],
    "badger": ["animal", "raccoon"], "wild boar": ["pig", "animal"], "wild cat": ["cat", "leopard", "animal"], "empty ground (night)": NOTHING,
    "empty ground (night IR)": NOTHING, "bear (night IR)": ["bear"], "car (part of, close)": ["car", "vehicle"], "ambulance": ["ambulance", "van"],
    "person or part of a person (motion region)": ["person"],
}
# Looked at: motion regions of regions2 that are no whole person.
MENDED = {
    "nothing": "s2_adl_26_03 s2_adl_26_04 s2_fall_12_06 s2_fall_12_07 s3_adl_15_01 s3_fall_01_03 s3_fall_19_05 s3_fall_19_06",
    "part": "s1_fall_13_03 s1_fall_15_06 s2_adl_24_02 s2_adl_26_02 s2_adl_26_05 s2_adl_26_09 s2_adl_26_10 s2_adl_26_11 s2_adl_26_12 s2_fall_12_05 s2_fall_12_08 s2_fall_13_02 "
    "s2_fall_13_08 s2_fall_13_10 s2_fall_14_08 s3_adl_20_02 s3_adl_20_06 s3_fall_01_02",
    "unclear": "s2_adl_23_03 s2_adl_24_06 s2_adl_24_07 s2_fall_14_03 s3_adl_20_00",
}
MENDED = {f"mo_gmdcsa_{name}.jpg": how for how, names in MENDED.items() for name in names.split()}


def seen():
    """File -> what of LOOKED_FOR is to be seen in it."""
    names = collections.defaultdict(list)
    with open(FOOTAGE_LABELS) as table:
        for row in csv.DictReader(table):
            names[row["file"]] += [row["what"]] if row["what"] else []
    return names


def place(camera, there):
    """All that a clip of a camera may show of which `there` was seen."""
    return sorted({n for n in CAMERAS.get(camera, ANY_STREET) if n not in LOOKED_FOR} | set(there))


def of_regions2(row, concepts):
    """The names that a row of regions2 may show; None: left out."""
    if row["file"].startswith("nc/"):
        return None
    if row["label"].startswith("background"):
        return NOTHING
    if row["file"] in MENDED:
        return BY_EYE.get(MENDED[row["file"]])
    return REGIONS2.get(row["label"], [row["label"]] if row["label"] in concepts else None)


def around(names, place):
    """What may be in a square around what shows these names: the thing itself where it stays one, else whatever the place has."""
    if names == ["person"]:
        return names
    if names == PART:
        return PEOPLE + ROOM + ["nothing", "bottle"]
    if names == NOTHING or len(names) > 3:
        return [*place, "nothing"]
    return names + [n for n in place if n in VEHICLES] if names[0] in VEHICLES else [*place, *names, "nothing"]
