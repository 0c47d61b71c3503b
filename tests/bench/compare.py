# SPDX-License-Identifier: MIT
"""Orrery against transformers in one go on the same cores, in turn, as ratios.
usage: compare.py [--orrery build/release/app/orrery] [--rounds 3] [--checkpoint C] {decode,attention}
With --checkpoint (a HF folder or .gguf) decode runs these weights on both sides instead of random ones.
Needs a Python with torch and transformers; run it with that Python."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

PROMPT = range(300, 332)  # as in peers.py
HERE = pathlib.Path(__file__).resolve().parent


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peer(what, tokens, threads, *more):
    return run([sys.executable, str(HERE / "peers.py"), what, "--tokens", str(tokens), "--threads", str(threads), *more])


def traced(arguments):
    """`orrery trace`: attention captured and a trace file written while it generates."""
    with tempfile.TemporaryDirectory() as folder:
        return run([arguments.orrery, "trace", arguments.checkpoint, "--tokens", ",".join(map(str, PROMPT)), "--generate",
                    "128", "--out", f"{folder}/t.h5", "--json", "--threads", str(arguments.threads)])


def decode(arguments):
    ratios, checkpoint = [], arguments.checkpoint
    for _ in range(arguments.rounds):
        if checkpoint:
            ours, theirs = traced(arguments), peer("decode", 128, arguments.threads, "--checkpoint", checkpoint)
            same = sum(a == b for a, b in zip(ours["generated"], theirs["generated"]))
            print(f"{same} of {len(ours['generated'])} greedy tokens are the same")
        else:
            ours = run([arguments.orrery, "bench", "decode", "--json", "--threads", str(arguments.threads)])["rows"][0]
            theirs = peer("decode", 128, arguments.threads)
        ratios.append(ours["tokens_per_second"] / theirs["tokens_per_second"])
        print(f"orrery with capture {ours['tokens_per_second']:.1f} tokens/s, transformers without "
              f"{theirs['tokens_per_second']:.1f}, ratio {ratios[-1]:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f} (at least 1 is meant)")


def attention(arguments):
    rows = run([arguments.orrery, "bench", "attention", "--json", "--threads", str(arguments.threads)])["rows"]
    print("T      plain s  capture s  ratio  peak MB  allowed MB  tile ms  | transformers s  MB    speed-up")
    for row in rows:
        line = (f"{row['T']:<6d} {row['seconds_plain']:7.2f}  {row['seconds_capture']:9.2f}  {row['ratio_capture']:5.2f}  "
                f"{row['peak_bytes'] / 1e6:7.0f}  {row['allowed_bytes'] / 1e6:10.0f}  {row['tile_seconds'] * 1e3:7.2f}")
        if row["T"] <= arguments.largest_peer:
            theirs = peer("attention", row["T"], arguments.threads)
            line += (f"  | {theirs['seconds']:14.2f}  {theirs['peak_bytes'] / 1e6:6.0f}  "
                     f"{theirs['seconds'] / row['seconds_capture']:.2f}")
        print(line, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["decode", "attention"])
    parser.add_argument("--orrery", default=str(HERE.parent.parent / "build/release/app/orrery"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checkpoint")
    parser.add_argument("--largest-peer", type=int, default=4096, help="largest T that transformers is asked for")
    arguments = parser.parse_args()
    {"decode": decode, "attention": attention}[arguments.what](arguments)
