#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# GUI-thread time of a frame while the bundled model generates with every head shown: 99 of 100 below 16 ms. The time
# that the thread itself ran decides: what other programs take from it says nothing about this one. Both are printed.
# usage: frames.sh PROGRAM   (with a DISPLAY; see tests/with_display.sh)
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'kill "${window:-0}" 2>/dev/null || true; rm -rf "$folder"' EXIT
export ORRERY_SETTINGS_DIR=$folder QT_SCALE_FACTOR=1
"$program" --geometry 1600x1000 --test-report "$folder/report.json" 2>"$folder/log" &
window=$!
for _ in $(seq 120); do
  name=$(xdotool search --onlyvisible --name 'bundled.*Orrery' 2>/dev/null | head -1) && [ -n "$name" ] && break
  sleep 0.5
done
sleep 12
xdotool windowfocus "$name" || true
sleep 0.5
xdotool key ctrl+q
for _ in $(seq 60); do kill -0 $window 2>/dev/null || break; sleep 0.5; done
cat "$folder/report.json"
awk '/"frames"/ { inside = 1 } inside && /"count"/ { count = $2 + 0 } inside && /"cpu_p99"/ { cpu = $2 + 0 }
  inside && /"p99"/ { wall = $2 + 0; inside = 0 }
  END { printf "frames: %d, p99 %.2f ms of the GUI thread (%.2f ms on the clock), limit 16 ms\n", count, cpu, wall
        exit !(count >= 50 && cpu > 0 && cpu < 16) }' "$folder/report.json"
