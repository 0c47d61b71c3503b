// SPDX-License-Identifier: MIT
#include <limits>

#include "core/models/attention.h"
#include "core/models/torch_ops.h"

namespace orrery::models {

using hooks::HookKind;

void RopeTable::reserve(std::int64_t positions) {
  if (m_cos.defined() && m_cos.size(0) >= positions) return;
  const auto half = static_cast<std::int64_t>(m_frequencies.frequency.size());
  const std::int64_t rows = m_cos.defined() ? std::max(positions, 2 * m_cos.size(0)) : positions;
  const at::Tensor frequency = at::tensor(at::ArrayRef<double>(m_frequencies.frequency), at::kDouble).view({1, half});
  const at::Tensor angle = at::arange(rows, at::kDouble).view({rows, 1}) * frequency; // [rows, half]
  m_cos = (angle.cos() * m_frequencies.scale).to(m_dtype);
  m_sin = (angle.sin() * m_frequencies.scale).to(m_dtype);
}

// Pairs (i, i + dims / 2) of the first `dims` of a head turn by position * frequency[i].
at::Tensor DenseAttention::rotate(const at::Tensor& x) {
  const std::int64_t time = x.size(1), half = m_config.rope.dims / 2, rest = x.size(3) - 2 * half;
  m_rope.reserve(time);
  const at::Tensor cos = m_rope.cos().narrow(0, 0, time).view({1, time, 1, half}).to(x.device());
  const at::Tensor sin = m_rope.sin().narrow(0, 0, time).view({1, time, 1, half}).to(x.device());
  const at::Tensor a = x.narrow(3, 0, half), b = x.narrow(3, half, half); // [B, T, N, half]
  return at::cat({a * cos - b * sin, b * cos + a * sin, x.narrow(3, 2 * half, rest)}, 3);
}

at::Tensor DenseAttention::attend(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                  const Taps& taps) {
  const std::int64_t time = q.size(1), group = m_config.heads / m_config.kvHeads;
  at::Tensor rotQ = q, rotK = k;
  if (m_config.position == PositionKind::Rope) {
    rotQ = taps.tap(HookKind::RotQ, layer, rotate(q)); // [B, T, H, Dh]
    rotK = taps.tap(HookKind::RotK, layer, rotate(k)); // [B, T, G, Dh]
  }
  const at::Tensor keys = rotK.transpose(1, 2).repeat_interleave(group, 1);   // [B, H, T, Dh]
  const at::Tensor values = v.transpose(1, 2).repeat_interleave(group, 1);    // [B, H, T, Dh]
  at::Tensor scores = at::matmul(rotQ.transpose(1, 2), keys.transpose(2, 3)); // [B, H, Tq, Tk]
  scores = scores * m_config.attentionScale(layer);
  if (m_config.softcap > 0) scores = at::tanh(scores / m_config.softcap) * m_config.softcap;
  const at::Tensor ones = at::ones({time, time}, q.options().dtype(at::kBool).requires_grad(false));
  at::Tensor masked = at::triu(ones, 1); // [Tq, Tk] true where key > query
  const std::int64_t window = m_config.attentionWindow(layer);
  if (window > 0) masked = masked.logical_or(at::triu(ones, 1 - window).logical_not());
  scores = scores.masked_fill(masked, -std::numeric_limits<double>::infinity());
  scores = taps.tap(HookKind::AttnScores, layer, scores);
  at::Tensor pattern = at::softmax(scores, -1);                                  // [B, H, Tq, Tk]
  if (taps.active(HookKind::AttnScores, layer)) pattern = pattern.nan_to_num(0); // a row of -inf only
  pattern = taps.tap(HookKind::Pattern, layer, pattern);
  return at::matmul(pattern, values).transpose(1, 2); // [B, T, H, Dh]
}

} // namespace orrery::models
