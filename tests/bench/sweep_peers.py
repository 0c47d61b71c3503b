# SPDX-License-Identifier: MIT
"""What a user would run instead of `orrery sweep`: many tiny models trained at once by JAX (vmap + jit) or PyTorch
(batched, with and without torch.compile). One measurement a process.
usage: sweep_peers.py {tanh,d16,d64} {jax,torch,torch-compile} [--threads N] [--models M] [--seconds S] -> one JSON object"""
import argparse
import json
import math
import os
import time

SHAPES = {"d16": (16, 1, 2, 16, 16, 32, 22), "d64": (64, 2, 2, 64, 32, 128, 22)}  # d, layers, heads, T, batch, ffn, V


def names(layers):
    out = ["embedding"]
    for l in range(layers):
        out += [f"{l}.{n}" for n in ("ln1.s", "ln1.b", "q", "k", "v", "o", "ln2.s", "ln2.b", "w1", "b1", "w2", "b2")]
    return out + ["ln.s", "ln.b", "out.w", "out.b"]


def shape_of(name, d, ffn, V):
    last = name.split(".", 1)[-1] if name[0].isdigit() else name
    return {"embedding": (V, d), "w1": (d, ffn), "b1": (ffn,), "w2": (ffn, d), "b2": (d,), "out.w": (d, V), "out.b": (V,)}.get(
        last, (d,) if "ln" in last else (d, d))


def rate(step, steps_models, seconds):
    step()
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        step()
        done += steps_models
    return done / (time.perf_counter() - start)


def jax_tanh(models, seconds):
    import jax
    import jax.numpy as jnp
    jax.config.update("jax_enable_x64", True)
    k = jax.random.split(jax.random.PRNGKey(0), 4)
    x, y = jax.random.normal(k[0], (272, 16)), jax.random.normal(k[1], (272, 1))
    w = (jax.random.normal(k[2], (16, 16)), jax.random.normal(k[3], (1, 16)))

    def loss(w):
        h = jnp.tanh(math.sqrt(2) * (x @ w[0].T / 4))
        return jnp.mean((h @ w[1].T / 16 - y) ** 2)

    def run(w, lr):
        def step(w, _):
            l, g = jax.value_and_grad(loss)(w)
            return jax.tree.map(lambda a, b: a - lr * b, w, g), l
        return jax.lax.scan(step, w, None, length=20)

    f = jax.jit(jax.vmap(run, in_axes=(0, 0)))
    state = [jax.tree.map(lambda a: jnp.broadcast_to(a, (models,) + a.shape), w)]
    lr = jnp.full(models, 0.1)

    def go():
        state[0] = jax.block_until_ready(f(state[0], lr))[0]
    return rate(go, 20 * models, seconds)


def torch_tanh(models, seconds, compiled):
    """All first layers side by side in one matrix: faster than a batched product with shared data."""
    import torch
    torch.set_default_dtype(torch.float64)
    x, y = torch.randn(272, 16), torch.randn(272, 1)
    w = [torch.randn(16, 16 * models), torch.randn(1, 16 * models)]
    lr = torch.full((models,), 0.1).repeat_interleave(16)

    def step(w0, w1):
        h = torch.tanh((math.sqrt(2) / 4) * (x @ w0))
        e = (h * w1).view(272, models, 16).sum(2) / 16 - y
        q = (e * (2 / (272 * 16))).repeat_interleave(16, 1)
        g0 = (math.sqrt(2) / 4) * (x.T @ ((1 - h * h) * q * w1))
        return w0 - lr * g0, w1 - lr * (h * q).sum(0), (e * e).mean(0)

    f = torch.compile(step) if compiled else step

    def go():
        with torch.no_grad():
            w[0], w[1], _ = f(w[0], w[1])
    return rate(go, models, seconds)


def loss_of(lib, p, x_ids, y_ids, pe, layers, heads):
    """M models, or one inside vmap; lib: functions that both libraries have under different names."""
    d = pe.shape[-1]
    e = d // heads

    def norm(x, n):
        c = x - lib["mean"](x)
        return c / lib["sqrt"](lib["mean"](c * c) + 1e-6) * lib["wide"](p[n + ".s"]) + lib["wide"](p[n + ".b"])

    x = lib["embed"](p["embedding"], x_ids) + pe
    for l in range(layers):
        h = norm(x, f"{l}.ln1")
        a = lib["attend"](*(lib["dot"](h, p[f"{l}.{n}"]) for n in "qkv"), heads, e)
        x = x + lib["dot"](a, p[f"{l}.o"])
        h = lib["relu"](lib["dot"](norm(x, f"{l}.ln2"), p[f"{l}.w1"]) + lib["wide"](p[f"{l}.b1"]))
        x = x + lib["dot"](h, p[f"{l}.w2"]) + lib["wide"](p[f"{l}.b2"])
    return lib["entropy"](lib["dot"](norm(x, "ln"), p["out.w"]) + lib["wide"](p["out.b"]), y_ids)


def jax_transformer(shape, models, seconds):
    import jax
    import jax.numpy as jnp
    d, layers, heads, T, B, ffn, V = shape
    mask = jnp.tril(jnp.ones((T, T), bool))

    def attend(q, k, v, heads, e):
        q, k, v = (z.reshape(B, T, heads, e) for z in (q, k, v))
        s = jnp.where(mask, jnp.einsum("bqhe,bkhe->bhqk", q, k) / e ** 0.5, -jnp.inf)
        return jnp.einsum("bhqk,bkhe->bqhe", jax.nn.softmax(s, -1), v).reshape(B, T, d)

    lib = {"mean": lambda x: x.mean(-1, keepdims=True), "sqrt": jnp.sqrt, "wide": lambda x: x, "embed": lambda e, i: e[i],
           "attend": attend, "dot": lambda a, b: a @ b, "relu": jax.nn.relu,
           "entropy": lambda z, y: jnp.mean(jax.nn.logsumexp(z, -1) - jnp.take_along_axis(z, y[..., None], -1)[..., 0])}
    key = jax.random.PRNGKey(0)
    p = {n: 0.2 * jax.random.normal(jax.random.fold_in(key, i), shape_of(n, d, ffn, V)) for i, n in enumerate(names(layers))}
    ids, pe = jax.random.randint(key, (B, T + 1), 0, V), jax.random.normal(key, (T, d))

    def step(p, m, v, t):
        g = jax.grad(lambda p: loss_of(lib, p, ids[:, :-1], ids[:, 1:], pe, layers, heads))(p)
        m = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, m, g)
        v = jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)
        u = jax.tree.map(lambda a, b: a / (1 - 0.9 ** t) / (jnp.sqrt(b / (1 - 0.999 ** t)) + 1e-8), m, v)
        return jax.tree.map(lambda a, b: a - 0.003 * b, p, u), m, v

    f = jax.jit(jax.vmap(step, in_axes=(0, 0, 0, None)))
    p = jax.tree.map(lambda a: jnp.broadcast_to(a, (models,) + a.shape), p)
    zero = jax.tree.map(jnp.zeros_like, p)
    state = [(p, zero, zero)]

    def go():
        state[0] = jax.block_until_ready(f(*state[0], 10.0))
    return rate(go, models, seconds)


def torch_transformer(shape, models, seconds, compiled):
    import torch
    d, layers, heads, T, B, ffn, V = shape
    M = models
    hidden = torch.triu(torch.ones(T, T, dtype=torch.bool), 1)

    def attend(q, k, v, heads, e):
        q, k, v = (z.view(M, B, T, heads, e).transpose(2, 3) for z in (q, k, v))
        s = ((q / e ** 0.5) @ k.transpose(-1, -2)).masked_fill(hidden, -torch.inf)
        return (torch.softmax(s, -1) @ v).transpose(2, 3).reshape(M, B * T, d)

    lib = {"mean": lambda x: x.mean(-1, keepdim=True), "sqrt": torch.sqrt, "wide": lambda x: x[:, None],
           "embed": lambda e, i: e[:, i].reshape(M, B * T, d), "attend": attend, "dot": torch.bmm, "relu": torch.relu,
           "entropy": lambda z, y: -torch.log_softmax(z, -1).gather(2, y.reshape(1, -1, 1).expand(M, -1, 1)).mean((1, 2)).sum()}
    ids, pe = torch.randint(0, V, (B, T + 1)), torch.randn(T, d).repeat(B, 1)
    p = {n: (0.2 * torch.randn(shape_of(n, d, ffn, V))).expand(M, *shape_of(n, d, ffn, V)).clone().requires_grad_()
         for n in names(layers)}
    m, v = ({n: torch.zeros_like(a) for n, a in p.items()} for _ in "mv")
    loss = lambda p: loss_of(lib, p, ids[:, :-1], ids[:, 1:], pe, layers, heads)
    loss = torch.compile(loss) if compiled else loss

    def update():
        for n, a in p.items():
            m[n].mul_(0.9).add_(a.grad, alpha=0.1)
            v[n].mul_(0.999).addcmul_(a.grad, a.grad, value=0.001)
            a.sub_(0.003 * (m[n] / 0.65) / (torch.sqrt(v[n] / 0.01) + 1e-8))
    update = torch.compile(update) if compiled else update

    def go():
        for a in p.values():
            a.grad = None
        loss(p).backward()
        with torch.no_grad():
            update()
    return rate(go, models, seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=["tanh", "d16", "d64"])
    parser.add_argument("peer", choices=["jax", "torch", "torch-compile"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--models", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3)
    a = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(a.threads)
    models = a.models or {"tanh": 256, "d16": 24, "d64": 2}[a.model]
    if a.peer == "jax":
        result = jax_tanh(models, a.seconds) if a.model == "tanh" else jax_transformer(SHAPES[a.model], models, a.seconds)
    else:
        import torch
        torch.set_num_threads(a.threads)
        compiled = a.peer == "torch-compile"
        result = (torch_tanh(models, a.seconds, compiled) if a.model == "tanh" else
                  torch_transformer(SHAPES[a.model], models, a.seconds, compiled))
    print(json.dumps({"model_steps_per_second": result, "models": models}))
