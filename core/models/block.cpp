// SPDX-License-Identifier: MIT
// One decoder block, pre-norm: x += attention(norm(x)); x += mlp(norm(x)).
// Radford et al. 2019 (GPT-2); Touvron et al. 2023, arXiv 2302.13971 (Llama); with both reading the same x: Black et
// al. 2022, arXiv 2204.06745 (GPT-NeoX); with norms behind both too: arXiv 2408.00118 (Gemma 2).
#include "core/models/block.h"

#include "core/models/torch_ops.h"

namespace orrery::models {
namespace {

using hooks::HookKind;

// [.., D] -> [.., D]; both hook points of the norm
at::Tensor norm(const Pass& pass, const NormWeights& weights, HookKind scaleHook, HookKind normalizedHook, int layer,
                const at::Tensor& x) {
  const Taps& taps = pass.taps;
  const ModelConfig& config = pass.config;
  if (pass.ops.fused && !taps.edited(scaleHook, layer) && !taps.edited(normalizedHook, layer)) {
    const bool parts = taps.wanted(scaleHook, layer) || taps.wanted(normalizedHook, layer);
    const Normed normed = fusedNorm(x, weights, config.norm, config.normEps, parts);
    taps.capture(scaleHook, layer, normed.scale);
    taps.capture(normalizedHook, layer, normed.normalized);
    return normed.out;
  }
  const at::Tensor centred = config.norm == NormKind::Rms ? x : x - x.mean(-1, true);
  const at::Tensor scale = taps.tap(scaleHook, layer, (centred.square().mean(-1, true) + config.normEps).sqrt());
  const at::Tensor normalized = taps.tap(normalizedHook, layer, centred / scale);
  const at::Tensor weighted = normalized * weights.weight;
  return weights.bias.defined() ? weighted + weights.bias : weighted;
}

struct Projected {
  at::Tensor q; // [B, T, H, Dh]
  at::Tensor k; // [B, T, G, Dh]
  at::Tensor v; // [B, T, G, Dh]
};

Projected split(const ModelConfig& c, const at::Tensor& qkv) { // [B, T, (H + 2 G) Dh]
  const std::int64_t b = qkv.size(0), t = qkv.size(1), q = c.heads * c.headDim, kv = c.kvHeads * c.headDim;
  return {qkv.narrow(2, 0, q).view({b, t, c.heads, c.headDim}), qkv.narrow(2, q, kv).view({b, t, c.kvHeads, c.headDim}),
          qkv.narrow(2, q + kv, kv).view({b, t, c.kvHeads, c.headDim})};
}

// Each head reads a residual stream of its own: x [B, T, N, D] times its rows of the matrix -> [B, T, N, Dh].
at::Tensor projectPerHead(const Pass& pass, const Linear& qkv, std::int64_t firstRow, const at::Tensor& x) {
  const std::int64_t heads = x.size(2), dh = pass.config.headDim, d = pass.config.model;
  const at::Tensor w = qkv.weight.narrow(0, firstRow, heads * dh).view({heads, dh, d});
  const at::Tensor out = at::matmul(x.unsqueeze(3), w.transpose(1, 2)).squeeze(3); // [B, T, N, Dh]
  return qkv.bias.defined() ? out + qkv.bias.narrow(0, firstRow, heads * dh).view({heads, dh}) : out;
}

// The rare way, when an edit makes the heads' inputs differ. Heads of one key/value head share the input of their
// first.
Projected projectEdited(const Pass& pass, int layer, const BlockWeights& w, const at::Tensor& x) {
  const ModelConfig& c = pass.config;
  const Taps& taps = pass.taps;
  const std::int64_t b = x.size(0), t = x.size(1), d = c.model, group = c.heads / c.kvHeads;
  const at::Tensor in = taps.tap(HookKind::AttnIn, layer, x.unsqueeze(2).expand({b, t, c.heads, d}));
  const at::Tensor shared = in.view({b, t, c.kvHeads, group, d}).select(3, 0); // [B, T, G, D]
  const at::Tensor inputs[] = {taps.tap(HookKind::QInput, layer, in), taps.tap(HookKind::KInput, layer, shared),
                               taps.tap(HookKind::VInput, layer, shared)};
  const std::int64_t rows[] = {0, c.heads * c.headDim, (c.heads + c.kvHeads) * c.headDim};
  at::Tensor made[3];
  // the norm's hook points show the residual stream that all heads share
  norm(pass, w.ln1, HookKind::Ln1Scale, HookKind::Ln1Normalized, layer, x);
  Taps editsOnly = taps;
  editsOnly.silence();
  const Pass quiet{c, pass.weights, pass.attention, editsOnly, Ops{false}, pass.begin};
  for (int i = 0; i < 3; ++i) {
    const at::Tensor perHead = inputs[i].transpose(1, 2).reshape({-1, t, d}); // heads as batch, so edits find T
    const at::Tensor normed = norm(quiet, w.ln1, HookKind::Ln1Scale, HookKind::Ln1Normalized, layer, perHead);
    made[i] = projectPerHead(pass, w.qkv, rows[i], normed.view({b, -1, t, d}).transpose(1, 2));
  }
  return {made[0], made[1], made[2]};
}

Projected project(const Pass& pass, int layer, const BlockWeights& w, const at::Tensor& x) {
  const ModelConfig& c = pass.config;
  const Taps& taps = pass.taps;
  for (const HookKind kind : {HookKind::AttnIn, HookKind::QInput, HookKind::KInput, HookKind::VInput})
    if (taps.edited(kind, layer)) return projectEdited(pass, layer, w, x);
  const auto perHead = [&](HookKind kind, std::int64_t heads) {
    if (taps.wanted(kind, layer))
      taps.capture(kind, layer, x.unsqueeze(2).expand({x.size(0), x.size(1), heads, c.model}));
  };
  perHead(HookKind::AttnIn, c.heads);
  perHead(HookKind::QInput, c.heads);
  perHead(HookKind::KInput, c.kvHeads);
  perHead(HookKind::VInput, c.kvHeads);
  const at::Tensor normed = norm(pass, w.ln1, HookKind::Ln1Scale, HookKind::Ln1Normalized, layer, x);
  return split(c, pass.ops.linear(normed, w.qkv));
}

// What every head writes: z_h W_O,h. [B, T, H, D]
at::Tensor perHeadResult(const Pass& pass, const BlockWeights& w, const at::Tensor& z) {
  const std::int64_t heads = z.size(2), dh = z.size(3);
  const at::Tensor perHead = w.out.weight.view({-1, heads, dh}).permute({1, 2, 0}); // [H, Dh, D]
  return at::matmul(z.unsqueeze(3), perHead).squeeze(3).reshape({z.size(0), z.size(1), heads, pass.config.model});
}

// z [B, T, H, Dh] -> [B, T, D]
at::Tensor writeOut(const Pass& pass, int layer, const BlockWeights& w, const at::Tensor& z) {
  if (pass.taps.active(HookKind::Result, layer)) {
    const at::Tensor result = pass.taps.tap(HookKind::Result, layer, perHeadResult(pass, w, z));
    if (pass.taps.edited(HookKind::Result, layer)) {
      const at::Tensor sum = result.sum(2);
      return w.out.bias.defined() ? sum + w.out.bias : sum;
    }
  }
  return pass.ops.linear(z.reshape({z.size(0), z.size(1), -1}), w.out);
}

// The MLP of expert e on the rows [n, D] sent to it. [n, D]
at::Tensor expert(const Pass& pass, const BlockWeights& w, std::int64_t e, const at::Tensor& rows) {
  const ModelConfig& c = pass.config;
  const at::Tensor in = pass.ops.linear(rows, w.in.weight.narrow(0, e * 2 * c.mlp, 2 * c.mlp), at::Tensor());
  const at::Tensor post = pass.ops.gate(c.activation, in.narrow(1, 0, c.mlp), in.narrow(1, c.mlp, c.mlp)); // [n, F]
  return pass.ops.linear(post, w.down.weight.narrow(0, e * c.model, c.model), at::Tensor());
}

void checkExperts(const Taps& taps, int layer, const at::Tensor& indices, std::int64_t experts) {
  if (!taps.edited(HookKind::ExpertIndices, layer)) return;
  if (indices.min().item<std::int64_t>() < 0 || indices.max().item<std::int64_t>() >= experts)
    throw PassError{badInput("edit at " + hooks::hookName({HookKind::ExpertIndices, layer}) +
                             ": an expert lies outside [0, " + std::to_string(experts) + ")")};
}

// Every token goes through the experts with the largest router scores, weighed by their softmax among themselves
// (Jiang et al. 2024, arXiv 2401.04088). normed [B, T, D] -> [B, T, D]
at::Tensor mixture(const Pass& pass, int layer, const BlockWeights& w, const at::Tensor& normed) {
  const ModelConfig& c = pass.config;
  const at::Tensor probability = at::softmax(pass.ops.linear(normed, w.router), -1); // [B, T, experts]
  const auto [best, which] = at::topk(probability, c.expertsPerToken, -1);           // [B, T, E]
  const at::Tensor weights = pass.taps.tap(HookKind::ExpertWeights, layer, best / best.sum(-1, true));
  const at::Tensor indices = pass.taps.tap(HookKind::ExpertIndices, layer, which);
  checkExperts(pass.taps, layer, indices, c.experts);
  const at::Tensor rows = normed.reshape({-1, c.model}), flat = indices.reshape({-1, c.expertsPerToken});
  const at::Tensor share = weights.reshape({-1, c.expertsPerToken});
  at::Tensor out = at::zeros(rows.sizes(), rows.options());
  for (std::int64_t e = 0; e < c.experts; ++e) {
    const at::Tensor mine = flat == e; // [n, E]
    const at::Tensor token = at::nonzero(mine.any(1)).select(1, 0);
    if (token.size(0) == 0) continue;
    const at::Tensor scale = (share * mine).sum(1).index_select(0, token).unsqueeze(1); // [n, 1]
    out.index_add_(0, token, expert(pass, w, e, rows.index_select(0, token)) * scale);
  }
  return out.view(normed.sizes());
}

// Queries or keys [B, T, N, Dh] through their norm, if the model has one.
at::Tensor normedHeads(const Pass& pass, const NormWeights& weights, HookKind scale, HookKind normalized, HookKind out,
                       int layer, const at::Tensor& x) {
  if (!pass.config.qkNorm) return x;
  return pass.taps.tap(out, layer, norm(pass, weights, scale, normalized, layer, x));
}

// What the MLP reads, [B, T, D]. A norm shared with attention has shown its hook points there already.
at::Tensor mlpInput(const Pass& pass, int layer, const BlockWeights& w, const at::Tensor& x) {
  if (!pass.config.sharedNorm) return norm(pass, w.ln2, HookKind::Ln2Scale, HookKind::Ln2Normalized, layer, x);
  Taps editsOnly = pass.taps;
  editsOnly.silence();
  const Pass quiet{pass.config, pass.weights, pass.attention, editsOnly, pass.ops, pass.begin};
  return norm(quiet, w.ln1, HookKind::Ln1Scale, HookKind::Ln1Normalized, layer, x);
}

// [B, T, D] -> [B, T, D]
at::Tensor mlp(const Pass& pass, int layer, const BlockWeights& w, const at::Tensor& x) {
  const ModelConfig& c = pass.config;
  const Taps& taps = pass.taps;
  const at::Tensor normed = mlpInput(pass, layer, w, x);
  if (c.experts > 0) return mixture(pass, layer, w, normed);
  const at::Tensor in = pass.ops.linear(normed, w.in); // [B, T, F] or [B, T, 2 F]
  at::Tensor post;                                     // [B, T, F]
  if (c.gated) {
    const at::Tensor gate = taps.tap(HookKind::MlpPre, layer, in.narrow(2, 0, c.mlp));
    const at::Tensor up = taps.tap(HookKind::MlpPreLinear, layer, in.narrow(2, c.mlp, c.mlp));
    post = pass.ops.gate(c.activation, gate, up);
  } else {
    post = pass.ops.activate(c.activation, taps.tap(HookKind::MlpPre, layer, in));
  }
  return pass.ops.linear(taps.tap(HookKind::MlpPost, layer, post), w.down);
}

} // namespace

at::Tensor embed(const Pass& pass, at::Tensor tokens) {
  const std::int64_t time = tokens.size(1);
  const at::Tensor ids = pass.taps.tap(HookKind::Tokens, -1, tokens);
  if (pass.taps.edited(HookKind::Tokens, -1) &&
      (ids.min().item<std::int64_t>() < 0 || ids.max().item<std::int64_t>() >= pass.config.vocab))
    throw PassError{
        badInput("edit at hook_tokens: a token id lies outside [0, " + std::to_string(pass.config.vocab) + ")")};
  at::Tensor rowsOfIds = at::embedding(pass.weights.embed, ids); // [B, T, D]
  if (pass.config.embedScale != 1) rowsOfIds = rowsOfIds * pass.config.embedScale;
  const at::Tensor x = pass.taps.tap(HookKind::Embed, -1, rowsOfIds);
  if (pass.config.position == PositionKind::Rope) return x;
  const at::Tensor rows = pass.weights.position.narrow(0, pass.begin, time).unsqueeze(0); // [1, T, D]
  return x + pass.taps.tap(HookKind::PosEmbed, -1, rows);
}

namespace {

// What attention adds to the residual stream x. [B, T, D]
at::Tensor attentionOut(const Pass& pass, int layer, const BlockWeights& w, const at::Tensor& x) {
  const Taps& taps = pass.taps;
  const Projected p = project(pass, layer, w, x);
  const at::Tensor q = normedHeads(pass, w.qNorm, HookKind::QNormScale, HookKind::QNormNormalized, HookKind::QNormed,
                                   layer, taps.tap(HookKind::Q, layer, p.q)); // [B, T, H, Dh]
  const at::Tensor k = normedHeads(pass, w.kNorm, HookKind::KNormScale, HookKind::KNormNormalized, HookKind::KNormed,
                                   layer, taps.tap(HookKind::K, layer, p.k));                     // [B, T, G, Dh]
  const at::Tensor v = taps.tap(HookKind::V, layer, p.v);                                         // [B, T, G, Dh]
  const at::Tensor z = taps.tap(HookKind::Z, layer, pass.attention.attend(layer, q, k, v, taps)); // [B, T, H, Dh]
  at::Tensor out = writeOut(pass, layer, w, z);                                                   // [B, T, D]
  if (pass.config.postNorms)
    out = norm(pass, w.ln1Post, HookKind::Ln1PostScale, HookKind::Ln1PostNormalized, layer, out);
  return taps.tap(HookKind::AttnOut, layer, out);
}

// What the MLP adds to the residual stream x. [B, T, D]
at::Tensor mlpOut(const Pass& pass, int layer, const BlockWeights& w, const at::Tensor& x) {
  at::Tensor out = mlp(pass, layer, w, pass.taps.tap(HookKind::MlpIn, layer, x));
  if (pass.config.postNorms)
    out = norm(pass, w.ln2Post, HookKind::Ln2PostScale, HookKind::Ln2PostNormalized, layer, out);
  return pass.taps.tap(HookKind::MlpOut, layer, out);
}

} // namespace

at::Tensor block(const Pass& pass, int layer, at::Tensor x) {
  const BlockWeights& w = pass.weights.blocks[static_cast<std::size_t>(layer)];
  const Taps& taps = pass.taps;
  x = taps.tap(HookKind::ResidPre, layer, x); // [B, T, D]
  const at::Tensor attention = attentionOut(pass, layer, w, x);
  if (pass.config.parallel) {
    x = mlpOut(pass, layer, w, x) + attention + x;
  } else {
    x = taps.tap(HookKind::ResidMid, layer, x + attention);
    x = x + mlpOut(pass, layer, w, x);
  }
  return taps.tap(HookKind::ResidPost, layer, x);
}

at::Tensor finalNorm(const Pass& pass, const at::Tensor& x) {
  const at::Tensor normed =
      norm(pass, pass.weights.finalNorm, HookKind::LnFinalScale, HookKind::LnFinalNormalized, -1, x);
  return pass.taps.tap(HookKind::UnembedIn, -1, normed);
}

at::Tensor unembed(const Ops& ops, const Weights& weights, const at::Tensor& x) {
  return ops.linear(x, weights.unembed, weights.unembedBias);
}

at::Tensor softcapped(const ModelConfig& config, const at::Tensor& logits) {
  const double cap = config.finalSoftcap;
  return cap > 0 ? at::tanh(logits / cap) * cap : logits;
}

} // namespace orrery::models
