#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every view of weights as SVG, PDF and PNG with its numbers and recipe; the recipe draws the same bytes again.
# usage: weights_figures.sh PROGRAM
set -euo pipefail
program=$1
model=$(cd "$(dirname "$0")/../../assets/models/bundled" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "weights_figures: $*" >&2; exit 1; }

# A second checkpoint: the same with 64 bytes of the last tensor overwritten.
mkdir other
cp "$model"/*.json "$model"/*.safetensors other/
size=$(stat -c %s other/model.safetensors)
printf '\x11\x2c%.0s' $(seq 32) | dd of=other/model.safetensors bs=1 seek=$((size - 64)) conv=notrunc status=none

"$program" views --json >views.json
drawn=0
for view in weight histogram spectrum spectra layers changes difference head-cosines circuit; do
  grep -q "\"name\":\"$view\"" views.json || fail "no view $view"
  for type in svg pdf png; do
    "$program" render "$model" --other other --view $view --set layer=1 --set head=2 --out $view.$type --data $view-$type.csv \
      >/dev/null || fail "$view as $type"
    for file in $view.$type $view-$type.csv $view.recipe.json; do [ -s "$file" ] || fail "$view as $type: no $file"; done
  done
  cmp -s $view-svg.csv $view-pdf.csv && cmp -s $view-svg.csv $view-png.csv || fail "$view: numbers depend on the figure"
  head -c 4 $view.pdf | grep -q '%PDF' || fail "$view.pdf is no PDF"
  [ "$(head -c 4 $view.png | tail -c 3)" = PNG ] || fail "$view.png is no PNG"
  grep -q '<text' $view.svg || fail "$view.svg has no text"
  "$program" render $view.recipe.json --out again.svg >/dev/null || fail "$view: its recipe"
  cmp $view.svg again.svg || fail "$view: the recipe draws another figure"
  rm -f again.*
  drawn=$((drawn + 1))
done
echo "$drawn views, each as SVG, PDF and PNG; the SVG of every recipe has the same bytes"
