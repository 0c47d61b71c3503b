# SPDX-License-Identifier: MIT
# Makes gguf_*.json beside it from GGUF files that come with token_samples.json (ids by another program):
#   python make_gguf.py NAME=FOLDER ...     with the Python package gguf; FOLDER has model.gguf, token_samples.json
import json
import pathlib
import sys

import gguf

here = pathlib.Path(__file__).parent
for argument in sys.argv[1:]:
    name, folder = argument.split("=")
    fields = gguf.GGUFReader(pathlib.Path(folder) / "model.gguf").fields.values()
    description = {f.name: f.contents() for f in fields if f.name.startswith("tokenizer.ggml.")}
    samples = json.loads((pathlib.Path(folder) / "token_samples.json").read_text())
    out = {"description": description, "samples": samples}
    (here / f"gguf_{name}.json").write_text(json.dumps(out, ensure_ascii=False) + "\n")
