"""Where the recipe reads and writes. DATA, PACK and OUT in the environment say otherwise."""
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = Path(os.environ.get("OUT", HERE / "out"))
DATA = Path(os.environ.get("DATA", HERE.parents[2] / "shared" / "data"))
OUT.mkdir(exist_ok=True)
