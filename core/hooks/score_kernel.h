// SPDX-License-Identifier: MIT
// Scores of attention, q.k, by the one order of summation of this program: over Dh ascending, one multiply-add each.
// The forward pass and tiles both come here, so a cell computed again has the score of the forward pass bit for bit,
// whatever BLAS there is and however rows and keys are cut into blocks. Inner header: nothing is checked. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>

namespace orrery::hooks {

inline constexpr std::int64_t kPanel = 64; // keys side by side: a multiple of what a micro-kernel holds in registers

// Keys as the micro-kernel reads them: panels of kPanel keys, panel[d * kPanel + j] = k[j, d]; the last is filled by 0.
template <class T> struct KeyRows {
  const T* k = nullptr; // element (j, d) at j * row + d * column
  std::ptrdiff_t row = 0, column = 1;
  std::int64_t count = 0, headDim = 0;
};
inline std::int64_t panels(std::int64_t keys) { return (keys + kPanel - 1) / kPanel; }
// `out`: [panels(count), headDim, kPanel]
void packKeys(const KeyRows<float>& keys, float* out);
void packKeys(const KeyRows<double>& keys, double* out);

// out[r * outRow + j] = scale * q[r * qRow ..].k[j] over whole panels: j in [0, panels * kPanel).
template <class T> struct ScoreJob {
  const T* q = nullptr; // [rows, headDim], rows qRow apart
  std::ptrdiff_t qRow = 0;
  const T* packed = nullptr; // from packKeys
  std::int64_t rows = 0, panels = 0, headDim = 0;
  T scale = 1;
  T* out = nullptr;
  std::ptrdiff_t outRow = 0;
};
void scorePanels(const ScoreJob<float>& job);
void scorePanels(const ScoreJob<double>& job);

// The same for one query and keys as they lie, k[r * headDim + d]: for a few queries, where packing would not pay.
void scoreRow(const float* k, std::int64_t keys, std::int64_t headDim, const float* q, float scale, float* out);
void scoreRow(const double* k, std::int64_t keys, std::int64_t headDim, const double* q, double scale, double* out);

} // namespace orrery::hooks
