# SPDX-License-Identifier: MIT
"""Writes tiny model.bin files of llama2.c beside this script, from the layouts of its export.py, and the float32 values
that they hold:   pip install numpy safetensors; python make_llama2c.py"""
import os
import struct

import numpy as np
from safetensors.numpy import save_file

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "llama2c")
os.makedirs(HERE, exist_ok=True)
rng = np.random.default_rng(11)
DIM, HIDDEN, LAYERS, HEADS, KV, VOCAB, LENGTH, GROUP = 8, 12, 2, 4, 2, 10, 6, 4
KVDIM = DIM // HEADS * KV
truth = {}


def write(name, version, shared):
    random = lambda *shape: rng.standard_normal(shape).astype(np.float32)
    layers = {
        "attention_norm": [random(DIM) for _ in range(LAYERS)], "ffn_norm": [random(DIM) for _ in range(LAYERS)],
        "attention.wq": [random(DIM, DIM) for _ in range(LAYERS)], "attention.wk": [random(KVDIM, DIM) for _ in range(LAYERS)],
        "attention.wv": [random(KVDIM, DIM) for _ in range(LAYERS)], "attention.wo": [random(DIM, DIM) for _ in range(LAYERS)],
        "feed_forward.w1": [random(HIDDEN, DIM) for _ in range(LAYERS)], "feed_forward.w2": [random(DIM, HIDDEN) for _ in range(LAYERS)],
        "feed_forward.w3": [random(HIDDEN, DIM) for _ in range(LAYERS)],
    }
    whole = {"tok_embeddings": random(VOCAB, DIM), "norm": random(DIM), "output": random(VOCAB, DIM)}
    frequencies = {"freq_cis_real": random(LENGTH, DIM // HEADS // 2), "freq_cis_imag": random(LENGTH, DIM // HEADS // 2)}
    out = open(os.path.join(HERE, name + ".bin"), "wb")

    def put(key, value, quantise=False):
        if quantise:
            groups = value.reshape(-1, GROUP)
            scale = (np.abs(groups).max(1) / np.float32(127)).astype(np.float32)
            q = np.round(groups / scale[:, None]).astype(np.int8)
            out.write(q.tobytes() + scale.tobytes())
            value = (q.astype(np.float32) * scale[:, None]).reshape(value.shape)
        else:
            out.write(value.tobytes())
        truth[name + "/" + key] = value

    def put_layers(kind, quantise=False):
        for i in range(LAYERS):
            put(f"layers.{i}.{kind}.weight", layers[kind][i], quantise)

    attention = ["attention.wq", "attention.wk", "attention.wv", "attention.wo"]
    feed_forward = ["feed_forward.w1", "feed_forward.w2", "feed_forward.w3"]
    if version == 0:
        out.write(struct.pack("<7i", DIM, HIDDEN, LAYERS, HEADS, KV, VOCAB if shared else -VOCAB, LENGTH))
        put("tok_embeddings.weight", whole["tok_embeddings"])
        for kind in ["attention_norm"] + attention + ["ffn_norm"] + feed_forward:
            put_layers(kind)
        put("norm.weight", whole["norm"])
        for key, value in frequencies.items():
            put(key, value)
    else:
        head = struct.pack("<Ii7iB", 0x616B3432, version, DIM, HIDDEN, LAYERS, HEADS, KV, VOCAB, LENGTH, shared)
        head += struct.pack("<i", GROUP) if version == 2 else b""
        out.write(head.ljust(256, b"\0"))
        put_layers("attention_norm")
        put_layers("ffn_norm")
        put("norm.weight", whole["norm"])
        put("tok_embeddings.weight", whole["tok_embeddings"], version == 2)
        for kind in attention + feed_forward:
            put_layers(kind, version == 2)
    if not shared:
        put("output.weight", whole["output"], version == 2)


write("v0_shared", 0, True)
write("v0_unshared", 0, False)
write("v1_shared", 1, True)
write("v1_unshared", 1, False)
write("v2_shared", 2, True)
write("v2_unshared", 2, False)
save_file(truth, os.path.join(HERE, "truth.safetensors"))
