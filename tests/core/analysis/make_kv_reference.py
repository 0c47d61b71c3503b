# SPDX-License-Identifier: MIT
"""Writes kv_reference.json: rows, and what numpy says of them (direct SVD, norms, cosines). Usage: make_kv_reference.py OUT.json"""
import json, sys
import numpy as np

random = np.random.default_rng(5)
cases = []
for n, d in [(40, 12), (7, 12), (1, 4), (30, 1)]:
    x = random.standard_normal((n, d)) * np.exp(random.standard_normal(d)) + 3 * random.standard_normal(d)
    centred = x - x.mean(0)
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    k = min(2, n, d)
    signs = np.array([np.sign(row[np.argmax(np.abs(row))]) or 1 for row in vt[:k]])
    components = vt[:k] * signs[:, None]
    norms = np.linalg.norm(x, axis=1)
    rms = np.sqrt((x**2).mean(0))
    cases.append({
        "n": n, "d": d, "rows": x.ravel().tolist(), "norms": norms.tolist(),
        "cosines": (x @ x.T / norms[:, None] / norms[None]).ravel().tolist(),
        "channel_rms": rms.tolist(), "outliers": (rms / np.median(rms)).tolist(),
        "components": components.ravel().tolist(), "scores": (centred @ components.T).ravel().tolist(),
        "variance": (s[:k] ** 2 / n).tolist(), "total": float((centred**2).sum() / n),
        "rank_determined": [bool(s[i] > 1e-9) for i in range(k)]})


def stored(x, bits, group):
    n, d = x.shape
    out = x.copy()
    most = 2 ** (bits - 1) - 1
    for begin in range(0, d, group or d):
        part = x[:, begin:begin + (group or d)]
        scale = (np.abs(part).max(1, keepdims=True) / most).astype(np.float16).astype(np.float64)
        q = np.clip(np.where(scale > 0, np.trunc(part / np.where(scale > 0, scale, 1) + np.copysign(0.5, part)), 0), -most, most)
        out[:, begin:begin + (group or d)] = q * scale
    return out


x = random.standard_normal((9, 70)) * 3
formats = [{"bits": b, "group": g, "rows": stored(x, b, g).ravel().tolist(),
            "error": float(np.linalg.norm(stored(x, b, g) - x) / np.linalg.norm(x))}
           for b, g in [(8, 0), (8, 32), (4, 0), (4, 32)]]
json.dump({"cases": cases, "stored": {"n": 9, "d": 70, "rows": x.ravel().tolist(), "formats": formats}}, open(sys.argv[1], "w"))
