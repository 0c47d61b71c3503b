// SPDX-License-Identifier: MIT
// Whatever the text: no crash, and an accepted config is a model of finite numbers that is read back as it was written.
#include <cmath>
#include <cstdlib>

#include "core/models/config.h"

namespace {

using orrery::models::ModelConfig;

void require(bool holds) {
  if (!holds) std::abort();
}

void checkFrequencies(const ModelConfig& config) {
  constexpr std::int64_t kManyDims = 4096; // beyond: only slower
  if (config.position != orrery::models::PositionKind::Rope || config.rope.dims > kManyDims) return;
  const auto made = ropeFrequencies(config.rope);
  require(made.frequency.size() == static_cast<std::size_t>(config.rope.dims / 2) && std::isfinite(made.scale));
  for (const double frequency : made.frequency) require(std::isfinite(frequency));
}

// The matrices alone, in floating point: parameters() must not have wrapped around.
double atLeast(const ModelConfig& c) {
  const auto n = [](std::int64_t value) { return static_cast<double>(value); };
  const double attention = 2 * n(c.heads) * n(c.headDim) * n(c.model), mlp = 2 * n(c.mlp) * n(c.model);
  return n(c.layers) * (attention + mlp) + n(c.vocab) * n(c.model);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace orrery;
  const auto json = parseJson({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!json) return 0;
  const auto config = models::parseConfig(*json, "fuzz");
  if (!config) return config.error().what.empty() ? std::abort(), 0 : 0;
  require(config->heads % config->kvHeads == 0 && config->layers == config->dims().layers);
  require(static_cast<double>(config->parameters()) >= 0.99 * atLeast(*config));
  require(!config->hooks().empty() && std::isfinite(config->attentionScale(config->layers - 1)));
  checkFrequencies(*config);
  const std::string written = configJson(*config);
  const auto again = models::parseConfig(*parseJson(written, "written"), "written");
  require(again.ok() && configJson(*again) == written && again->parameters() == config->parameters());
  return 0;
}
