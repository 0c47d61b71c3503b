// SPDX-License-Identifier: MIT
#include "core/analysis/kv_storage.h"

#include <algorithm>
#include <cmath>

#include "core/hooks/kv_states.h"

namespace orrery::analysis {
namespace {

using hooks::AttentionRecord;

// Probabilities of query i over keys [from, i], keys [.., Dh] from position 0.
std::vector<double> probabilities(const AttentionRecord& record, std::int64_t head, std::int64_t i, std::int64_t from,
                                  const Rows& keys) {
  std::vector<double> p;
  double top = -INFINITY, sum = 0;
  for (std::int64_t j = from; j <= i; ++j) {
    double score = 0;
    for (std::int64_t d = 0; d < record.headDim; ++d)
      score += elementAt(record.q, head * record.q.strides[0] + i * record.q.strides[1] + d * record.q.strides[2]) *
               keys.row(j)[static_cast<std::size_t>(d)];
    score *= record.scale;
    if (record.softcap > 0) score = record.softcap * std::tanh(score / record.softcap);
    p.push_back(score);
    top = std::max(top, score);
  }
  for (double& x : p) sum += x = std::exp(x - top);
  for (double& x : p) x /= sum;
  return p;
}

std::vector<double> output(const std::vector<double>& p, std::int64_t from, const Rows& values) {
  std::vector<double> z(static_cast<std::size_t>(values.d), 0);
  for (std::size_t j = 0; j < p.size(); ++j)
    for (std::size_t d = 0; d < z.size(); ++d) z[d] += p[j] * values.row(from + static_cast<std::int64_t>(j))[d];
  return z;
}

struct Cache {
  std::vector<double> k, v;
};

} // namespace

Result<double> attentionOutputError(const AttentionRecord& record, std::int64_t tokens, const CacheFormat& format,
                                    std::int64_t queries, std::stop_token stop) {
  const std::int64_t step = std::max<std::int64_t>(1, (tokens + queries - 1) / queries), d = record.headDim;
  std::vector<double> exact, stored;
  for (std::int64_t group = 0; group < record.kvHeads; ++group) {
    auto k = hooks::kvRows(record, hooks::KvState::KeyAfterRope, group, {0, tokens});
    auto v = hooks::kvRows(record, hooks::KvState::Value, group, {0, tokens});
    if (!k) return k.error();
    if (!v) return v.error();
    const Cache now{std::move(*k), std::move(*v)};
    const Cache then{throughFormat(format, {now.k, tokens, d}), throughFormat(format, {now.v, tokens, d})};
    const std::int64_t share = record.heads / record.kvHeads;
    for (std::int64_t head = group * share; head < (group + 1) * share; ++head)
      for (std::int64_t i = tokens - 1; i >= 0; i -= step) {
        if (stop.stop_requested()) return cancelled();
        const std::int64_t from = record.window > 0 ? std::max<std::int64_t>(0, i - record.window + 1) : 0;
        for (const auto& [cache, out] : {std::pair{&now, &exact}, {&then, &stored}}) {
          const auto z =
              output(probabilities(record, head, i, from, {cache->k, tokens, d}), from, {cache->v, tokens, d});
          out->insert(out->end(), z.begin(), z.end());
        }
      }
  }
  return relativeError(exact, stored);
}

} // namespace orrery::analysis
