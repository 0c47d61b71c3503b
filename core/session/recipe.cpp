// SPDX-License-Identifier: MIT
#include "core/session/recipe.h"

#include "core/base/json.h"

namespace orrery::session {

std::string runRecipe(const store::RunInfo& info, const RunSpec& spec, const std::vector<std::int32_t>& tokens) {
  const Json recipe = {
      {"format", "orrery-run"},
      {"version", 1},
      {"checkpoint", {{"path", info.checkpoint}, {"sha256", info.checkpointHash}}},
      {"tokens", tokens},
      {"hooks", spec.hooks},
      {"generate", spec.generate},
      {"sampler",
       {{"temperature", spec.sampler.temperature},
        {"top_k", spec.sampler.topK},
        {"top_p", spec.sampler.topP},
        {"seed", spec.sampler.seed}}},
      {"dtype", info.dtype == DType::F64 ? "float64" : "float32"},
      {"device", info.device},
      {"edits", spec.edits.size()},
  };
  return recipe.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace orrery::session
