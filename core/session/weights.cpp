// SPDX-License-Identifier: MIT
#include "core/session/weights.h"

#include <algorithm>
#include <filesystem>

#include "core/models/decoder.h"
#include "core/models/weight_map.h"

namespace orrery::session {
namespace {

weights::HeadCounts headsOf(const models::ModelConfig& config) {
  return {config.layers, config.heads, config.kvHeads, config.headDim, config.model};
}

weights::Weight weightOf(const models::MappedWeight& mapped, const tensorio::TensorFile& file, bool stacked) {
  weights::Weight weight;
  weight.name = stacked ? mapped.tensor + "[" + std::to_string(mapped.expert) + "]" : mapped.tensor;
  weight.canonical = mapped.canonical;
  weight.part = mapped.part;
  weight.layer = mapped.layer >= 0 ? mapped.layer : weights::layerInName(mapped.canonical);
  weight.expert = mapped.expert;
  weight.info = file.find(mapped.tensor);
  weight.first = mapped.first;
  weight.shape = mapped.shape;
  weight.transposed = mapped.transposed;
  weight.rows = mapped.rows;
  return weight;
}

} // namespace

weights::WeightsPtr weightsOf(const std::string& path, const tensorio::TensorFile& file) {
  auto config = models::configOf(path, file);
  if (config)
    if (Status theirs = models::checkTensors(*config, file); !theirs) config = theirs.error();
  weights::WeightSet::Parts parts{path, file, {}, {}, models::availableMemory() / 2};
  if (config) parts.heads = headsOf(*config);
  for (const models::MappedWeight& mapped : models::mapWeights(config ? &*config : nullptr, file)) {
    const tensorio::TensorInfo* info = file.find(mapped.tensor);
    parts.weights.push_back(weightOf(mapped, file, mapped.shape.size() < info->shape.size()));
  }
  return std::make_shared<const weights::WeightSet>(std::move(parts));
}

Result<weights::WeightsPtr> openWeights(const std::string& path) {
  auto file = tensorio::openTensors(path);
  if (!file) return file.error();
  return weightsOf(path, *file);
}

namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostCheckpoints = 10000;

std::vector<std::string> entriesOf(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; it != end && paths.size() < kMostCheckpoints;
       it.increment(ignored))
    paths.push_back(it->path().string());
  std::ranges::sort(paths, naturallyBefore);
  return paths;
}

bool digit(char c) { return c >= '0' && c <= '9'; }

// Cuts a run of digits off the front, without leading zeros.
std::string_view takeDigits(std::string_view& text) {
  std::size_t end = 0, zeros = 0;
  while (end < text.size() && digit(text[end])) ++end;
  while (zeros + 1 < end && text[zeros] == '0') ++zeros;
  const std::string_view number = text.substr(zeros, end - zeros);
  text.remove_prefix(end);
  return number;
}

} // namespace

bool naturallyBefore(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (digit(a.front()) && digit(b.front())) {
      const std::string_view x = takeDigits(a), y = takeDigits(b);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
      continue;
    }
    if (a.front() != b.front()) return a.front() < b.front();
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() < b.size();
}

Result<std::vector<weights::WeightsPtr>> openSeries(const std::string& path, const std::stop_token& stop) {
  auto single = openWeights(path);
  if (single) return std::vector<weights::WeightsPtr>{*single};
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return single.error();
  std::vector<weights::WeightsPtr> series;
  for (const std::string& entry : entriesOf(path)) {
    if (stop.stop_requested()) return cancelled();
    if (auto opened = openWeights(entry)) series.push_back(*opened); // logs and the like lie beside checkpoints
  }
  if (series.empty()) return notFound("there is no checkpoint in this folder, nor is it one", path);
  return series;
}

} // namespace orrery::session
