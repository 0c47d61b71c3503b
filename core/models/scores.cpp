// SPDX-License-Identifier: MIT
#include "core/models/scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/models/kernels.h"
#include "core/models/torch_ops.h"

namespace orrery::models {
namespace {

// The kTopTokens largest, descending, the first of equals first; ids -1 where there are fewer.
template <class T> void findTop(const T* x, std::int64_t n, double logSumExp, hooks::TokenScore& score) {
  T top[hooks::kTopTokens];
  std::fill(top, top + hooks::kTopTokens, -std::numeric_limits<T>::infinity());
  std::fill(score.topIds, score.topIds + hooks::kTopTokens, -1);
  constexpr int kLast = hooks::kTopTokens - 1;
  for (std::int64_t i = kernels::findAbove(x, 0, n, top[kLast]); i < n;
       i = kernels::findAbove(x, i + 1, n, top[kLast])) {
    int at = kLast;
    for (; at > 0 && top[at - 1] < x[i]; --at) {
      top[at] = top[at - 1];
      score.topIds[at] = score.topIds[at - 1];
    }
    top[at] = x[i];
    score.topIds[at] = static_cast<std::int32_t>(i);
  }
  for (int i = 0; i < hooks::kTopTokens; ++i)
    score.topLogProbabilities[i] = static_cast<float>(static_cast<double>(top[i]) - logSumExp);
}

template <class T> RowScore scoreOf(const T* x, std::int64_t n, std::int64_t next) {
  const kernels::LogitSums sums = kernels::logitSums(x, n);
  RowScore row;
  row.logSumExp = sums.max + std::log(sums.sumExp);
  row.score.entropy = static_cast<float>(std::log(sums.sumExp) - sums.sumExpX / sums.sumExp);
  findTop(x, n, row.logSumExp, row.score);
  if (next >= 0) row.nextLogProbability = static_cast<double>(x[next]) - row.logSumExp;
  return row;
}

template <class T> RowDivergence divergence(const T* a, const T* b, std::int64_t n) {
  const T *topA = std::max_element(a, a + n), *topB = std::max_element(b, b + n);
  double sumA = 0, sumB = 0, weighted = 0; // weighted: sum of exp(a - top) * ((a - topA) - (b - topB))
  for (std::int64_t i = 0; i < n; ++i) {
    const double x = static_cast<double>(a[i]) - static_cast<double>(*topA);
    const double y = static_cast<double>(b[i]) - static_cast<double>(*topB), e = std::exp(x);
    sumA += e;
    sumB += std::exp(y);
    weighted += e * (x - y);
  }
  const double kl = weighted / sumA + std::log(sumB) - std::log(sumA);
  return {kl < 0 ? 0 : kl, topA - a != topB - b};
}

} // namespace

RowDivergence divergenceOf(const at::Tensor& full, const at::Tensor& other, std::int64_t row) {
  const std::int64_t n = full.size(-1);
  if (full.scalar_type() == at::kDouble)
    return divergence(full.data_ptr<double>() + row * n, other.data_ptr<double>() + row * n, n);
  return divergence(full.data_ptr<float>() + row * n, other.data_ptr<float>() + row * n, n);
}

RowScore scoreRow(const at::Tensor& logits, std::int64_t row, std::int64_t next) {
  const std::int64_t n = logits.size(-1);
  if (logits.scalar_type() == at::kDouble) return scoreOf(logits.data_ptr<double>() + row * n, n, next);
  return scoreOf(logits.data_ptr<float>() + row * n, n, next);
}

} // namespace orrery::models
