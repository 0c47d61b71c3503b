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
from transformers import (AutoModelForCausalLM, Gemma2Config, GemmaConfig, GPT2Config, GPT2LMHeadModel, GPTNeoXConfig,
                          LlamaConfig, LlamaForCausalLM, MistralConfig, MixtralConfig, Phi3Config, PhiConfig,
                          Qwen2Config, Qwen3Config)

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
            fan_in = p.shape[0] if isinstance(model, GPT2LMHeadModel) and "lm_head" not in name else p.shape[-1]
            peaked = any(part in name for part in ("q_proj", "k_proj", "c_attn", "query_key_value", "qkv_proj"))
            w = w * (1.5 if peaked else 1.0) / fan_in**0.5
        p.copy_(w)


def float64_twin(model):
    with true_float64():
        twin = type(model)(type(model.config).from_dict(json.loads(model.config.to_json_string()))).double().eval()
    twin.config._attn_implementation = twin.config._experts_implementation = "eager"
    twin.load_state_dict({k: v.double() for k, v in model.state_dict().items()})
    twin.tie_weights()
    return twin


def part(module, *names):
    return next(getattr(module, name) for name in names if hasattr(module, name))


def projections(attention, config, keep):
    """Hooks that keep q, k and v as [B, T, heads, Dh], before norms and RoPE."""
    heads = config.num_attention_heads
    kv = getattr(config, "num_key_value_heads", None) or heads
    size = getattr(config, "head_dim", None) or config.hidden_size // heads
    shaped = lambda o: o.reshape(*o.shape[:2], -1, size).clone()
    if hasattr(attention, "q_proj"):
        return [getattr(attention, n + "_proj").register_forward_hook(lambda m, a, o, n=n: keep(n, shaped(o))) for n in "qkv"]

    def split(m, a, o):
        if hasattr(attention, "query_key_value"):  # (head, qkv, Dh)
            parts = [p.reshape(*o.shape[:2], -1) for p in o.reshape(*o.shape[:2], heads, 3, size).unbind(3)]
        else:
            parts = o.split([heads * size, kv * size, kv * size], -1)
        for name, value in zip("qkv", parts):
            keep(name, shaped(value))
    return [part(attention, "c_attn", "query_key_value", "qkv_proj").register_forward_hook(split)]


def forward(model, tokens):
    """Logits and every inner value under the names that the test reads."""
    got, handles, config = {}, [], model.config
    first = lambda o: o[0] if isinstance(o, tuple) else o
    keep = lambda key: lambda m, a, o: got.__setitem__(key, first(o).clone().reshape(*tokens.shape, -1))
    stack = part(model, "transformer", "gpt_neox", "model")
    layers = part(stack, "h", "layers")
    for i, layer in enumerate(layers):
        attention = part(layer, "attn", "attention", "self_attn")
        handles += [attention.register_forward_hook(keep(f"attn_out.{i}")),
                    part(layer, "mlp", "block_sparse_moe").register_forward_hook(keep(f"mlp_out.{i}")),
                    layer.register_forward_hook(keep(f"resid_post.{i}"))]
        handles += projections(attention, config, lambda n, value, i=i: got.__setitem__(f"{n}.{i}", value))
        if hasattr(layer, "post_feedforward_layernorm"):
            handles += [layer.post_attention_layernorm.register_forward_hook(keep(f"attn_out_normed.{i}")),
                        layer.post_feedforward_layernorm.register_forward_hook(keep(f"mlp_out_normed.{i}"))]
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
    model.config._attn_implementation = model.config._experts_implementation = "eager"
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
        cached = twin.generate(tokens[:, :short], attention_mask=torch.ones_like(tokens[:, :short]), do_sample=False,
                               max_new_tokens=ids.shape[1] - short, eos_token_id=None, pad_token_id=0)
        assert torch.equal(cached, ids), f"{out}: generate() with its cache writes something else"
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


    for name, config in families(0).items():
        write(f"{out}/{name}_options", AutoModelForCausalLM.from_config(config), 7)


def families(seed):
    """The other families, with options that published checkpoints seldom use; seed 0: those kept in the tree."""
    r = random.Random(seed)
    pick = lambda *options: options[0] if seed == 0 else r.choice(options)
    small = dict(vocab_size=61, max_position_embeddings=56, num_hidden_layers=2)
    llama = dict(small, hidden_size=24, num_attention_heads=4, num_key_value_heads=pick(2, 1, 4), intermediate_size=27)
    wide = dict(llama, head_dim=pick(6, 8, 14))
    factors = lambda n: [round(1 + r.random() * 3, 3) for _ in range(n)]
    phi3_rotary, sliding = pick(1.0, 0.5), pick(True, False)
    return {
        "gpt_neox": GPTNeoXConfig(
            **small, hidden_size=24, num_attention_heads=3, intermediate_size=31, attention_bias=pick(False, True),
            use_parallel_residual=pick(False, True), hidden_act=pick("gelu", "relu", "gelu_new"), rotary_pct=pick(0.5, 1.0),
            rotary_emb_base=pick(300, 10000), tie_word_embeddings=pick(True, False)),
        "mistral": MistralConfig(**wide, sliding_window=pick(5, None, 1), hidden_act=pick("relu", "silu")),
        "qwen2": Qwen2Config(**llama, use_sliding_window=pick(True, False), sliding_window=pick(4, 7),
                             max_window_layers=pick(1, 0, 2), tie_word_embeddings=pick(True, False),
                             rope_parameters=pick({"rope_type": "yarn", "factor": 2.0, "rope_theta": 1000.0,
                                                   "original_max_position_embeddings": 20},
                                                  {"rope_type": "default", "rope_theta": 1e6})),
        "qwen3": Qwen3Config(**wide, attention_bias=pick(True, False), use_sliding_window=sliding,
                             sliding_window=pick(6, 3), max_window_layers=1,
                             layer_types=["sliding_attention", "full_attention"] if sliding else None),
        "gemma": GemmaConfig(**wide, attention_bias=pick(True, False), tie_word_embeddings=pick(False, True)),
        "gemma2": Gemma2Config(**wide, query_pre_attn_scalar=pick(11, 6), sliding_window=pick(6, 3),
                               attn_logit_softcapping=pick(None, 3.0), final_logit_softcapping=pick(4.0, None),
                               layer_types=pick(["full_attention", "sliding_attention"], None)),
        "phi": PhiConfig(**dict(llama, hidden_size=32), qk_layernorm=pick(True, False),
                         partial_rotary_factor=pick(0.25, 0.5, 1.0)),
        "phi3": Phi3Config(**dict(llama, hidden_size=32), pad_token_id=0, original_max_position_embeddings=20,
                           sliding_window=pick(None, 9),
                           rope_parameters={"rope_type": "longrope", "rope_theta": 500.0,
                                            "partial_rotary_factor": phi3_rotary,
                                            "short_factor": factors(int(4 * phi3_rotary)),
                                            "long_factor": factors(int(4 * phi3_rotary))}),
        "mixtral": MixtralConfig(**wide, num_local_experts=pick(3, 5), num_experts_per_tok=pick(1, 2, 3),
                                 sliding_window=pick(7, None), hidden_act=pick("gelu", "silu"))}


def drawn(out, seed):
    for name, config in families(seed).items():
        write(f"{out}/{name}_{seed}", AutoModelForCausalLM.from_config(config), seed)
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
