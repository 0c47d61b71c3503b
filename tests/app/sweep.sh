#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The verbs sweep, merge and info on a small map of two-layer networks: parts, mpirun, a kill and a stop end in the same
# bytes as one process; bad input gets a sentence and exit code 1.
# usage: sweep.sh PROGRAM
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "sweep: $*" >&2; exit 1; }
refused() { # refused TEXT ARGS...: exit 1 and a sentence with TEXT
  local text=$1 code=0; shift
  "$program" "$@" >out.txt 2>err.txt || code=$?
  [ "$code" = 1 ] || fail "$*: exit $code, expected 1"
  grep -q -- "$text" err.txt || fail "$*: expected \"$text\", found $(cat err.txt)"
}

cat >spec.json <<'JSON'
{"model": {"kind": "mlp2", "n": 4, "nonlinearity": "tanh"}, "data": {"kind": "normal", "points": 8},
 "axes": {"x": {"parameter": "lr.input", "scale": "log10", "min": 0, "max": 3, "count": 40},
          "y": {"parameter": "lr.output", "scale": "log10", "min": 0, "max": 3, "count": 48}},
 "steps": 60, "refine": {"start": 8, "audit": 0.05}}
JSON

"$program" sweep spec.json --estimate --json | grep -q '"runs":1920' || fail "estimate"
[ "$(ls)" = spec.json ] || fail "--estimate wrote a file"
"$program" sweep spec.json --out one.h5 --json --rounding-check --null quadratic,labels >one.json
grep -q '"complete":true' one.json || fail "not complete: $(cat one.json)"
"$program" info one.h5 --json | grep -q '"format":"orrery-map"' || fail "info"
"$program" sweep spec.json --out plain.h5 --threads 1

for i in 0 1 2; do "$program" sweep spec.json --out part$i.h5 --shard $i/3 >/dev/null; done
"$program" merge merged.h5 part2.h5 part0.h5 part1.h5 >/dev/null
cmp plain.h5 merged.h5 || fail "merged parts differ from one process"

slow=(--set axes.x.count=200 --set axes.y.count=200 --set steps=400 --set refine=full --threads 1)
"$program" sweep spec.json "${slow[@]}" --out slow.h5 >/dev/null
"$program" sweep spec.json "${slow[@]}" --out killed.h5 >/dev/null & sweep=$!
sleep 0.3; kill -9 $sweep 2>/dev/null || true; wait $sweep 2>/dev/null || true
"$program" sweep spec.json "${slow[@]}" --out killed.h5 --resume >/dev/null
cmp slow.h5 killed.h5 || fail "a killed sweep ends in another file"
"$program" sweep spec.json "${slow[@]}" --out stopped.h5 >/dev/null & sweep=$!
sleep 0.3; kill -INT $sweep 2>/dev/null || true; wait $sweep || fail "an interrupted sweep did not close cleanly"
[ ! -e stopped.h5.journal ] || fail "an interrupted sweep left a journal"
"$program" sweep spec.json "${slow[@]}" --out stopped.h5 --resume >/dev/null
cmp slow.h5 stopped.h5 || fail "a stopped sweep ends in another file"

if command -v mpirun >/dev/null && "$program" sweep --help >/dev/null; then
  mpirun --allow-run-as-root --oversubscribe -n 3 "$program" sweep spec.json --out ranks.h5 >/dev/null 2>ranks.txt ||
    grep -q "without MPI" ranks.txt || fail "mpirun: $(cat ranks.txt)"
  [ ! -e ranks.h5 ] || cmp plain.h5 ranks.h5 || fail "mpirun ends in another file"
fi

refused "steps: 60, here 61" sweep spec.json --set steps=61 --out plain.h5 --resume
refused "axes.x.min" sweep spec.json --set axes.x.min=5 --out bad.h5
refused "axes.x.count" sweep spec.json --set axes.x.count=-3 --out bad.h5
refused "at most" sweep spec.json --set axes.x.count=65536 --set axes.y.count=65536 --out bad.h5
refused "color" sweep spec.json --set color=red --out bad.h5
refused "nowhere.h5" sweep spec.json --set 'init={"file":"nowhere.h5"}' --out bad.h5
refused "shards\|--shard" sweep spec.json --shard 3/3 --out bad.h5
refused "no/such" sweep spec.json --out no/such/bad.h5
refused "other.json" sweep other.json --out bad.h5
"$program" sweep spec.json --set steps=61 --out other.h5 >/dev/null
refused "steps: 61, here 60" merge bad.h5 plain.h5 other.h5
echo junk >junk.h5
refused "junk.h5" merge bad.h5 junk.h5
[ ! -e bad.h5 ] && [ ! -e bad.h5.journal ] || fail "a refused call left a file"
echo "sweep: parts, kill, stop and ranks end in the same bytes"
