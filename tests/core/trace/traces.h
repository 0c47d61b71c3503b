// SPDX-License-Identifier: MIT
// A run of known values as snapshots, and what "the same snapshot" means: bit for bit.
#pragma once
#include <cstring>
#include <gtest/gtest.h>

#include "core/hooks/overview.h"
#include "core/store/recorder.h"
#include "tests/core/store/run_pieces.h"

namespace orrery::testkit {

// Positions [from, to) one by one. Pieces include bytes that are no UTF-8.
template <class T> void record(store::Recorder& recorder, std::int64_t from, std::int64_t to) {
  for (std::int64_t t = from; t < to; ++t) {
    recorder.addToken(static_cast<std::int32_t>(t * 3),
                      t % 5 == 0 ? std::string("\xC3\0x", 3) : "p" + std::to_string(t));
    for (int layer = 0; layer < 2; ++layer) {
      auto attention = recordOf<T>(layer, t + 1);
      if (t + 1 == to) attention.overview = *hooks::overviewOf(attention, 4);
      recorder.onAttention(layer, attention);
    }
    recorder.onTensor({hooks::HookKind::ResidPost, 1}, t, residual<T>(1, t, 1));
    recorder.onTensor({hooks::HookKind::Pattern, 0}, t, pattern<T>(0, t, 1));
    recorder.onTensor({hooks::HookKind::AttnScores, 0}, t,
                      pattern<T>(0, t, 1, -std::numeric_limits<double>::infinity()));
    recorder.onTensor({hooks::HookKind::ExpertIndices, 1}, t, viewOf(std::vector<std::int64_t>{t % 5, 7}, {1, 1, 2}));
    recorder.addScore(scoreAt(t));
  }
}

inline bool sameBits(const TensorView& a, const TensorView& b) {
  if (a.dtype != b.dtype || a.shape != b.shape) return false;
  const auto x = toDoubles(a), y = toDoubles(b);
  return std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) == 0;
}

inline void expectSame(const store::Snapshot& a, const store::Snapshot& b) {
  EXPECT_EQ(a.tokens.toVector(), b.tokens.toVector());
  EXPECT_EQ(a.pieces.toVector(), b.pieces.toVector());
  EXPECT_EQ(a.promptTokens, b.promptTokens);
  ASSERT_EQ(a.scores.size(), b.scores.size());
  for (std::size_t i = 0; i < a.scores.size(); ++i)
    EXPECT_EQ(std::memcmp(&a.scores[i], &b.scores[i], sizeof(hooks::TokenScore)), 0);
  EXPECT_EQ(a.info->configJson, b.info->configJson);
  EXPECT_EQ(a.info->checkpointHash, b.info->checkpointHash);
  EXPECT_EQ(a.info->parameters, b.info->parameters);
  EXPECT_EQ(a.info->dtype, b.info->dtype);
  EXPECT_EQ(a.info->dims.vocab, b.info->dims.vocab);
  EXPECT_EQ(a.info->dims.experts, b.info->dims.experts);
  ASSERT_EQ(a.attention.size(), b.attention.size());
  for (std::size_t l = 0; l < a.attention.size(); ++l) {
    const auto &x = a.attention[l], &y = b.attention[l];
    EXPECT_TRUE(sameBits(x.q, y.q) && sameBits(x.k, y.k) && sameBits(x.v, y.v) && sameBits(x.lse, y.lse));
    ASSERT_EQ(x.rope != nullptr, y.rope != nullptr);
    if (x.rope) {
      EXPECT_EQ(x.rope->frequency, y.rope->frequency);
      EXPECT_EQ(x.rope->scale, y.rope->scale);
    }
    EXPECT_EQ(std::tie(x.kind, x.heads, x.kvHeads, x.headDim, x.tokens, x.scale, x.softcap, x.window),
              std::tie(y.kind, y.heads, y.kvHeads, y.headDim, y.tokens, y.scale, y.softcap, y.window));
    ASSERT_EQ(x.overview.side(), y.overview.side());
    EXPECT_EQ(x.overview.cell, y.overview.cell);
    for (std::size_t r = 0; r < x.overview.rows.size(); ++r) {
      EXPECT_EQ(x.overview.rows[r]->sum, y.overview.rows[r]->sum);
      EXPECT_EQ(x.overview.rows[r]->max, y.overview.rows[r]->max);
    }
  }
  ASSERT_EQ(a.hooks.size(), b.hooks.size());
  for (const auto& [name, channel] : a.hooks) {
    const auto x = store::gatherHook(a, name), y = store::gatherHook(b, name);
    ASSERT_TRUE(x.ok() && y.ok()) << name;
    EXPECT_TRUE(sameBits(*x, *y)) << name;
  }
}

template <class T> store::SnapshotPtr runOf(std::int64_t tokens) {
  store::Recorder recorder;
  recorder.begin(1, std::make_shared<const store::RunInfo>(runInfo(sizeof(T) == 4 ? DType::F32 : DType::F64)));
  record<T>(recorder, 0, tokens);
  return recorder.publish();
}

} // namespace orrery::testkit
