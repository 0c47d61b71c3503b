# SPDX-License-Identifier: MIT
"""Tiny checkpoints with options that the outside oracles do not use, and what transformers computes from them.

usage: make_reference.py OUT [random SEED]
Needs torch, transformers (5.x) and safetensors. Writes OUT/NAME/{config.json, model.safetensors, reference.safetensors}.
The numbers are those of a float64 run: while it goes on, the places where transformers rounds to float32 on purpose
(norms, softmax, RoPE tables) are switched to float64, since torch.float32 and Tensor.float() then mean float64.
With `random SEED` one model of each family is drawn with random sizes and options instead (not kept in the tree).
"""
import contextlib
import json
import os
import random
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

torch.set_grad_enabled(False)


@contextlib.contextmanager
def true_float64():
    saved = torch.float32, torch.float, torch.Tensor.float, torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    try:
        yield
    finally:
        torch.float32, torch.float, torch.Tensor.float = saved[:3]
        torch.set_default_dtype(saved[3])


def draw(model, seed):
    """Weights that make attention peaked, so that a wrong mask, scale or rotation shows."""
    generator = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        w = torch.randn(p.shape, generator=generator)
        if p.ndim == 1:
            w = 1 + 0.25 * w if name.endswith("weight") else 0.3 * w
        elif "embed" in name or "wte" in name or "wpe" in name:
            w = 0.5 * w
        else:
            fan_in = p.shape[0] if isinstance(model, GPT2LMHeadModel) and "lm_head" not in name else p.shape[1]
            peaked = any(part in name for part in ("q_proj", "k_proj", "c_attn"))
            w = w * (1.5 if peaked else 1.0) / fan_in**0.5
        p.copy_(w)


def float64_twin(model):
    with true_float64():
        twin = type(model)(type(model.config).from_dict(json.loads(model.config.to_json_string()))).double().eval()
    twin.config._attn_implementation = "eager"
    twin.load_state_dict({k: v.double() for k, v in model.state_dict().items()})
    twin.tie_weights()
    return twin


def forward(model, tokens):
    """Logits and every inner value under the names that the test reads."""
    got, handles, config = {}, [], model.config
    first = lambda o: o[0] if isinstance(o, tuple) else o
    keep = lambda key: lambda m, a, o: got.__setitem__(key, first(o).clone())
    gpt2 = isinstance(model, GPT2LMHeadModel)
    layers = model.transformer.h if gpt2 else model.model.layers
    for i, layer in enumerate(layers):
        attention = layer.attn if gpt2 else layer.self_attn
        handles += [attention.register_forward_hook(keep(f"attn_out.{i}")),
                    layer.mlp.register_forward_hook(keep(f"mlp_out.{i}")),
                    layer.register_forward_hook(keep(f"resid_post.{i}"))]
        if gpt2:
            def split(m, a, o, i=i):
                for name, part in zip("qkv", o.chunk(3, -1)):
                    got[f"{name}.{i}"] = part.reshape(*part.shape[:2], config.n_head, -1).clone()
            handles.append(attention.c_attn.register_forward_hook(split))
        else:
            for name in "qkv":
                def shaped(m, a, o, key=f"{name}.{i}"):
                    got[key] = o.reshape(*o.shape[:2], -1, config.head_dim).clone()
                handles.append(getattr(attention, name + "_proj").register_forward_hook(shaped))
    out = model(tokens, output_hidden_states=True, output_attentions=True, use_cache=False)
    for handle in handles:
        handle.remove()
    for i, hidden in enumerate(out.hidden_states):
        got[f"hidden.{i}"] = hidden
    for i, pattern in enumerate(out.attentions):
        got[f"attn.{i}"] = pattern
    for i in range(len(layers) - 1):
        del got[f"resid_post.{i}"]
    return out.logits, got


def write(out, model, seed, short=16, long=40):
    model.eval()
    model.config._attn_implementation = "eager"
    draw(model, seed)
    model.save_pretrained(out)
    tokens = torch.randint(0, model.config.vocab_size, (1, long), generator=torch.Generator().manual_seed(seed + 1))
    with true_float64():
        twin = float64_twin(model)
        logits, inner = forward(twin, tokens[:, :short])
        long_logits = twin(tokens).logits
        ids = tokens[:, :short]
        for _ in range(32):
            if ids.shape[1] >= twin.config.max_position_embeddings:
                break
            ids = torch.cat([ids, twin(ids).logits[:, -1:].argmax(-1)], 1)
    reference = {"tokens_short": tokens[:, :short], "tokens_long": tokens, "logits_f64": logits,
                 "logits_long_f64": long_logits.to(torch.float32), "greedy": ids[0, short:], **inner}
    save_file({k: v.contiguous().clone() for k, v in reference.items()}, os.path.join(out, "reference.safetensors"))
    size = sum(os.path.getsize(os.path.join(out, f)) for f in os.listdir(out))
    print(f"{out}: {size // 1024} kB")
    for name in os.listdir(out):
        if name not in ("config.json", "model.safetensors", "reference.safetensors"):
            os.remove(os.path.join(out, name))


def fixed(out):
    write(f"{out}/gpt2_options", GPT2LMHeadModel(GPT2Config(
        n_embd=18, n_head=3, n_layer=3, n_inner=25, n_positions=56, vocab_size=61, activation_function="gelu",
        scale_attn_by_inverse_layer_idx=True, tie_word_embeddings=False, layer_norm_epsilon=1e-3)), 5)
    write(f"{out}/llama_options", LlamaForCausalLM(LlamaConfig(
        hidden_size=20, num_attention_heads=4, num_key_value_heads=2, head_dim=6, num_hidden_layers=2,
        intermediate_size=27, vocab_size=61, max_position_embeddings=56, attention_bias=True, mlp_bias=True,
        tie_word_embeddings=True, hidden_act="gelu_pytorch_tanh", rms_norm_eps=1e-4,
        rope_parameters={"rope_type": "linear", "factor": 2.5, "rope_theta": 300.0})), 6)


def drawn(out, seed):
    r = random.Random(seed)
    heads = r.choice([1, 2, 3, 5])
    write(f"{out}/gpt2_{seed}", GPT2LMHeadModel(GPT2Config(
        n_embd=heads * r.choice([4, 7, 10, 16]), n_head=heads, n_layer=r.randint(1, 4), n_inner=r.choice([None, 19, 64]),
        n_positions=64, vocab_size=r.choice([23, 97]), activation_function=r.choice(
            ["gelu", "gelu_new", "relu", "silu", "tanh", "gelu_pytorch_tanh", "quick_gelu", "gelu_fast", "relu2"]),
        scale_attn_weights=r.random() < 0.7, scale_attn_by_inverse_layer_idx=r.random() < 0.5,
        reorder_and_upcast_attn=r.random() < 0.5, tie_word_embeddings=r.random() < 0.5,
        layer_norm_epsilon=r.choice([1e-5, 1e-3]))), seed)
    group, kv = r.choice([1, 2, 3]), r.choice([1, 2])
    rope = r.choice([{"rope_type": "default"}, {"rope_type": "linear", "factor": 3.0},
                     {"rope_type": "dynamic", "factor": 2.0},
                     {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 16},
                     {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
                     {"rope_type": "yarn", "factor": 3.0, "original_max_position_embeddings": 20, "beta_fast": 8.0,
                      "beta_slow": 2.0, "truncate": False, "mscale": 1.2, "mscale_all_dim": 0.7}])
    write(f"{out}/llama_{seed}", LlamaForCausalLM(LlamaConfig(
        hidden_size=group * kv * r.choice([4, 9, 16]), num_attention_heads=group * kv, num_key_value_heads=kv,
        head_dim=r.choice([2, 6, 8, 14]), num_hidden_layers=r.randint(1, 4), intermediate_size=r.choice([17, 33, 64]),
        vocab_size=r.choice([23, 97]), max_position_embeddings=64, attention_bias=r.random() < 0.5,
        mlp_bias=r.random() < 0.5, tie_word_embeddings=r.random() < 0.5, pretraining_tp=r.choice([1, 2]),
        hidden_act=r.choice(["silu", "gelu", "gelu_pytorch_tanh", "relu"]), rms_norm_eps=r.choice([1e-6, 1e-3]),
        rope_parameters={"rope_theta": r.choice([50.0, 10000.0]), **rope})), seed)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        drawn(sys.argv[1], int(sys.argv[3]))
    else:
        fixed(sys.argv[1])
