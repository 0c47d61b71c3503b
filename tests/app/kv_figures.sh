#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every view of keys, values and evictions as SVG, PDF and PNG with its numbers and its recipe; the recipe draws the same
# SVG again, byte for byte.
# usage: kv_figures.sh PROGRAM
set -euo pipefail
program=$(realpath "$1")
model=$(cd "$(dirname "$0")/../../assets/models/bundled" && pwd)
text="One sunny morning, Nina went to the bridge. mipa = 31, zuka = 7, tor = 52 zuka?"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "kv_figures: $*" >&2; exit 1; }
begins() { # begins FILE BYTES
  [ "$(head -c "${#2}" "$1")" = "$2" ] || fail "$1 does not begin with \"$2\""
}
figures() { # figures VIEW INPUT
  "$program" render "$2" --view "$1" --out "$1.svg" --data "$1.csv" >/dev/null
  "$program" render "$1.recipe.json" --out "$1.again.svg" >/dev/null
  cmp "$1.svg" "$1.again.svg" || fail "$1: the recipe draws another figure"
  mv "$1.recipe.json" "$1.kept.json" # the next figures write one of the same name
  "$program" render "$1.kept.json" --out "$1.pdf" --data "$1.h5" >/dev/null
  "$program" render "$1.kept.json" --out "$1.png" --data "$1.npy" >/dev/null
  begins "$1.svg" "<?xml"
  begins "$1.pdf" "%PDF-"
  begins "$1.png" "$(printf '\x89PNG')"
  grep -q "\"view\": *\"$1\"" "$1.kept.json" || fail "$1: the recipe names another view"
  for file in "$1".csv "$1".npy "$1".h5; do [ -s "$file" ] || fail "$file is missing or empty"; done
  [ "$(wc -l <"$1.csv")" -ge 4 ] || fail "$1.csv: $(wc -l <"$1.csv") lines"
}

"$program" trace "$model" --text "$text" --out run.h5 >/dev/null
"$program" evict "$model" --text "$text" --drop 3,4 --out caches.svg >/dev/null
for view in kv-norms kv-similarity kv-spectrum kv-pca kv-channels kv-bytes; do figures $view run.h5; done
for view in eviction eviction-curve; do figures $view caches.recipe.json; done
cmp caches.svg eviction-curve.svg || fail "evict and render draw different curves"
echo "kv_figures: 8 views, $(ls ./*.svg ./*.pdf ./*.png | wc -l) figures"
