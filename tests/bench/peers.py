# SPDX-License-Identifier: MIT
"""What a user would run instead: transformers on the same shapes, threads and machine. One measurement per process, so
that peak memory means something.   usage: peers.py {decode,attention,sdpa} [--tokens N] [--threads N]
[--checkpoint C] -> one JSON object"""
import argparse
import json
import os
import resource
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers

transformers.utils.logging.set_verbosity_error()


PROMPT = list(range(300, 332))  # ids that every vocabulary of some size has; compare.py gives them to Orrery too


def llama_135m():
    """The shape of SmolLM2-135M."""
    config = transformers.LlamaConfig(
        vocab_size=49152, hidden_size=576, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3,
        intermediate_size=1536, max_position_embeddings=8192, tie_word_embeddings=True)
    return transformers.LlamaForCausalLM(config).eval()


def gpt2_small(tokens, attention):
    config = transformers.GPT2Config(n_positions=tokens, attn_implementation=attention)
    return transformers.GPT2LMHeadModel(config).eval()


def checkpoint(path):
    """The same weights in float32: a HF folder, or a GGUF file whose tensors transformers dequantises."""
    folder, name = os.path.split(os.path.abspath(path))
    where = (folder, {"gguf_file": name}) if path.endswith(".gguf") else (path, {})
    return transformers.AutoModelForCausalLM.from_pretrained(where[0], dtype=torch.float32, **where[1]).eval()


def decode(tokens, path=None):
    model = checkpoint(path) if path else llama_135m()
    prompt = torch.tensor([PROMPT]) if path else torch.randint(3, 49152, (1, 32))
    options = dict(do_sample=False, eos_token_id=None, pad_token_id=0)
    model.generate(prompt, max_new_tokens=4, min_new_tokens=4, **options)
    start = time.perf_counter()
    model.generate(prompt, max_new_tokens=tokens, min_new_tokens=tokens, **options)
    seconds = time.perf_counter() - start
    written = model.generate(prompt, max_new_tokens=tokens, **options)[0, prompt.shape[1]:].tolist() if path else []
    return {"tokens_per_second": tokens / seconds, "generated": written}


def sdpa(tokens):
    """Forward pass without capture, last logits only."""
    model = gpt2_small(tokens, "sdpa")
    ids = torch.randint(3, 50257, (1, tokens))
    model(ids[:, :512], use_cache=False, logits_to_keep=1)
    start = time.perf_counter()
    model(ids, use_cache=False, logits_to_keep=1)
    return {"T": tokens, "seconds": time.perf_counter() - start}


def attention(tokens):
    model = gpt2_small(tokens, "eager")
    ids = torch.randint(3, 50257, (1, tokens))
    model(ids[:, :64], output_attentions=True)
    start = time.perf_counter()
    model(ids, output_attentions=True, use_cache=False, logits_to_keep=1)
    return {"T": tokens, "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["decode", "attention", "sdpa"])
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checkpoint", help="decode: these weights instead of random ones")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    with torch.inference_mode():
        if arguments.checkpoint:
            result = decode(arguments.tokens, arguments.checkpoint)
        else:
            result = {"decode": decode, "attention": attention, "sdpa": sdpa}[arguments.what](arguments.tokens)
    result["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(result))
