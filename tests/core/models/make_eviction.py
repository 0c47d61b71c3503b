# SPDX-License-Identifier: MIT
"""Writes eviction.json into the given checkpoint folders of data/: KL and missing attention of caches that forget, by
transformers in float64 with an attention of its own that walks token by token (rules: core/hooks/eviction.h).
Usage: make_eviction.py FOLDER..."""
import json, sys
import torch
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

state = {}


def victim(policy, budget, entries, norms, mass):
    if policy == "window":
        return entries[0]
    if policy == "sink-window":
        return [j for j in entries if j >= min(4, budget - 1)][0]
    if policy == "heavy-hitter":
        recent = budget - budget // 2
        old = entries[: len(entries) - (recent - 1)]
        low = min(mass[j] for j in old)
        return [j for j in old if mass[j] <= low * (1 + 1e-6)][0]
    high = max(norms[j] for j in entries)
    return [j for j in entries if norms[j] >= high * (1 - 1e-6)][0]


def attend(module, query, key, value, attention_mask, scaling=None, dropout=0.0, sliding_window=None, **kwargs):
    heads, time = query.shape[1], query.shape[2]
    groups = key.shape[1]
    share = heads // groups
    out = torch.zeros_like(query)
    full = torch.zeros(heads, time, time, dtype=query.dtype)
    policy, budget, dropped = state["cache"]
    gone_mass = torch.zeros(heads, time, dtype=query.dtype)
    for g in range(groups):
        entries, gone, mass = [], [], {}
        norms = key[0, g].norm(dim=-1).tolist()
        for t in range(time):
            if sliding_window:
                entries = [j for j in entries if j > t - sliding_window]
            if policy == "own":
                gone += [j for j in entries if j in dropped]
                entries = [j for j in entries if j not in dropped]
            elif policy:
                while len(entries) >= budget:
                    gone.append(victim(policy, budget, entries, norms, mass))
                    entries.remove(gone[-1])
            entries.append(t)
            mass[t] = 0.0
            for h in range(g * share, (g + 1) * share):
                p = torch.softmax(query[0, h, t] @ key[0, g, entries].T * scaling, -1)
                out[0, h, t] = p @ value[0, g, entries]
                full[h, t, entries] = p
                for j, x in zip(entries, p.tolist()):
                    mass[j] += x
                if policy:
                    gone_mass[h, t] = state["full"][module.layer_idx][h, t, gone].sum()
    if policy:
        state["missing"].append(gone_mass)
    else:
        state["full"][module.layer_idx] = full
    return out.transpose(1, 2), None


ALL_ATTENTION_FUNCTIONS.register("orrery_evict", attend)
for folder in sys.argv[1:]:
    config = AutoConfig.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="orrery_evict").double().eval()
    random = torch.Generator().manual_seed(11)
    tokens = torch.randint(0, config.vocab_size, (1, 20), generator=random)
    tokens[0, 12:16] = tokens[0, 3:7]
    state["full"], state["cache"] = {}, ("", 0, [])
    with torch.no_grad():
        reference = torch.log_softmax(model(tokens).logits[0], -1)
    results = []
    for cache in [(p, b, []) for p in ("window", "sink-window", "heavy-hitter", "key-norm") for b in (1, 3, 6, 10)] + [("own", 0, [0, 4, 9])]:
        state["cache"], state["missing"] = cache, []
        with torch.no_grad():
            logits = torch.log_softmax(model(tokens).logits[0], -1)
        kl = (reference.exp() * (reference - logits)).sum(-1)
        results.append({"policy": cache[0], "budget": cache[1], "dropped": cache[2], "kl": kl.tolist(),
                        "missing": torch.stack(state["missing"]).mean((0, 1)).tolist()})
    json.dump({"tokens": tokens[0].tolist(), "results": results}, open(folder + "/eviction.json", "w"))
