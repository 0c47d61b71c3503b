# SPDX-License-Identifier: MIT
"""Singular values of all matrices of a checkpoint: `orrery weights --spectra` and numpy's svdvals on the same matrices,
in turn. The seconds of orrery are those of the whole program (reading, statistics, fits, JSON); those of numpy are of
svdvals alone, in float32 as the file has them. Prints the largest relative difference of the values to float64 too.

usage: spectra.py PROGRAM CHECKPOINT.safetensors [ROUNDS]     needs numpy, safetensors
"""
import json
import subprocess
import sys
import time

import numpy as np
from safetensors.numpy import load_file

program, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 2
matrices = {name: m for name, m in load_file(path).items() if m.ndim == 2}
np.linalg.svdvals(np.ones((64, 64), np.float32))
ours, theirs = [], []
for _ in range(rounds):
    start = time.perf_counter()
    out = subprocess.run([program, "weights", path, "--spectra", "--json"], check=True, capture_output=True).stdout
    ours.append(time.perf_counter() - start)
    start = time.perf_counter()
    for m in matrices.values():
        np.linalg.svdvals(m)
    theirs.append(time.perf_counter() - start)
rows = {t["name"]: t for t in json.loads(out)["tensors"]}
worst = 0.0
for name, m in list(matrices.items())[:40]:
    want = np.linalg.svd(m.astype(np.float64), compute_uv=False)
    worst = max(worst, float(np.max(np.abs(np.array(rows[name]["spectra"]["singular_values"]) - want) / want)))
print(f"{len(matrices)} matrices: orrery {min(ours):.2f} s, numpy {min(theirs):.2f} s, ratio {min(theirs) / min(ours):.2f} (>= 1.0), "
      f"largest relative difference to float64 {worst:.1e} (1e-5)")
sys.exit(0 if min(theirs) >= min(ours) and worst <= 1e-5 else 1)
