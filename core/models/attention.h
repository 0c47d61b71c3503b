// SPDX-License-Identifier: MIT
// Attention of one layer, from projected q, k, v to z. Two implementations: CachedAttention (CPU, row blocks, KV cache,
// captures) and DenseAttention (plain libtorch: differentiable, its naive twin).
#pragma once
#include <ATen/core/Tensor.h>

#include "core/models/config.h"
#include "core/models/taps.h"

namespace orrery::models {

class Attention {
public:
  virtual ~Attention() = default;
  // q [B, T, H, Dh], k and v [B, T, G, Dh] before RoPE; strides free, last dimension dense. Returns z [B, T, H, Dh].
  // Hook points inside: rot_q, rot_k, attn_scores, pattern.
  virtual at::Tensor attend(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const Taps& taps) = 0;
};

// cos and sin of every position, computed in float64 and rounded once. Grows on demand.
class RopeTable {
public:
  RopeTable(const RopeConfig& rope, at::ScalarType dtype) : m_rope(rope), m_dtype(dtype) {}
  // Positions up to `positions`, of a text of `total` tokens: LongRope turns a long text in another way.
  void reserve(std::int64_t positions, std::int64_t total);
  const at::Tensor& cos() const { return m_cos; } // [positions, dims / 2]
  const at::Tensor& sin() const { return m_sin; }

private:
  RopeConfig m_rope;
  at::ScalarType m_dtype;
  bool m_long = false;
  at::Tensor m_cos, m_sin;
};

// The whole text at once, no cache.
class DenseAttention : public Attention {
public:
  DenseAttention(const ModelConfig& config, at::ScalarType dtype) : m_config(config), m_rope(config.rope, dtype) {}
  at::Tensor attend(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                    const Taps& taps) override;

private:
  at::Tensor rotate(const at::Tensor& x); // [B, T, N, Dh]
  const ModelConfig& m_config;
  RopeTable m_rope;
};

} // namespace orrery::models
