# SPDX-License-Identifier: MIT
"""Training rates of `orrery bench sweep` beside JAX and PyTorch in one go on the same cores, in turn.
usage: sweep.py [--orrery build/release/app/orrery] [--jax-python P] [--torch-python P] [--seconds 3]
The Pythons need jax, or torch and a C++ compiler for torch.compile; a peer that is missing is left out, and named."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MODELS = {"tanh": "tanh net, 272 parameters, 272 points, float64", "d16": "transformer d 16, 1 layer, T 16, batch 16, float32",
          "d64": "transformer d 64, 2 layers, T 64, batch 32, float32"}
TRIED = {"tanh": (16, 256), "d16": (24,), "d64": (1,)}  # models at once; the best counts

parser = argparse.ArgumentParser()
parser.add_argument("--orrery", default=str(HERE.parent.parent / "build/release/app/orrery"))
parser.add_argument("--jax-python", default=sys.executable)
parser.add_argument("--torch-python", default=sys.executable)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=3)
a = parser.parse_args()


def peer(model, name):
    python = a.jax_python if name == "jax" else a.torch_python
    best = None
    for models in TRIED[model]:
        done = subprocess.run([python, str(HERE / "sweep_peers.py"), model, name, "--threads", str(a.threads),
                               "--models", str(models), "--seconds", str(a.seconds)], capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{name} left out: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            return None
        best = max(best or 0, json.loads(done.stdout.splitlines()[-1])["model_steps_per_second"])
    return best


rates = {MODELS[m]: {n: r for n in ("jax", "torch", "torch-compile") if (r := peer(m, n))} for m in MODELS}
with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
    json.dump(rates, file)
    file.flush()
    subprocess.run([a.orrery, "bench", "sweep", "--threads", str(a.threads), "--seconds", str(a.seconds),
                    "--peers", file.name], check=True)
