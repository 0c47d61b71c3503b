# SPDX-License-Identifier: MIT
"""What processed weights do to the values at hook points, computed without Orrery: the weights of small checkpoints are
folded and centred here by the formulas of TransformerLens, put into transformers' model, and run in float64.

usage: make_processed.py DATA   (the folder of make_reference.py)
Writes DATA/NAME/processed.safetensors beside the checkpoint: fields as in reference.safetensors.
"""
import os
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from make_reference import float64_twin, forward, true_float64

torch.set_grad_enabled(False)


def linear(model, name):
    """Weight [in, out] (a view) and bias of a matrix, whatever the module keeps."""
    module = model.get_submodule(name)
    conv = type(module).__name__ == "Conv1D"
    return (module.weight if conv else module.weight.T), module


def fold(model, norm_name, matrix_names, centre):
    norm = model.get_submodule(norm_name)
    weight = norm.weight.clone()
    less_one = "Gemma" in type(norm).__name__  # its weight counts as 1 + w
    weight = weight + 1 if less_one else weight
    for name in matrix_names:
        w, module = linear(model, name)  # [in, out]
        if getattr(norm, "bias", None) is not None:
            if getattr(module, "bias", None) is None:
                module.bias = torch.nn.Parameter(torch.zeros(w.shape[1], dtype=w.dtype))
            module.bias += norm.bias @ w
        w *= weight[:, None]
        if centre:
            w -= w.mean(0, keepdim=True)
    norm.weight.fill_(0 if less_one else 1)
    if getattr(norm, "bias", None) is not None:
        norm.bias.zero_()


PROJECTIONS = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]
# block: where a block stands; norms with the matrices that read them; the last norm. `writes` and `tables` (embeddings)
# are what writes to the residual stream: only of families with LayerNorm.
NAMES = {
    "gpt2": dict(block="transformer.h.{}.", norms={"ln_1": ["attn.c_attn"], "ln_2": ["mlp.c_fc"]},
                 final="transformer.ln_f", writes=["attn.c_proj", "mlp.c_proj"],
                 tables=["transformer.wte", "transformer.wpe"]),
    "gpt_neox": dict(block="gpt_neox.layers.{}.", final="gpt_neox.final_layer_norm",
                     norms={"input_layernorm": ["attention.query_key_value"],
                            "post_attention_layernorm": ["mlp.dense_h_to_4h"]},
                     writes=["attention.dense", "mlp.dense_4h_to_h"], tables=["gpt_neox.embed_in"]),
    "phi": dict(block="model.layers.{}.", norms={"input_layernorm": [*PROJECTIONS, "mlp.fc1"]},
                final="model.final_layernorm", writes=["self_attn.dense", "mlp.fc2"], tables=["model.embed_tokens"]),
    "llama": dict(block="model.layers.{}.", final="model.norm",
                  norms={"input_layernorm": PROJECTIONS, "post_attention_layernorm": ["mlp.gate_proj", "mlp.up_proj"]}),
    "gemma2": dict(block="model.layers.{}.", final="model.norm",
                   norms={"input_layernorm": PROJECTIONS,
                          "pre_feedforward_layernorm": ["mlp.gate_proj", "mlp.up_proj"]}),
}
NAMES["gemma"] = NAMES["llama"]


def process(model, names):
    layer_norm = "writes" in names
    head = model.get_output_embeddings()
    head.weight = torch.nn.Parameter(head.weight.clone())  # no longer the embedding
    blocks = [names["block"].format(i) for i in range(model.config.num_hidden_layers)]
    for block in blocks:
        for norm, readers in names["norms"].items():
            fold(model, block + norm, [block + reader for reader in readers], layer_norm)
    fold(model, names["final"], [next(n for n, module in model.named_modules() if module is head)], layer_norm)
    for name in names.get("tables", []):
        table = model.get_submodule(name).weight
        table -= table.mean(-1, keepdim=True)
    for block in blocks:
        for name in names.get("writes", []):
            w, module = linear(model, block + name)
            w -= w.mean(-1, keepdim=True)
            if module.bias is not None:
                module.bias -= module.bias.mean()
    if not getattr(model.config, "final_logit_softcapping", None):
        head.weight -= head.weight.mean(0, keepdim=True)
        if head.bias is not None:
            head.bias -= head.bias.mean()


def write(folder, names):
    reference = load_file(os.path.join(folder, "reference.safetensors"))
    tokens = reference["tokens_short"]
    stored = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    with true_float64():
        model = float64_twin(stored)
        plain = torch.log_softmax(model(tokens).logits, -1)
        process(model, names)
        logits, inner = forward(model, tokens)
        off = (torch.log_softmax(logits, -1) - plain).abs().max().item()
    out = {"tokens_short": tokens, "logits_f64": logits, **inner}
    save_file({k: v.contiguous().clone() for k, v in out.items()}, os.path.join(folder, "processed.safetensors"))
    moved = max((logits - reference["logits_f64"]).abs().max().item(),
                *((inner[k] - reference[k]).abs().max().item() for k in inner if k.startswith("hidden")))
    print(f"{folder}: log-probabilities differ from the plain model's by {off:.1e}, hooks moved by up to {moved:.2g}")
    assert off < 1e-10


if __name__ == "__main__":
    for name, names in NAMES.items():
        write(f"{sys.argv[1]}/{name}_options", names)
