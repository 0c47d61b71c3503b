# SPDX-License-Identifier: MIT
"""Small whole models in other formats than a HF folder, with numbers of transformers for each, so that the format tests
mean something without outside files:   pip install torch transformers safetensors gguf; python make_models.py

models/llama_gguf    model.gguf as llama.cpp writes it: q and k permuted, six tensor types, BPE tokenizer inside;
                     against.json: what its quantisation does to the logits, by numpy
models/llama_float   the same model before quantisation, HF folder in float16
models/nanogpt       ckpt.pt as nanoGPT's train.py saves it, names of torch.compile in front
models/llama2c       model.bin (version 0) and tokenizer.bin as llama2.c's export.py and tokenizer.py write them
"""
import json
import os
import struct
import sys

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as T
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "models"))
from make_reference import draw, float64_twin, forward, true_float64  # noqa: E402

torch.set_grad_enabled(False)


def folder(name):
    path = os.path.join(HERE, "models", name)
    os.makedirs(path, exist_ok=True)
    return path


def reference(path, model, seed, short=16, long=40):
    """reference.safetensors beside the checkpoint; logits of the short text, float64."""
    tokens = torch.randint(0, model.config.vocab_size, (1, long), generator=torch.Generator().manual_seed(seed))
    with true_float64():
        twin = float64_twin(model)
        logits, inner = forward(twin, tokens[:, :short])
        long_logits = twin(tokens).logits
        ids = tokens[:, :short]
        for _ in range(16):
            ids = torch.cat([ids, twin(ids).logits[:, -1:].argmax(-1)], 1)
    out = {"tokens_short": tokens[:, :short], "tokens_long": tokens, "logits_f64": logits,
           "logits_long_f64": long_logits.to(torch.float32), "greedy": ids[0, short:], **inner}
    save_file({k: v.contiguous().clone() for k, v in out.items()}, os.path.join(path, "reference.safetensors"))
    return tokens, long_logits


def eager(model, seed):
    model.eval()
    model.config._attn_implementation = "eager"
    draw(model, seed)
    return model


def permute(w, heads):  # rows (half, i) of a head -> (i, half)
    return w.reshape(heads, 2, w.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(w.shape)


def byte_names():
    """GPT-2's printable character of every byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = iter(range(256, 512))
    return [chr(b) if b in plain else chr(next(other)) for b in range(256)]


def change(reference_logits, other):
    """KL(reference || other) of every position, in nat, by numpy."""
    p, q = (x - x.max(-1, keepdims=True) for x in (reference_logits, other))
    p, q = (x - np.log(np.exp(x).sum(-1, keepdims=True)) for x in (p, q))
    kl = (np.exp(p) * (p - q)).sum(-1)
    return {"max_abs": float(np.abs(reference_logits - other).max()), "kl": kl.tolist(), "kl_mean": float(kl.mean()),
            "top1_changed": int((reference_logits.argmax(-1) != other.argmax(-1)).sum())}


def llama_gguf():
    names = byte_names()
    merges = [("h", "e"), ("l", "l"), ("\u0120", "t"), ("he", "ll"), ("\u0120t", "he"), ("hell", "o")]
    vocab = ["<s>", *names, *(a + b for a, b in merges), "</s>"]
    config = LlamaConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                         num_key_value_heads=2, vocab_size=len(vocab), max_position_embeddings=64, rms_norm_eps=1e-5,
                         tie_word_embeddings=False, bos_token_id=0, eos_token_id=len(vocab) - 1,
                         rope_parameters={"rope_type": "default", "rope_theta": 500.0})
    model = eager(LlamaForCausalLM(config), 31).half().float()
    model.half().save_pretrained(folder("llama_float"))
    model.float()
    for extra in os.listdir(folder("llama_float")):
        if extra not in ("config.json", "model.safetensors"):
            os.remove(os.path.join(folder("llama_float"), extra))
    w = gguf.GGUFWriter(os.path.join(folder("llama_gguf"), "model.gguf"), "llama")
    w.add_context_length(64), w.add_embedding_length(32), w.add_block_count(2), w.add_feed_forward_length(64)
    w.add_head_count(4), w.add_head_count_kv(2), w.add_layer_norm_rms_eps(1e-5), w.add_rope_freq_base(500.0)
    w.add_rope_dimension_count(8), w.add_vocab_size(len(vocab))
    w.add_tokenizer_model("gpt2"), w.add_tokenizer_pre("gpt-2"), w.add_token_list(vocab)
    w.add_token_types([3] + [1] * (len(vocab) - 2) + [3]), w.add_token_merges([" ".join(m) for m in merges])
    w.add_bos_token_id(0), w.add_eos_token_id(len(vocab) - 1), w.add_add_bos_token(True)
    state = model.state_dict()

    def put(target, name, kind, heads=0):
        x = state[name].numpy()
        x = permute(x, heads) if heads else x
        data = x.astype(np.float32) if kind == T.F32 else gguf.quants.quantize(np.ascontiguousarray(x), kind)
        w.add_tensor(target, data, raw_dtype=kind)
        back = (data if kind == T.F32 else gguf.quants.dequantize(data, kind)).reshape(x.shape)
        if heads:
            back = back.reshape(heads, x.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(x.shape)
        state[name].copy_(torch.from_numpy(np.ascontiguousarray(back, np.float32)))

    plain = {k: v.clone() for k, v in state.items()}
    put("token_embd.weight", "model.embed_tokens.weight", T.Q8_0)
    for i in range(2):
        block, layer = f"blk.{i}.", f"model.layers.{i}."
        put(block + "attn_norm.weight", layer + "input_layernorm.weight", T.F32)
        put(block + "attn_q.weight", layer + "self_attn.q_proj.weight", T.Q4_0, heads=4)
        put(block + "attn_k.weight", layer + "self_attn.k_proj.weight", T.Q5_0, heads=2)
        put(block + "attn_v.weight", layer + "self_attn.v_proj.weight", T.F16)
        put(block + "attn_output.weight", layer + "self_attn.o_proj.weight", T.Q4_1)
        put(block + "ffn_norm.weight", layer + "post_attention_layernorm.weight", T.F32)
        put(block + "ffn_gate.weight", layer + "mlp.gate_proj.weight", T.Q5_1)
        put(block + "ffn_up.weight", layer + "mlp.up_proj.weight", T.BF16)
        put(block + "ffn_down.weight", layer + "mlp.down_proj.weight", T.Q8_0)
    put("output_norm.weight", "model.norm.weight", T.F32)
    put("output.weight", "lm_head.weight", T.Q8_0)
    w.write_header_to_file(), w.write_kv_data_to_file(), w.write_tensors_to_file(), w.close()
    model.load_state_dict(state)
    tokens, quantised = reference(folder("llama_gguf"), model, 32)
    model.load_state_dict(plain)
    exact = reference(folder("llama_float"), model, 32)[1]
    with open(os.path.join(folder("llama_gguf"), "against.json"), "w") as f:
        json.dump({"tokens": tokens[0].tolist(), **change(exact[0].numpy(), quantised[0].numpy())}, f)


def nanogpt():
    model = eager(GPT2LMHeadModel(GPT2Config(n_embd=24, n_head=3, n_layer=2, n_positions=48, vocab_size=67,
                                             activation_function="gelu", resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)), 41)
    conv = ("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")
    state = {"_orig_mod." + k: (v.t() if k.endswith(conv) else v).clone().contiguous()
             for k, v in model.state_dict().items()}
    args = dict(n_layer=2, n_head=3, n_embd=24, block_size=48, bias=True, vocab_size=67, dropout=0.0)
    torch.save({"model": state, "optimizer": {"state": {0: {"step": torch.tensor(5.0)}}, "param_groups": [{"lr": 1e-3}]},
                "model_args": args, "iter_num": 5, "best_val_loss": torch.tensor(2.5), "config": {"dataset": "none"}},
               os.path.join(folder("nanogpt"), "ckpt.pt"))
    reference(folder("nanogpt"), model, 42)


def llama2c():
    pieces = ["<unk>", "\n<s>\n", "\n</s>\n", *(f"<0x{b:02X}>" for b in range(256)), " ", "a", "t", "h", "e", " t", "he", " the"]
    config = LlamaConfig(hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
                         num_key_value_heads=2, vocab_size=len(pieces), max_position_embeddings=48, rms_norm_eps=1e-5,
                         tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
    model = eager(LlamaForCausalLM(config), 51)
    state = {k: v.numpy() for k, v in model.state_dict().items()}
    layer = lambda i, n: state[f"model.layers.{i}.{n}.weight"]
    with open(os.path.join(folder("llama2c"), "model.bin"), "wb") as f:
        f.write(struct.pack("<7i", 16, 20, 2, 4, 2, len(pieces), 48))
        put = lambda x: f.write(np.ascontiguousarray(x, np.float32).tobytes())
        put(state["model.embed_tokens.weight"])
        for name, heads in (("input_layernorm", 0), ("self_attn.q_proj", 4), ("self_attn.k_proj", 2),
                            ("self_attn.v_proj", 0), ("self_attn.o_proj", 0), ("post_attention_layernorm", 0),
                            ("mlp.gate_proj", 0), ("mlp.down_proj", 0), ("mlp.up_proj", 0)):
            for i in range(2):
                put(permute(layer(i, name), heads) if heads else layer(i, name))
        put(state["model.norm.weight"])
        angle = np.outer(np.arange(48), 10000.0 ** (-np.arange(0, 4, 2) / 4))
        put(np.cos(angle)), put(np.sin(angle))
    with open(os.path.join(folder("llama2c"), "tokenizer.bin"), "wb") as f:
        f.write(struct.pack("<I", max(len(p.encode()) for p in pieces)))
        for i, piece in enumerate(pieces):
            f.write(struct.pack("<fI", -float(len(pieces) - i) if i > 258 else 0.0, len(piece.encode())) + piece.encode())
    reference(folder("llama2c"), model, 52)


llama_gguf()
nanogpt()
llama2c()
