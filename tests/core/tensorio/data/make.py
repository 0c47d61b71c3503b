# SPDX-License-Identifier: MIT
# Makes the files beside it with torch, numpy and the Python safetensors package:  python make.py
import json
import pathlib

import numpy
import torch
from safetensors.torch import save_file

here = pathlib.Path(__file__).parent
dtypes = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "I64": torch.int64, "I32": torch.int32,
    "I16": torch.int16, "I8": torch.int8, "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16,
    "U8": torch.uint8, "BOOL": torch.bool,
}
source = torch.tensor([[0.0, 1.0, 2.5], [-3.0, 100.0, 0.1]], dtype=torch.float64)
tensors = {name: (source.abs() if name[0] == "U" else source).to(dtype) for name, dtype in dtypes.items()}
values = {name: t.to(torch.float64).flatten().tolist() for name, t in tensors.items()}
tensors["scalar"] = torch.tensor(7.25)
values["scalar"] = [7.25]
tensors["empty"] = torch.zeros(0, 5)
values["empty"] = []
save_file(tensors, here / "dtypes.safetensors", metadata={"format": "pt", "note": "grüße"})
(here / "dtypes.json").write_text(json.dumps(values) + "\n")

# Every bit pattern of the one-byte floats, as torch reads it.
bits = torch.arange(256, dtype=torch.int16).to(torch.uint8)
save_file({
    "F8_E4M3": bits.view(torch.float8_e4m3fn).to(torch.float32),
    "F8_E5M2": bits.view(torch.float8_e5m2).to(torch.float32),
}, here / "f8_tables.safetensors")

sharded = here / "sharded"
sharded.mkdir(exist_ok=True)
parts = {"model-00001-of-00002.safetensors": {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4)},
         "model-00002-of-00002.safetensors": {"c": torch.arange(5, dtype=torch.int64)}}
for name, part in parts.items():
    save_file(part, sharded / name)
index = {"metadata": {"total_size": 80}, "weight_map": {t: name for name, part in parts.items() for t in part}}
(sharded / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")

for name, array in {"f4": numpy.array([[1.5, -2.25, numpy.inf]], "<f4"), "f8": numpy.array(0.1, "<f8"),
                    "i8": numpy.arange(24, dtype="<i8").reshape(2, 3, 4), "u1": numpy.arange(5, dtype="u1"),
                    "empty": numpy.zeros((0, 3), "<f4"), "fortran": numpy.asfortranarray(numpy.eye(3, 4)),
                    "big_endian": numpy.arange(3, dtype=">f4")}.items():
    numpy.save(here / f"numpy_{name}.npy", array)
