#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A whole session on real pixels: open a checkpoint, type a prompt, run, click a head, zoom to a cell, export. The
# exported numbers are held against `orrery trace` and `orrery attention` of the same prompt.
# usage: drive.sh PROGRAM   (with a DISPLAY; see tests/with_display.sh)
set -euo pipefail
program=$1
here=$(cd "$(dirname "$0")" && pwd)
model=$here/../../assets/models/bundled
prompt="mipa = 31, zuka = 7, tor = 52 zuka?"
folder=$(mktemp -d)
trap 'kill "${window:-0}" 2>/dev/null || true; rm -rf "$folder"' EXIT
fail() { echo "drive: $*" >&2; exit 1; }

export ORRERY_SETTINGS_DIR=$folder/settings QT_SCALE_FACTOR=1 ORRERY_VULKAN_VALIDATION=1
mkdir -p "$ORRERY_SETTINGS_DIR" "$folder/out"
printf '[General]\nexportFolder=%s\n' "$folder/out" >"$ORRERY_SETTINGS_DIR/orrery.ini"
"$program" --geometry 1600x1000 --test-report "$folder/report.json" "$model" 2>"$folder/log" &
window=$!

# Waits up to 60 s for a condition; then for the window to come to rest.
await() { for _ in $(seq 120); do if "$@"; then return 0; fi; sleep 0.5; done; return 1; }
visible() { [ -n "$(xdotool search --onlyvisible --name "$1" 2>/dev/null | head -1)" ]; }
focus() { xdotool windowfocus --sync "$(xdotool search --onlyvisible --name "$1" | head -1)" || true; sleep 0.5; }
click() { xdotool mousemove "$1" "$2"; sleep 0.2; xdotool click 1; sleep 1; }
await visible 'bundled.*Orrery' || fail "the window with the model did not come: $(cat "$folder/log")"
focus 'bundled.*Orrery'
sleep 1

xdotool key plus                          # keys of the canvas stay silent while one types
click 147 640                             # the prompt
xdotool type --delay 30 "$prompt"
sleep 1
xdotool key ctrl+Return
sleep 8
click 500 300                             # a head of the second layer, in the grid
sleep 1
click 1020 300                            # its map: keys act on it from now on
for _ in 1 2 3 4 5 6 7 8; do xdotool key plus; sleep 0.2; done
sleep 2
click 1020 300                            # a cell, now so large that its number is printed
sleep 1
[ -z "${DRIVE_SHOT:-}" ] || import -window root "$DRIVE_SHOT"
xdotool key e
await visible 'Export the figure' || fail "the export dialog did not come"
focus 'Export the figure'
sleep 1
xdotool key Return
await sh -c "ls $folder/out/*.recipe.json >/dev/null 2>&1" || fail "nothing was exported: $(ls "$folder/out")"
sleep 1
focus 'bundled.*Orrery'
xdotool key ctrl+q
await sh -c "! kill -0 $window 2>/dev/null" || fail "the window did not close"

csv=$(ls "$folder"/out/*.csv | head -1)
recipe=$(ls "$folder"/out/*.recipe.json)
svg=${csv%.csv}.svg
[ -s "$svg" ] || fail "no SVG beside $csv"
number() { sed -n "s/.*\"$1\": *\(-\{0,1\}[0-9]*\).*/\1/p" "$recipe" | head -1; }
layer=$(number layer) head=$(number head) query=$(number query) key=$(number key)
[ "$layer" = 1 ] || fail "the click on a head of layer 1 selected layer $layer"
[ "${query:--1}" -ge 0 ] && [ "${key:--1}" -ge 0 ] || fail "the click on a cell selected query $query, key $key"

"$program" trace "$model" --text "$prompt" --generate 64 --temperature 0 --out "$folder/run.h5" >/dev/null
"$program" attention "$folder/run.h5" --layer "$layer" --head "$head" --out "$folder/engine.csv" >/dev/null

# Labels of the exported table begin with the position: "12 'the'".
awk -v engine="$folder/engine.csv" -f "$here/compare.awk" "$csv" || fail "exported numbers differ from the engine's"
cat "$folder/report.json"
grep -q '"validation_messages": 0' "$folder/report.json" || fail "the Vulkan validation layer spoke: $(cat "$folder/log")"
echo "drive: layer $layer head $head, query $query, key $key: $(wc -l <"$csv") lines of CSV agree"
