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
    if type(norm).__name__ == "GemmaRMSNorm" or type(norm).__name__ == "Gemma2RMSNorm":
        weight = 1 + weight
    for name in matrix_names:
        w, module = linear(model, name)  # [in, out]
        if getattr(norm, "bias", None) is not None:
            if getattr(module, "bias", None) is None:
                module.bias = torch.nn.Parameter(torch.zeros(w.shape[1], dtype=w.dtype))
            module.bias += norm.bias @ w
        w *= weight[:, None]
        if centre:
            w -= w.mean(0, keepdim=True)
    norm.weight.fill_(0 if "Gemma" in type(norm).__name__ else 1)
    if getattr(norm, "bias", None) is not None:
        norm.bias.zero_()


NAMES = {  # norm before attention, its matrices; norm before the MLP, its matrices; last norm;
    # matrices that write to the residual stream, where they are, embeddings: only with LayerNorm
    "gpt2": ("transformer.h.{}.ln_1", ["transformer.h.{}.attn.c_attn"], "transformer.h.{}.ln_2",
             ["transformer.h.{}.mlp.c_fc"], "transformer.ln_f", ["attn.c_proj", "mlp.c_proj"],
             "transformer.h.{}.", ["transformer.wte", "transformer.wpe"]),
    "gpt_neox": ("gpt_neox.layers.{}.input_layernorm", ["gpt_neox.layers.{}.attention.query_key_value"],
                 "gpt_neox.layers.{}.post_attention_layernorm", ["gpt_neox.layers.{}.mlp.dense_h_to_4h"],
                 "gpt_neox.final_layer_norm", ["attention.dense", "mlp.dense_4h_to_h"],
                 "gpt_neox.layers.{}.", ["gpt_neox.embed_in"]),
    "phi": ("model.layers.{}.input_layernorm", ["model.layers.{}.self_attn." + p + "_proj" for p in "qkv"] +
            ["model.layers.{}.mlp.fc1"], None, [], "model.final_layernorm",
            ["self_attn.dense", "mlp.fc2"], "model.layers.{}.", ["model.embed_tokens"]),
    "gated": ("model.layers.{}.input_layernorm", ["model.layers.{}.self_attn." + p + "_proj" for p in "qkv"],
              "model.layers.{}.post_attention_layernorm", ["model.layers.{}.mlp.gate_proj", "model.layers.{}.mlp.up_proj"],
              "model.norm", [], "", []),
    "gemma2": ("model.layers.{}.input_layernorm", ["model.layers.{}.self_attn." + p + "_proj" for p in "qkv"],
               "model.layers.{}.pre_feedforward_layernorm",
               ["model.layers.{}.mlp.gate_proj", "model.layers.{}.mlp.up_proj"], "model.norm", [], "", []),
}


def process(model, names, layer_norm, softcap):
    ln1, reads1, ln2, reads2, final, writes, block, embeddings = names
    head = model.get_output_embeddings()
    head.weight = torch.nn.Parameter(head.weight.clone())  # no longer the embedding
    for i in range(model.config.num_hidden_layers):
        fold(model, ln1.format(i), [n.format(i) for n in reads1], layer_norm)
        if ln2:
            fold(model, ln2.format(i), [n.format(i) for n in reads2], layer_norm)
    unembed = next(name for name, module in model.named_modules() if module is head)
    fold(model, final, [unembed], layer_norm)
    if layer_norm:
        for name in embeddings:
            table = model.get_submodule(name).weight
            table -= table.mean(-1, keepdim=True)
        for i in range(model.config.num_hidden_layers):
            for name in writes:
                w, module = linear(model, block.format(i) + name)
                w -= w.mean(-1, keepdim=True)
                if module.bias is not None:
                    module.bias -= module.bias.mean()
    if not softcap:
        head.weight -= head.weight.mean(0, keepdim=True)
        if head.bias is not None:
            head.bias -= head.bias.mean()


def write(folder, names):
    reference = load_file(os.path.join(folder, "reference.safetensors"))
    tokens = reference["tokens_short"]
    stored = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    with true_float64():
        model = float64_twin(stored)
        softcap = getattr(model.config, "final_logit_softcapping", None)
        plain = torch.log_softmax(model(tokens).logits, -1)
        process(model, names, names[5] != [], softcap)
        logits, inner = forward(model, tokens)
        off = (torch.log_softmax(logits, -1) - plain).abs().max().item()
    out = {"tokens_short": tokens, "logits_f64": logits, **inner}
    save_file({k: v.contiguous().clone() for k, v in out.items()}, os.path.join(folder, "processed.safetensors"))
    moved = max((logits - reference["logits_f64"]).abs().max().item(),
                *((inner[k] - reference[k]).abs().max().item() for k in inner if k.startswith("hidden")))
    print(f"{folder}: log-probabilities differ from the plain model's by {off:.1e}, hooks moved by up to {moved:.2g}")
    assert off < 1e-10


if __name__ == "__main__":
    for name, kind in {"gpt2": "gpt2", "gpt_neox": "gpt_neox", "phi": "phi", "llama": "gated", "gemma": "gated",
                       "gemma2": "gemma2"}.items():
        write(f"{sys.argv[1]}/{name}_options", NAMES[kind])
