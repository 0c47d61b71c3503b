# SPDX-License-Identifier: MIT
# Makes the files beside it with the Python packages gguf (0.19), numpy and safetensors:  python make.py
import pathlib

import gguf
import numpy
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent
random = numpy.random.default_rng(20)
# Where the half-precision numbers of a block stand: random bits there could be NaN or infinite.
HALVES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0], "IQ2_XXS": [0], "IQ2_XS": [0],
          "IQ2_S": [0], "IQ3_XXS": [0], "IQ3_S": [0], "IQ1_S": [0], "IQ1_M": [], "TQ1_0": [52], "TQ2_0": [64],
          "MXFP4": [], "NVFP4": []}


def blocks(name, count):
    size = gguf.GGML_QUANT_SIZES[Type[name]][1]
    data = random.integers(0, 256, (count, size), dtype=numpy.uint8)
    for at in HALVES[name]:
        data[:, at:at + 2] = random.uniform(-2, 2, (count, 1)).astype(numpy.float16).view(numpy.uint8)
    if name == "IQ1_M":
        data[:, 55] = data[:, 55] & 0x0F | 0x30  # the exponent of the spread-out half
    if name == "MXFP4":
        data[:, 0] = random.integers(100, 140, count)
    return data.reshape(1, -1)


writer, reference = gguf.GGUFWriter(here / "types.gguf", "none"), {}
for name in HALVES:
    data = blocks(name, 2)
    writer.add_tensor(name, data, raw_dtype=Type[name])
    reference[name] = gguf.quants.dequantize(data, Type[name])
plain = numpy.array([[0, 1, -2.5], [3.25, -100, 7]])
for name, dtype in {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8"}.items():
    writer.add_tensor(name, plain.astype(dtype))
    reference[name] = plain.astype(dtype).astype(numpy.float32)
writer.add_tensor("BF16", gguf.quants.quantize(plain.astype("<f4"), Type.BF16), raw_dtype=Type.BF16)
reference["BF16"] = plain.astype("<f4")
cube = numpy.arange(24, dtype="<f4").reshape(2, 3, 4)
writer.add_tensor("cube", cube)
reference["cube"] = cube
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
save_file(reference, here / "types.safetensors")

writer = gguf.GGUFWriter(here / "values.gguf", "test")
writer.add_custom_alignment(64)
for name, value in {"uint8": 255, "int8": -128, "uint16": 65535, "int16": -32768, "uint32": 2**32 - 1, "int32": -2**31,
                    "float32": 0.25, "bool": True, "uint64": 2**64 - 1, "int64": -2**63, "float64": 1e300}.items():
    getattr(writer, "add_" + name)("test." + name, value)
writer.add_string("test.string", "grüße")
writer.add_array("test.texts", ["a", "", "ç"])
writer.add_array("test.floats", [0.5, -1.5])
writer.add_array("test.bools", [True, False])
writer.add_tensor("a", numpy.arange(3, dtype="<f4"))
writer.add_tensor("b", numpy.arange(5, dtype="<f4"))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

for part in range(2):
    writer = gguf.GGUFWriter(here / f"split-0000{part + 1}-of-00002.gguf", "test")
    writer.add_uint16("split.no", part)
    writer.add_uint16("split.count", 2)
    writer.add_int32("split.tensors.count", 3)
    for name in (["a", "b"] if part == 0 else ["c"]):
        writer.add_tensor(name, numpy.full(2, ord(name), dtype="<f4"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
