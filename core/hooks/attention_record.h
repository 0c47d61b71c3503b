// SPDX-License-Identifier: MIT
// Virtual attention: what is kept of a layer's attention instead of a T x T map, as FlashAttention does
// (Dao et al. 2022, arXiv 2205.14135): Q and K as they enter the dot product and the row log-sum-exp.
//   P[h,i,j] = exp(f(scale * q[h,i].k[g(h),j]) - lse[h,i])  for j <= i and, with a window W, j > i - W
// where g(h) = h / (H / G) and f(s) = softcap * tanh(s / softcap) if softcap > 0, else s.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/tensor_view.h"

namespace orrery::hooks {

// One row of overview cells of every head of a layer. Cell (r, c) covers queries [r*cell, (r+1)*cell) and keys
// [c*cell, (c+1)*cell), cut at T.
struct OverviewRow {
  std::int64_t heads = 0, cells = 0; // cells = r + 1: nothing stands above the diagonal
  std::vector<double> sum;           // [H, cells] sum of P over the cell; masked pairs count as 0
  std::vector<float> max;            // [H, cells]
};

// Pooled picture of every head. mean = sum / (number of (query, key) pairs of the cell inside T x T), so it equals
// the plain block mean of the pattern matrix with zeros above the diagonal.
struct Overview {
  std::int64_t cell = 1, tokens = 0; // tokens a cell spans (power of two); T
  std::vector<std::shared_ptr<const OverviewRow>> rows;

  std::int64_t side() const { return static_cast<std::int64_t>(rows.size()); } // n
  double mean(std::int64_t head, std::int64_t row, std::int64_t column) const;
  float max(std::int64_t head, std::int64_t row, std::int64_t column) const; // 0 above the diagonal
  std::vector<float> meanMap(std::int64_t head) const;                       // [n, n]
  std::vector<float> maxMap(std::int64_t head) const;                        // [n, n]
};

// How keys were turned: pairs (i, i + n) of the first 2 n dimensions of a head by position * frequency[i], then times
// scale (Su et al. 2021, arXiv 2104.09864).
struct RopeTurn {
  std::vector<double> frequency; // [n] radians per token
  double scale = 1;
};

struct AttentionRecord {
  std::string kind = "softmax";
  std::int64_t heads = 0, kvHeads = 0, headDim = 0, tokens = 0; // H G Dh T
  double scale = 1, softcap = 0;                                // softcap 0: none
  std::int64_t window = 0;                                      // 0: full causal
  TensorView q;                                                 // [H, T, Dh] F32 or F64, after RoPE; strided over heads
  TensorView k;                                                 // [G, T, Dh]
  TensorView v;                                                 // [G, T, Dh]; no data: not known (older trace files)
  std::shared_ptr<const RopeTurn> rope;                         // null: the model does not turn keys, or not known
  TensorView lse;                                               // [H, T] natural log
  Overview overview;

  std::int64_t kvHead(std::int64_t head) const { return head / (heads / kvHeads); }
};

struct TileRange {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
};

// Exact cells of one head; masked cells are 0. Any thread; pure. The dot product is summed over Dh in ascending order
// with fused multiply-add, in the dtype of the run. Errors: BadInput if a range lies outside [0, T].
Result<std::vector<float>> attentionTile(const AttentionRecord& record, std::int64_t head, TileRange rows,
                                         TileRange cols);
Result<std::vector<double>> attentionTile64(const AttentionRecord& record, std::int64_t head, TileRange rows,
                                            TileRange cols);
// scale * q.k after soft-cap, before the softmax; masked cells are -inf.
Result<std::vector<float>> scoreTile(const AttentionRecord& record, std::int64_t head, TileRange rows, TileRange cols);
// The Dh products scale * q_d * k_d whose sum is the score of one cell (before a soft-cap).
Result<std::vector<double>> dimensionProducts(const AttentionRecord& record, std::int64_t head, std::int64_t query,
                                              std::int64_t key);

// A rectangle pooled to cells of `cell` tokens: mean and max of each (masked = 0), computed in strips, never T x T.
struct PooledTile {
  std::int64_t rows = 0, cols = 0;
  std::vector<float> mean, max; // [rows, cols]
};
Result<PooledTile> pooledTile(const AttentionRecord& record, std::int64_t head, TileRange rows, TileRange cols,
                              std::int64_t cell);

// The smallest power of two so that ceil(tokens / cell) <= cells.
std::int64_t overviewCell(std::int64_t tokens, std::int64_t cells);

} // namespace orrery::hooks
