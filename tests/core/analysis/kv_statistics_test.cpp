// SPDX-License-Identifier: MIT
// Norms, cosines, channels, principal components and integer caches against numpy (make_kv_reference.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "core/analysis/kv_statistics.h"
#include "core/analysis/kv_storage.h"
#include "core/base/json.h"
#include "core/hooks/attention_record.h"

namespace orrery::analysis {
namespace {

using Numbers = std::vector<double>;

Json reference() {
  auto json = readJsonFile(ORRERY_SOURCE_DIR "/tests/core/analysis/data/kv_reference.json");
  EXPECT_TRUE(json.ok());
  return json ? *json : Json();
}

double furthest(const Numbers& a, const Numbers& b) {
  if (a.size() != b.size()) return INFINITY;
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    worst = std::max(worst, std::abs(a[i] - b[i]) / std::max(1.0, std::abs(b[i])));
  return worst;
}

void report(const char* what, double worst, double tolerance) {
  std::printf("  %-20s largest difference %.1e  tolerance %.0e\n", what, worst, tolerance);
  EXPECT_LE(worst, tolerance) << what;
}

TEST(KvStatistics, EqualNumpy) {
  const Json all = reference();
  ASSERT_EQ(all.at("cases").size(), 4u);
  for (const Json& c : all.at("cases")) {
    const auto values = c.at("rows").get<Numbers>();
    const Rows rows{values, c.at("n").get<std::int64_t>(), c.at("d").get<std::int64_t>()};
    std::printf("%d x %d\n", static_cast<int>(rows.n), static_cast<int>(rows.d));
    report("norms", furthest(rowNorms(rows), c.at("norms").get<Numbers>()), 1e-12);
    report("cosines", furthest(cosines(rows), c.at("cosines").get<Numbers>()), 1e-12);
    report("channel rms", furthest(channelRms(rows), c.at("channel_rms").get<Numbers>()), 1e-12);
    report("channel outliers", furthest(channelOutliers(rows), c.at("outliers").get<Numbers>()), 1e-12);
    const auto pca = principalComponents(rows, 2);
    ASSERT_TRUE(pca.ok());
    report("variance", furthest(pca->variance, c.at("variance").get<Numbers>()), 1e-10);
    report("total variance", std::abs(pca->total - c.at("total").get<double>()), 1e-10);
    report("scores", furthest(pca->scores, c.at("scores").get<Numbers>()), 1e-9);
    if (std::ranges::all_of(c.at("rank_determined").get<std::vector<bool>>(), [](bool yes) { return yes; }))
      report("components", furthest(pca->components, c.at("components").get<Numbers>()), 1e-9);
  }
}

TEST(KvStatistics, ZeroRowsAndNonFiniteOnes) {
  const Numbers values{0, 0, 3, 4};
  EXPECT_TRUE(std::isnan(cosines({values, 2, 2})[1]));
  EXPECT_EQ(cosines({values, 2, 2})[3], 1);
  const Numbers broken{1, NAN};
  EXPECT_EQ(principalComponents({broken, 1, 2}, 2).error().code, Code::BadInput);
  EXPECT_EQ(principalComponents({{}, 0, 2}, 2).error().code, Code::BadInput);
  const Numbers zeros(8, 0);
  EXPECT_EQ(throughFormat(kCacheFormats[0], {zeros, 2, 4}), zeros);
  EXPECT_TRUE(std::isnan(channelOutliers({zeros, 2, 4})[0]));
}

TEST(KvStatistics, IntegerCachesEqualNumpy) {
  const Json all = reference(), ref = all.at("stored");
  const auto values = ref.at("rows").get<Numbers>();
  const Rows rows{values, ref.at("n").get<std::int64_t>(), ref.at("d").get<std::int64_t>()};
  for (std::size_t i = 0; i < std::size(kCacheFormats); ++i) {
    const CacheFormat& format = kCacheFormats[i];
    const Json& expected = ref.at("formats")[i];
    ASSERT_EQ(expected.at("bits"), format.bits);
    const Numbers read = throughFormat(format, rows);
    report(format.name, furthest(read, expected.at("rows").get<Numbers>()), 1e-12);
    report("its error", std::abs(relativeError(values, read) - expected.at("error").get<double>()), 1e-12);
  }
  EXPECT_EQ(bytesOf(kCacheFormats[0], 3, 64), 3 * (64 + 2));
  EXPECT_EQ(bytesOf(kCacheFormats[1], 3, 64), 3 * (64 + 4));
  EXPECT_EQ(bytesOf(kCacheFormats[3], 3, 33), 3 * (17 + 4));
}

// One head, by the definition: softmax of scaled scores with stored keys, times stored values.
TEST(KvStatistics, AttentionErrorEqualsTheDefinition) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  constexpr std::int64_t T = 9, D = 6;
  hooks::AttentionRecord record;
  record.heads = 2, record.kvHeads = 1, record.headDim = D, record.tokens = T, record.scale = 0.4, record.window = 5;
  const auto draw = [&](std::int64_t count) {
    Numbers x;
    for (std::int64_t i = 0; i < count; ++i) x.push_back(normal(random));
    return x;
  };
  const Numbers q = draw(2 * T * D), k = draw(T * D), v = draw(T * D);
  record.q = viewOf(q, Shape{2, T, D}), record.k = viewOf(k, Shape{1, T, D}), record.v = viewOf(v, Shape{1, T, D});
  const CacheFormat& format = kCacheFormats[2];
  const Numbers k2 = throughFormat(format, {k, T, D}), v2 = throughFormat(format, {v, T, D});
  double off = 0, all = 0;
  for (std::int64_t h = 0; h < 2; ++h)
    for (std::int64_t i = 0; i < T; ++i) {
      Numbers z(D, 0), z2(D, 0);
      for (const auto& [keys, vals, out] : {std::tuple{&k, &v, &z}, {&k2, &v2, &z2}}) {
        double sum = 0;
        for (std::int64_t j = std::max<std::int64_t>(0, i - 4); j <= i; ++j) {
          double s = 0;
          for (std::int64_t d = 0; d < D; ++d) s += q[size_t((h * T + i) * D + d)] * (*keys)[size_t(j * D + d)];
          const double e = std::exp(0.4 * s);
          sum += e;
          for (std::int64_t d = 0; d < D; ++d) (*out)[size_t(d)] += e * (*vals)[size_t(j * D + d)];
        }
        for (double& x : *out) x /= sum;
      }
      for (size_t d = 0; d < size_t(D); ++d) off += (z[d] - z2[d]) * (z[d] - z2[d]), all += z[d] * z[d];
    }
  const auto error = attentionOutputError(record, T, format, 100);
  ASSERT_TRUE(error.ok());
  EXPECT_GT(*error, 0.01);
  report("attention error", std::abs(*error - std::sqrt(off / all)), 1e-12);
  record.v = {};
  EXPECT_EQ(attentionOutputError(record, T, format, 100).error().code, Code::NotFound);
}

} // namespace
} // namespace orrery::analysis
