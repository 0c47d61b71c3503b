// SPDX-License-Identifier: MIT
#include "core/session/recipe.h"

namespace orrery::session {
namespace {

Json actionJson(const hooks::EditAction& action) {
  if (const auto* scale = std::get_if<hooks::Scale>(&action)) return {{"kind", "scale"}, {"factor", scale->factor}};
  const auto withValue = [](const char* kind, const TensorView& value) {
    return Json{{"kind", kind}, {"shape", value.shape}, {"values", toDoubles(value)}};
  };
  if (const auto* add = std::get_if<hooks::Add>(&action)) return withValue("add", add->value);
  if (const auto* replace = std::get_if<hooks::Replace>(&action)) return withValue("replace", replace->value);
  return {{"kind", "zero"}};
}

Json editsJson(const std::vector<hooks::Edit>& edits) {
  Json list = Json::array();
  for (const hooks::Edit& edit : edits) {
    Json where = Json::object();
    for (const hooks::EditSlice& slice : edit.where) where[slice.dim] = {slice.begin, slice.end};
    list.push_back({{"at", hooks::hookName(edit.at)}, {"where", where}, {"action", actionJson(edit.action)}});
  }
  return list;
}

} // namespace

Result<models::Processing> processingOf(const Json& recipe) {
  if (!recipe.is_object() || !recipe.contains("processing")) return models::Processing{};
  const Json& list = recipe["processing"];
  if (!list.is_array()) return badInput("processing: expected a list of words");
  std::string words;
  for (const Json& word : list) {
    if (!word.is_string()) return badInput("processing: expected a list of words");
    words.append(words.empty() ? "" : ",").append(word.get<std::string>());
  }
  return models::parseProcessing(words);
}

std::string runRecipe(const store::RunInfo& info, const RunSpec& spec, const std::vector<std::int32_t>& tokens,
                      const models::Processing& processing) {
  Json recipe = {
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
        {"seed", spec.sampler.seed},
        {"stop_at_end", spec.sampler.stopAtEnd}}},
      {"dtype", info.dtype == DType::F64 ? "float64" : "float32"},
      {"device", info.device},
      {"edits", editsJson(spec.edits)},
  };
  if (processing.any()) recipe["processing"] = models::processingWords(processing);
  return recipe.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace orrery::session
