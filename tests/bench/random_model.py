# SPDX-License-Identifier: MIT
"""A GPT-2 shape of random weights and a text of random tokens, to try long contexts with.
usage: random_model.py OUT [--layers 2] [--heads 12] [--head-dim 64] [--context 32768] [--vocab 1024] [--tokens 32768]
Writes OUT/{config.json, model.safetensors, tokens.json}. Needs torch and safetensors."""
import argparse
import json
import pathlib

import torch
from safetensors.torch import save_file

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    for name, value in (("layers", 2), ("heads", 12), ("head-dim", 64), ("context", 32768), ("vocab", 1024), ("tokens", 32768)):
        parser.add_argument("--" + name, type=int, default=value)
    a = parser.parse_args()
    torch.manual_seed(0)
    d = a.heads * a.head_dim
    normal = lambda *shape: 0.02 * torch.randn(shape)
    tensors = {"wte.weight": normal(a.vocab, d), "wpe.weight": normal(a.context, d),
               "ln_f.weight": torch.ones(d), "ln_f.bias": torch.zeros(d)}
    for i in range(a.layers):
        for norm in ("ln_1", "ln_2"):
            tensors |= {f"h.{i}.{norm}.weight": torch.ones(d), f"h.{i}.{norm}.bias": torch.zeros(d)}
        for name, rows, columns, gain in (("attn.c_attn", d, 3 * d, 4), ("attn.c_proj", d, d, 1),
                                          ("mlp.c_fc", d, 4 * d, 1), ("mlp.c_proj", 4 * d, d, 1)):
            tensors |= {f"h.{i}.{name}.weight": gain * normal(rows, columns), f"h.{i}.{name}.bias": torch.zeros(columns)}
    a.out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, a.out / "model.safetensors")
    (a.out / "config.json").write_text(json.dumps({
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": d, "n_head": a.heads, "n_layer": a.layers,
        "n_positions": a.context, "vocab_size": a.vocab, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new"}))
    (a.out / "tokens.json").write_text(json.dumps(torch.randint(0, a.vocab, (a.tokens,)).tolist()))
