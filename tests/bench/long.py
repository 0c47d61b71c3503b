# SPDX-License-Identifier: MIT
"""Forward pass with capture at long T beside transformers with SDPA without capture: same shape, threads and machine, in
turn, as a ratio (below 1: Orrery is faster).
usage: long.py [--orrery build/release/app/orrery] [--tokens 4096,8192,16384,32768] [--rounds 1] [--threads 2]
Needs a Python with torch and transformers; run it with that Python."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(arguments, tokens):
    """Medians of the rounds, theirs and ours alternating."""
    rows, ratios = [], []
    for _ in range(arguments.rounds):
        theirs = run([sys.executable, str(HERE / "peers.py"), "sdpa", "--tokens", str(tokens),
                      "--threads", str(arguments.threads)])
        ours = run([arguments.orrery, "bench", "long", "--json", "--threads", str(arguments.threads),
                    "--tokens", str(tokens), "--sdpa-seconds", repr(theirs["seconds"])])["rows"][0]
        rows.append((ours, theirs))
        ratios.append(ours["ratio_sdpa"])
    return rows[ratios.index(statistics.median_low(ratios))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--orrery", default=str(HERE.parent.parent / "build/release/app/orrery"))
    parser.add_argument("--tokens", default="4096,8192,16384,32768")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    print("T       orrery s  predicted  peak MB  allowed MB  | SDPA s   MB       ratio")
    for count in map(int, arguments.tokens.split(",")):
        ours, theirs = measure(arguments, count)
        print(f"{count:<7d} {ours['seconds']:8.2f}  {ours['predicted_seconds']:9.2f}  {ours['peak_bytes'] / 1e6:7.0f}  {ours['allowed_bytes'] / 1e6:10.0f}  "
              f"| {theirs['seconds']:7.2f}  {theirs['peak_bytes'] / 1e6:7.0f}  {ours['ratio_sdpa']:.2f}", flush=True)
