// SPDX-License-Identifier: MIT
// One row block of one head: the innermost work of CachedAttention, on bare memory. Any thread.
#pragma once
#include <cstdint>

#include "core/models/overview_builder.h"

namespace orrery::models {

inline constexpr std::int64_t kRowBlock = 64; // queries; a power of two

template <class T> struct RowBlock {
  const T* q = nullptr; // [rows, Dh]: first query of the block
  std::int64_t qStride = 0;
  const T* k = nullptr;        // [T, Dh] of the head's group, from position 0
  const T* packed = nullptr;   // its panels (hooks::packKeys) from position packedFrom; null: few queries, k is read
  std::int64_t packedFrom = 0; // a multiple of hooks::kPanel, not after the first key that a query may see
  const T* v = nullptr;        // [T, Dh]
  std::int64_t headDim = 0;
  std::int64_t first = 0, rows = 0; // positions of the queries
  std::int64_t keys = 0;            // positions there are so far (>= first + rows)
  std::int64_t window = 0;
  T scale = 1, softcap = 0;
  T* z = nullptr; // [rows, Dh] out; null: not wanted
  std::int64_t zStride = 0;
  T* lse = nullptr;      // [rows] out
  T* scores = nullptr;   // [rows, keys]; see below
  T* pattern = nullptr;  // [rows, keys]; see below
  std::int64_t cell = 0; // of the overview; 0: not wanted
  BlockPool* pool = nullptr;
};

// The usual way: scores, softmax, pooled cells, z. With `pattern`, P is written there too (cells not allowed are left).
// readScores: S is taken from `scores` over all keys (an edit may have lifted the mask) instead of computed.
template <class T> void attendBlock(const RowBlock<T>& block, bool readScores);
// Writes S of the allowed cells into `scores`; nothing else.
template <class T> void scoreBlock(const RowBlock<T>& block);
// z = P V with P read from `pattern` over all keys.
template <class T> void weighBlock(const RowBlock<T>& block);

extern template void attendBlock(const RowBlock<float>&, bool);
extern template void attendBlock(const RowBlock<double>&, bool);
extern template void scoreBlock(const RowBlock<float>&);
extern template void scoreBlock(const RowBlock<double>&);
extern template void weighBlock(const RowBlock<float>&);
extern template void weighBlock(const RowBlock<double>&);

} // namespace orrery::models
