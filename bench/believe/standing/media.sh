#!/bin/bash
# Puts the data's footage, Debian's and our table side by side, as "fusiond score standing" reads them. Nothing is copied but the table.
# usage: bash bench/believe/standing/media.sh DATA OUT
set -euo pipefail
data=$(realpath "$1")
out=$2
here=$(dirname "$(realpath "$0")")
debian=${XDG_CACHE_HOME:-$HOME/.cache}/fusiond/debian/usr/share
mkdir -p "$out/clips" "$out/things"
ln -sf "$data"/footage/*.mp4 "$data"/video/one-by-one-person-detection.mp4 "$debian/doc/opencv-doc/examples/data/vtest.avi" "$out/clips/"
for thing in household/tools/toolbox household/wheelie_bin household/garbagecan household/kettle hobbies/music/string/guitar_classical town/roadsigns/traffic_cone sports/basketball household/tools/cementmixer; do
  ln -sf "$debian/tuxpaint/stamps/$thing.png" "$out/things/"
done
cp "$here/labels.csv" "$out/labels.csv"
