// SPDX-License-Identifier: MIT
// What the tests of core/models share: reference files, a sink that keeps everything, and a table of differences.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/hooks/capture_plan.h"
#include "core/models/decoder.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::models::test {

inline const std::string kOracles = ORRERY_SOURCE_DIR "/../shared/oracles";
inline const std::string kData = ORRERY_SOURCE_DIR "/tests/core/models/data";

struct Values {
  Shape shape;
  std::vector<double> data;
};
inline Values valuesOf(const TensorView& view) { return {view.shape, toDoubles(view)}; }

// A safetensors file of reference numbers.
class Reference {
public:
  explicit Reference(const std::string& path) : m_file(tensorio::openTensors(path)) {
    EXPECT_TRUE(m_file.ok()) << (m_file.ok() ? "" : m_file.error().message());
  }
  bool has(const std::string& name) const { return m_file.ok() && m_file->find(name); }
  Values get(const std::string& name) const {
    auto view = m_file->load(name);
    EXPECT_TRUE(view.ok()) << name;
    return view.ok() ? valuesOf(*view) : Values{};
  }
  std::vector<std::int32_t> tokens(const std::string& name) const {
    std::vector<std::int32_t> ids;
    for (const double id : get(name).data) ids.push_back(static_cast<std::int32_t>(id));
    return ids;
  }

private:
  Result<tensorio::TensorFile> m_file;
};

// Keeps every captured tensor, pieces joined along T; the last record of every layer.
class Keeper : public hooks::CaptureSink {
public:
  std::map<std::string, std::vector<Values>> pieces;
  std::map<int, hooks::AttentionRecord> records;
  void onTensor(hooks::HookId id, std::int64_t, const TensorView& value) override {
    pieces[hooks::hookName(id)].push_back(valuesOf(value));
  }
  void onAttention(int layer, const hooks::AttentionRecord& record) override { records[layer] = record; }
  // [1, T, ...]: pieces one behind the other.
  Values joined(const std::string& name) const {
    Values all;
    const auto found = pieces.find(name);
    if (found == pieces.end()) return all;
    for (const Values& piece : found->second) {
      if (all.shape.empty())
        all = piece;
      else {
        all.shape[1] += piece.shape[1];
        all.data.insert(all.data.end(), piece.data.begin(), piece.data.end());
      }
    }
    return all;
  }
};

struct Difference {
  double largest = 0, worst = 0; // absolute; relative to max(1, |ref|)
};
inline Difference difference(const std::vector<double>& a, const std::vector<double>& ref) {
  Difference d;
  if (a.size() != ref.size()) return {INFINITY, INFINITY};
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == ref[i]) continue; // also equal infinities
    const double off = std::abs(a[i] - ref[i]);
    if (!(off <= d.largest)) d.largest = off;
    if (!(off / std::max(1.0, std::abs(ref[i])) <= d.worst)) d.worst = off / std::max(1.0, std::abs(ref[i]));
  }
  return d;
}
// One line of the table; fails the test above the tolerance (of |a - ref| / max(1, |ref|)).
inline void compare(const std::string& what, const Values& a, const Values& ref, double tolerance) {
  EXPECT_EQ(a.shape, ref.shape) << what;
  const Difference d = difference(a.data, ref.data);
  std::printf("  %-44s largest %.2e  scaled %.2e  tolerance %.0e\n", what.c_str(), d.largest, d.worst, tolerance);
  EXPECT_LE(d.worst, tolerance) << what;
}

inline std::shared_ptr<Decoder> load(const std::string& path, DType dtype = DType::F32) {
  LoadOptions options;
  options.dtype = dtype;
  auto decoder = loadDecoder(path, options);
  EXPECT_TRUE(decoder.ok()) << (decoder.ok() ? "" : decoder.error().message());
  return decoder.ok() ? *decoder : nullptr;
}

inline hooks::CapturePlan planOf(const Decoder& decoder, const std::string& globs) {
  hooks::CapturePlan plan;
  for (const hooks::HookId id : hooks::selectHooks(decoder.hooks(), globs)) plan.add(id);
  return plan;
}
inline hooks::CapturePlan planOfAll(const Decoder& decoder) {
  hooks::CapturePlan plan;
  for (const hooks::HookSpec& spec : decoder.hooks()) plan.add(spec.id);
  return plan;
}

inline std::unique_ptr<Run> start(const Decoder& decoder, RunOptions options) {
  auto run = decoder.startRun(std::move(options));
  EXPECT_TRUE(run.ok()) << (run.ok() ? "" : run.error().message());
  return run.ok() ? std::move(*run) : nullptr;
}
inline void append(Run& run, std::span<const std::int32_t> tokens) {
  const Status s = run.append(tokens);
  ASSERT_TRUE(s.ok()) << s.error().message();
}

inline std::int32_t best(const std::vector<double>& logits) {
  return static_cast<std::int32_t>(std::ranges::max_element(logits) - logits.begin());
}

} // namespace orrery::models::test
