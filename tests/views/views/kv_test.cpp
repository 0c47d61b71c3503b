// SPDX-License-Identifier: MIT
// The views of keys, values and evictions: their numbers against naive twins, links, choices, what is missing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "tests/views/views/sample.h"

using namespace orrery;
using namespace orrery::views;
using namespace orrery::views::sample;

namespace {

const View& theView(const char* name) {
  static const Registry all = builtInViews();
  return *all.find(name);
}

Built built(const char* name, const store::SnapshotPtr& snapshot, const Parameters& given = {},
            const Selection& selection = {1, 2, 4, 3, kNone, kNone}) {
  Request request = requestOf(theView(name), snapshot, given, 900, 600);
  request.selection = selection;
  auto result = theView(name).build(request, {});
  EXPECT_TRUE(result.ok()) << name << ": " << (result.ok() ? "" : result.error().what);
  return result ? std::move(*result) : Built{};
}

// By definition: pairs turned back, one at a time.
std::vector<double> naiveRow(const hooks::AttentionRecord& record, const std::string& state, std::int64_t g,
                             std::int64_t t) {
  std::vector<double> row;
  const std::vector<double> all = toDoubles(state == "value" ? record.v : record.k);
  for (std::int64_t d = 0; d < kHeadDim; ++d) row.push_back(all[size_t((g * record.tokens + t) * kHeadDim + d)]);
  if (state != "key" || !record.rope) return row;
  const size_t n = record.rope->frequency.size();
  for (size_t i = 0; i < n; ++i) {
    const double angle = -double(t) * record.rope->frequency[i], x = row[i], y = row[i + n];
    row[i] = x * std::cos(angle) - y * std::sin(angle);
    row[i + n] = x * std::sin(angle) + y * std::cos(angle);
  }
  return row;
}

double furthest(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

constexpr std::int64_t T = 30;

TEST(KvViews, NormsSimilarityAndChannelsEqualTheDefinition) {
  const auto snapshot = snapshotOf({T, 3, 4, 2});
  for (const char* state : {"key", "rotated-key", "value"}) {
    std::vector<double> norms, cosines, channels;
    for (const auto& record : snapshot->attention)
      for (std::int64_t g = 0; g < 2; ++g) {
        std::vector<double> rms(size_t(kHeadDim), 0);
        for (std::int64_t t = 0; t < T; ++t) {
          const auto row = naiveRow(record, state, g, t);
          norms.push_back(std::sqrt(dot(row.data(), row.data())));
          for (size_t d = 0; d < row.size(); ++d) rms[d] += row[d] * row[d] / T;
        }
        std::vector<double> sorted;
        for (double& x : rms) sorted.push_back(x = std::sqrt(x));
        std::ranges::sort(sorted);
        const size_t half = sorted.size() / 2; // an even number of channels
        for (const double x : rms) channels.push_back(x / ((sorted[half - 1] + sorted[half]) / 2));
      }
    for (std::int64_t i = 0; i < T; ++i)
      for (std::int64_t j = 0; j < T; ++j) {
        const auto a = naiveRow(snapshot->attention[1], state, 1, i), b = naiveRow(snapshot->attention[1], state, 1, j);
        cosines.push_back(dot(a.data(), b.data()) / std::sqrt(dot(a.data(), a.data()) * dot(b.data(), b.data())));
      }
    const Parameters given{{"state", state}};
    const double n = furthest(toDoubles(built("kv-norms", snapshot, given).data[0].values), norms);
    const double s = furthest(toDoubles(built("kv-similarity", snapshot, given).data[0].values), cosines);
    const double c = furthest(toDoubles(built("kv-channels", snapshot, given).data[0].values), channels);
    std::printf("%-12s largest difference: norms %.1e, cosines %.1e, channels %.1e  tolerance 1e-5\n", state, n, s, c);
    EXPECT_LE(std::max({n, s, c}), 1e-5); // pictures hold float32
  }
}

// Sum of squares of singular values is that of all numbers; components are orthonormal and give the scores.
TEST(KvViews, SpectrumAndComponentsFit) {
  const auto snapshot = snapshotOf({T, 3, 4, 2});
  const Built spectrum = built("kv-spectrum", snapshot);
  const char* states[] = {"key", "rotated-key", "value"};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(spectrum.data[i].name, states[i]);
    double energy = 0, expected = 0;
    for (const double s : toDoubles(spectrum.data[i].values)) energy += s * s;
    for (std::int64_t t = 0; t < T; ++t) {
      const auto row = naiveRow(snapshot->attention[1], states[i], 1, t);
      expected += dot(row.data(), row.data());
    }
    EXPECT_NEAR(energy, expected, 1e-9 * expected);
  }
  const Built pca = built("kv-pca", snapshot);
  const auto scores = toDoubles(pca.data[0].values), components = toDoubles(pca.data[1].values);
  EXPECT_NEAR(dot(components.data(), components.data()), 1, 1e-12);
  EXPECT_NEAR(dot(components.data(), components.data() + kHeadDim), 0, 1e-12);
  std::vector<double> mean(size_t(kHeadDim), 0);
  for (std::int64_t t = 0; t < T; ++t)
    for (size_t d = 0; d < mean.size(); ++d) mean[d] += naiveRow(snapshot->attention[1], "key", 1, t)[d] / T;
  double worst = 0;
  for (std::int64_t t = 0; t < T; ++t) {
    auto row = naiveRow(snapshot->attention[1], "key", 1, t);
    for (size_t d = 0; d < row.size(); ++d) row[d] -= mean[d];
    for (size_t c = 0; c < 2; ++c)
      worst = std::max(worst, std::abs(scores[size_t(t) * 2 + c] - dot(row.data(), &components[c * size_t(kHeadDim)])));
  }
  std::printf("scores: largest difference %.1e  tolerance 1e-9\n", worst);
  EXPECT_LE(worst, 1e-9);
  EXPECT_EQ(std::ranges::count_if(pca.scene.links, [](const auto& link) { return link.action.starts_with("key "); }),
            T);
}

TEST(KvViews, BytesAreThoseOfTheModel) {
  const auto snapshot = snapshotOf({T, 3, 4, 2});
  const auto numbers = toDoubles(built("kv-bytes", snapshot).data[0].values); // [rows, 4]
  const double count = 2.0 * 3 * 2 * T * kHeadDim;
  EXPECT_EQ(numbers[0], 8 * count); // the sample is a float64 run
  EXPECT_EQ(numbers[4], 2 * count);
  EXPECT_EQ(numbers[8], count + 2.0 * 2 * 3 * 2 * T); // int8 and a float16 scale per row
  EXPECT_GT(numbers[9], 0);
  EXPECT_LT(numbers[9], 0.02);        // int8
  EXPECT_GT(numbers[17], numbers[9]); // int4
}

TEST(KvViews, OldTraceFilesLackValuesOnly) {
  const auto snapshot = snapshotOf({T, 3, 4, 2});
  for (auto& record : snapshot->attention) record.v = {};
  for (const char* name : {"kv-norms", "kv-similarity", "kv-pca", "kv-channels"}) {
    const auto refused = theView(name).build(requestOf(theView(name), snapshot, {{"state", "value"}}), {});
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_EQ(refused.error().code, Code::NotFound);
    EXPECT_TRUE(theView(name).build(requestOf(theView(name), snapshot, {{"state", "key"}}), {}).ok()) << name;
  }
  EXPECT_TRUE(theView("kv-spectrum").build(requestOf(theView("kv-spectrum"), snapshot), {}).ok());
  EXPECT_TRUE(theView("kv-bytes").build(requestOf(theView("kv-bytes"), snapshot), {}).ok());
}

TEST(KvViews, NonFiniteKeysAreShownOrRefused) {
  const auto snapshot = snapshotOf({T, 3, 4, 2});
  auto keys = toDoubles(snapshot->attention[1].k);
  keys[size_t(T * kHeadDim + 5)] = std::nan(""); // KV head 1
  snapshot->attention[1].k = orrery::viewOf(std::move(keys), Shape{2, T, kHeadDim});
  EXPECT_EQ(built("kv-norms", snapshot).scene.nonFinite, 1);
  EXPECT_EQ(built("kv-similarity", snapshot).scene.nonFinite, 2 * T - 1);
  EXPECT_GT(built("kv-channels", snapshot).scene.nonFinite, 0);
  Request request = requestOf(theView("kv-pca"), snapshot);
  request.selection = {1, 2, kNone, kNone, kNone, kNone};
  const auto pca = theView("kv-pca").build(request, {});
  ASSERT_FALSE(pca.ok());
  EXPECT_NE(pca.error().what.find("not finite"), std::string::npos);
  (void)built("kv-spectrum", snapshot);
  (void)built("kv-bytes", snapshot);
}

TEST(EvictionViews, ShowTheChosenCache) {
  const auto snapshot = snapshotOf({T, 3, 4, 2});
  const auto& results = snapshot->eviction->results; // for each policy: budgets T / 4 and T
  const auto kl = [&](const Parameters& given) { return toDoubles(built("eviction", snapshot, given).data[0].values); };
  EXPECT_EQ(kl({}), results[0].kl);
  EXPECT_EQ(kl({{"policy", "key-norm"}}), results[6].kl);
  EXPECT_EQ(kl({{"policy", "key-norm"}, {"budget", "29"}}), results[6].kl);
  EXPECT_EQ(kl({{"policy", "key-norm"}, {"budget", "30"}}), results[7].kl);
  EXPECT_EQ(kl({{"policy", "own"}}), results[8].kl);
  const Built shown = built("eviction", snapshot);
  EXPECT_EQ(toDoubles(shown.data[2].values), results[0].missing);
  EXPECT_EQ(toDoubles(shown.data[3].values), results[0].missingPerHead);
  const auto links = std::ranges::count_if(shown.scene.links, [](const auto& l) { return l.action == "token 7"; });
  EXPECT_EQ(links, 2); // in both charts
  const Selection after = theView("eviction").onLink("token 7", {});
  EXPECT_EQ(after.query, 7);
}

TEST(EvictionViews, CurveHoldsTheMeans) {
  const auto snapshot = snapshotOf({T, 3, 4, 2});
  const auto& results = snapshot->eviction->results;
  for (const char* measure : {"kl", "top-changed", "missing"}) {
    const Built curve = built("eviction-curve", snapshot, {{"measure", measure}, {"scale", "log"}});
    const auto values = toDoubles(curve.data[0].values); // [5, 2]
    ASSERT_EQ(values.size(), 10u);
    for (size_t i = 0; i < 10; ++i) {
      const auto& r = results[i];
      const double expected = measure == std::string("kl")        ? r.klMean()
                              : measure == std::string("missing") ? r.missingMean()
                                                                  : double(r.topChangedCount()) / T;
      EXPECT_EQ(values[i], expected) << measure << " " << i;
    }
  }
}

TEST(EvictionViews, WithoutAStudyOneSentence) {
  const auto snapshot = snapshotOf({T, 1, 2, 1});
  snapshot->eviction = nullptr;
  for (const char* name : {"eviction", "eviction-curve"}) {
    const auto refused = theView(name).build(requestOf(theView(name), snapshot), {});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::NotFound);
  }
  auto poisoned = std::make_shared<hooks::EvictionStudy>(*studyOf({T, 1, 2, 1}));
  poisoned->results[0].kl.assign(size_t(T), std::nan(""));
  snapshot->eviction = poisoned;
  (void)built("eviction", snapshot, {}, {});
  (void)built("eviction-curve", snapshot, {}, {});
}

} // namespace
