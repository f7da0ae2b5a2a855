#!/bin/bash
# Puts the data's files and our tables side by side, as "fusiond score compose" reads them. Nothing is copied but the tables.
# One film is of the Debian packages that "bash scripts/setup --test" unpacks.
# usage: bash bench/believe/scenes/media.sh DATA OUT [FOLD]   (FOLD: 0 to 4, only what is of that fold)
set -euo pipefail
data=$(realpath "$1")
out=$2
fold=${3:-}
debian=${XDG_CACHE_HOME:-$HOME/.cache}/fusiond/debian/usr/share/doc/opencv-doc/examples/data
here=$(dirname "$(realpath "$0")")
mkdir -p "$out"/sounds "$out"/backgrounds "$out"/footage/clips
ln -sfn "$data/audio2/clips" "$out/sounds/clips"
ln -sfn "$data/ordinary" "$out/backgrounds/clips"
ln -sf "$data"/footage/*.mp4 "$data"/footage/nc/*.mp4 "$data"/video/*.mp4 "$debian"/*.avi "$out/footage/clips/"
for what in sounds backgrounds footage; do
  # The fold is the last column of each table.
  awk -F, -v fold="$fold" 'NR == 1 || fold == "" || $NF == fold' "$here/$what.csv" > "$out/$what/labels.csv"
done
