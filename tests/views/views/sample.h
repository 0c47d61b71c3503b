// SPDX-License-Identifier: MIT
// Snapshots with heads whose job is known: keys hold position, own token, previous token and a mark on token 0, and a
// query asks for one of these.
#pragma once
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/hooks/overview.h"
#include "core/store/snapshot.h"
#include "tests/views/views/sample_map.h"
#include "tests/views/views/sample_weights.h"
#include "views/registry.h"

namespace orrery::views::sample {

enum class HeadJob { Previous, First, Duplicate, Induction, Noise };

struct Sizes {
  std::int64_t tokens = 24, layers = 2, heads = 4, kvHeads = 2, overviewCells = 256;
  bool overview = true;
  std::uint32_t seed = 1;
};

inline constexpr std::int64_t kPosition = 12, kToken = 8, kHeadDim = kPosition + 2 * kToken + 4;

inline std::vector<std::string> words() {
  return {"The",  " cat", " sat",  " on", " the", " mat", ".",    "\n", " Ada",   " said", ":", " \"",
          "look", "\"",   " keys", " =",  " 42",  "  ",   " cat", "é",  " \xff!", " then", ",", " ran"};
}

inline double embedding(std::int64_t token, std::int64_t d) {
  return std::sin(1.7 * double(token + 1) * double(d + 1));
}

inline double positional(double position, std::int64_t d) {
  const double angle = position * std::pow(0.42, double(d / 2)) * 1.3;
  return d % 2 ? std::sin(angle) : std::cos(angle);
}

inline std::vector<double> keyOf(const std::vector<std::int32_t>& tokens, std::int64_t j, std::mt19937& random) {
  std::normal_distribution<double> noise;
  std::vector<double> key;
  for (std::int64_t d = 0; d < kPosition; ++d) key.push_back(positional(double(j), d));
  for (std::int64_t d = 0; d < kToken; ++d) key.push_back(embedding(tokens[size_t(j)], d));
  for (std::int64_t d = 0; d < kToken; ++d) key.push_back(j > 0 ? embedding(tokens[size_t(j - 1)], d) : 0);
  key.push_back(j == 0 ? 1 : 0);
  for (int d = 0; d < 3; ++d) key.push_back(noise(random));
  return key;
}

inline std::vector<double> queryOf(const std::vector<std::int32_t>& tokens, std::int64_t i, HeadJob job,
                                   double strength, std::mt19937& random) {
  std::normal_distribution<double> noise;
  std::vector<double> query(size_t(kHeadDim), 0);
  const auto put = [&](std::int64_t begin, std::int64_t count, auto value) {
    for (std::int64_t d = 0; d < count; ++d) query[size_t(begin + d)] = strength * value(d);
  };
  const std::int32_t token = tokens[size_t(i)];
  if (job == HeadJob::Previous) put(0, kPosition, [&](auto d) { return positional(double(i) - 1, d); });
  if (job == HeadJob::Duplicate) put(kPosition, kToken, [&](auto d) { return embedding(token, d); });
  if (job == HeadJob::Induction) put(kPosition + kToken, kToken, [&](auto d) { return embedding(token, d); });
  if (job == HeadJob::First) query[size_t(kPosition + 2 * kToken)] = 6 * strength;
  for (std::int64_t d = kHeadDim - 3; d < kHeadDim; ++d) query[size_t(d)] = 1.5 * noise(random);
  return query;
}

inline HeadJob jobOf(std::int64_t layer, std::int64_t head) { return HeadJob((3 * layer + head) % 5); }

inline double dot(const double* a, const double* b) {
  double sum = 0;
  for (std::int64_t d = 0; d < kHeadDim; ++d) sum += a[d] * b[d];
  return sum;
}

inline hooks::AttentionRecord recordOf(const std::vector<std::int32_t>& tokens, std::int64_t layer,
                                       const Sizes& sizes) {
  std::mt19937 random(sizes.seed + std::uint32_t(layer));
  const std::int64_t T = sizes.tokens;
  hooks::AttentionRecord record;
  record.heads = sizes.heads;
  record.kvHeads = sizes.kvHeads;
  record.headDim = kHeadDim;
  record.tokens = T;
  record.scale = 0.6;
  std::vector<double> q, k, v, lse; // [H, T, Dh], [G, T, Dh], [G, T, Dh], [H, T]
  for (std::int64_t g = 0; g < record.kvHeads; ++g)
    for (std::int64_t j = 0; j < T; ++j)
      for (const double value : keyOf(tokens, j, random)) k.push_back(value);
  for (std::int64_t i = 0; i < record.kvHeads * T; ++i)
    for (std::int64_t d = 0; d < kHeadDim; ++d)
      v.push_back(std::cos(double(i + 1) * double(d + 2) * 0.37) + (d == 5 ? 4 : 0));
  for (std::int64_t h = 0; h < record.heads; ++h)
    for (std::int64_t i = 0; i < T; ++i) {
      const double strength = 0.7 + 0.5 * double(h % 3);
      for (const double value : queryOf(tokens, i, jobOf(layer, h), strength, random)) q.push_back(value);
    }
  for (std::int64_t h = 0; h < record.heads; ++h)
    for (std::int64_t i = 0; i < T; ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j <= i; ++j)
        sum += std::exp(record.scale *
                        dot(&q[size_t((h * T + i) * kHeadDim)], &k[size_t((record.kvHead(h) * T + j) * kHeadDim)]));
      lse.push_back(std::log(sum));
    }
  record.q = viewOf(std::move(q), Shape{record.heads, T, kHeadDim});
  record.k = viewOf(std::move(k), Shape{record.kvHeads, T, kHeadDim});
  record.v = viewOf(std::move(v), Shape{record.kvHeads, T, kHeadDim});
  if (layer % 2 == 0) record.rope = std::make_shared<const hooks::RopeTurn>(hooks::RopeTurn{{1, 0.3, 0.02}, 1});
  record.lse = viewOf(std::move(lse), Shape{record.heads, T});
  if (sizes.overview) record.overview = hooks::overviewOf(record, hooks::overviewCell(T, sizes.overviewCells)).value();
  return record;
}

inline hooks::TokenScore scoreOf(std::int64_t position) {
  hooks::TokenScore score;
  score.logProbability = position == 0 ? 0.f : -float(4.5 * std::abs(std::sin(1.3 * double(position))));
  double left = 1;
  for (int i = 0; i < hooks::kTopTokens; ++i) {
    const double p = left * 0.45;
    left -= p;
    score.topIds[i] = std::int32_t((position + 1 + i) % 24);
    score.topLogProbabilities[i] = float(std::log(p));
  }
  score.entropy = 1.8f;
  return score;
}

// Two budgets of every policy and an own selection, with made-up costs.
inline std::shared_ptr<const hooks::EvictionStudy> studyOf(const Sizes& sizes) {
  auto study = std::make_shared<hooks::EvictionStudy>();
  study->tokens = sizes.tokens, study->layers = sizes.layers, study->heads = sizes.heads;
  for (int policy = 0; policy < 5; ++policy)
    for (const std::int64_t budget : {std::max<std::int64_t>(1, sizes.tokens / 4), sizes.tokens}) {
      hooks::EvictionResult result;
      result.eviction = {static_cast<hooks::EvictionPolicy>(policy), budget, {}};
      if (policy == 4) result.eviction.dropped = {0};
      for (std::int64_t t = 0; t < sizes.tokens; ++t) {
        const double cost = budget == sizes.tokens ? 0 : std::abs(std::sin(0.7 * double(t * (policy + 1))));
        result.kl.push_back(2 * cost);
        result.topChanged.push_back(cost > 0.8);
        result.missing.push_back(0.5 * cost);
      }
      for (std::int64_t h = 0; h < sizes.layers * sizes.heads; ++h)
        result.missingPerHead.push_back(budget == sizes.tokens ? 0 : 0.1 * double(h % 7));
      study->results.push_back(std::move(result));
    }
  return study;
}

inline std::shared_ptr<store::Snapshot> snapshotOf(const Sizes& sizes) {
  auto snapshot = std::make_shared<store::Snapshot>();
  snapshot->run = 1;
  snapshot->revision = 1;
  store::RunInfo info;
  info.checkpoint = "models/sample";
  info.vocabulary = std::make_shared<const std::vector<std::string>>(words());
  snapshot->info = std::make_shared<const store::RunInfo>(std::move(info));
  std::vector<std::int32_t> tokens;
  for (std::int64_t i = 0; i < sizes.tokens; ++i) {
    const auto id = std::int32_t(i % 17 == 9 ? (i * 7) % 24 : i % 17);
    tokens.push_back(id);
    snapshot->tokens.push_back(id);
    snapshot->pieces.push_back(words()[size_t(id)]);
    snapshot->scores.push_back(scoreOf(i));
  }
  snapshot->promptTokens = sizes.tokens * 2 / 3;
  for (std::int64_t l = 0; l < sizes.layers; ++l) snapshot->attention.push_back(recordOf(tokens, l, sizes));
  snapshot->eviction = studyOf(sizes);
  return snapshot;
}

inline Request requestOf(const View& view, store::SnapshotPtr snapshot, Parameters given = {}, double width = 640,
                         double height = 480) {
  Request request;
  request.id = 7;
  if (snapshot && snapshot->length() > 0) request.map = sampleMap();
  request.snapshot = std::move(snapshot);
  request.weights = sampleWeights();
  request.series = {sampleWeights(1), sampleWeights(2)};
  request.parameters = completeParameters(view.info(), given).value();
  request.width = width;
  request.height = height;
  return request;
}

} // namespace orrery::views::sample
