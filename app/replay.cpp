// SPDX-License-Identifier: MIT
#include "app/replay.h"

#include "core/session/recipe.h"
#include "core/session/session.h"
#include "core/tensorio/sha256.h"

namespace orrery::app {
namespace {

struct Replay {
  std::string checkpoint, sha256;
  session::OpenOptions open;
  session::RunSpec spec;
  std::vector<std::int32_t> behindPrompt; // given tokens that were generated then
  std::vector<hooks::Eviction> evictions;
};

Json evictionsJson(const hooks::EvictionStudy& study) {
  Json list = Json::array();
  for (const hooks::EvictionResult& result : study.results)
    list.push_back({{"policy", hooks::policyName(result.eviction.policy)},
                    {"budget", result.eviction.budget},
                    {"dropped", result.eviction.dropped}});
  return list;
}

Result<std::vector<hooks::Eviction>> evictionsOf(const Json& list) {
  std::vector<hooks::Eviction> evictions;
  for (const Json& one : list) {
    const auto policy = hooks::policyFromName(one.at("policy").get<std::string>());
    if (!policy) return badInput("recipe: unknown eviction policy " + one.at("policy").dump());
    evictions.push_back(
        {*policy, one.at("budget").get<std::int64_t>(), one.at("dropped").get<std::vector<std::int64_t>>()});
  }
  return evictions;
}

Result<Replay> parse(const Json& recipe) {
  try {
    if (recipe.at("format") != "orrery-run") return badInput("recipe: expected format orrery-run");
    Replay replay;
    replay.checkpoint = recipe.at("checkpoint").at("path").get<std::string>();
    replay.sha256 = recipe.at("checkpoint").at("sha256").get<std::string>();
    replay.open.dtype = recipe.at("dtype") == "float64" ? DType::F64 : DType::F32;
    replay.open.device = recipe.at("device").get<std::string>();
    auto processing = session::processingOf(recipe);
    if (!processing) return processing.error();
    replay.open.processing = *processing;
    replay.spec.hooks = recipe.at("hooks").get<std::string>();
    replay.spec.generate = recipe.at("generate").get<std::int64_t>();
    const Json& sampler = recipe.at("sampler");
    replay.spec.sampler = {sampler.at("temperature").get<double>(), sampler.at("top_k").get<int>(),
                           sampler.at("top_p").get<double>(), sampler.at("seed").get<std::uint64_t>(),
                           sampler.value("stop_at_end", false)};
    replay.spec.tokens = recipe.at("tokens").get<std::vector<std::int32_t>>();
    if (!recipe.at("edits").empty()) return unsupported("a recipe with edits cannot be run again by this program yet");
    const auto prompt = recipe.value("prompt_tokens", replay.spec.tokens.size());
    if (prompt == 0 || prompt > replay.spec.tokens.size()) return badInput("recipe: prompt_tokens out of range");
    replay.behindPrompt.assign(replay.spec.tokens.begin() + static_cast<std::ptrdiff_t>(prompt),
                               replay.spec.tokens.end());
    replay.spec.tokens.resize(prompt);
    if (!recipe.contains("evict")) return replay;
    auto evictions = evictionsOf(recipe.at("evict"));
    if (!evictions) return evictions.error();
    replay.evictions = std::move(*evictions);
    return replay;
  } catch (const Json::exception& error) {
    return badInput(std::string("recipe of the run: ").append(error.what()));
  }
}

Status checkCheckpoint(const Replay& replay) {
  if (replay.sha256.empty()) return Done{};
  auto hash = tensorio::sha256OfCheckpoint(replay.checkpoint);
  if (!hash) return hash.error();
  if (*hash == replay.sha256) return Done{};
  return badInput("the checkpoint is not the one that the recipe was written for: expected SHA-256 " + replay.sha256 +
                      ", found " + *hash,
                  replay.checkpoint);
}

} // namespace

bool isReplayOf(const Json& recipe, const std::string& path) {
  if (!recipe.is_object() || recipe.value("format", Json()) != "orrery-run") return false;
  const Json checkpoint = recipe.value("checkpoint", Json::object());
  return checkpoint.is_object() && checkpoint.value("path", Json()) == path;
}

Json replayRecipe(const store::Snapshot& snapshot) {
  Json recipe = Json::parse(snapshot.info->recipeJson, nullptr, false);
  if (!recipe.is_object()) return nullptr;
  recipe["tokens"] = snapshot.tokens.toVector();
  recipe["prompt_tokens"] = snapshot.promptTokens;
  recipe["generate"] = 0;
  if (snapshot.eviction && snapshot.eviction->tokens == snapshot.length())
    recipe["evict"] = evictionsJson(*snapshot.eviction);
  return recipe;
}

Result<store::SnapshotPtr> replayRun(const Json& recipe, int threads) {
  auto replay = parse(recipe);
  if (!replay) return replay.error();
  if (Status same = checkCheckpoint(*replay); !same) return same.error();
  session::Session engine({.threads = threads});
  if (Status opened = engine.runOpen(replay->checkpoint, replay->open).wait(); !opened) return opened.error();
  if (Status ran = engine.runStart(replay->spec).wait(); !ran) return ran.error();
  if (!replay->behindPrompt.empty())
    if (Status ran = engine.runAppend(replay->behindPrompt).wait(); !ran) return ran.error();
  if (!replay->evictions.empty())
    if (Status ran = engine.runEvict(replay->evictions).wait(); !ran) return ran.error();
  return engine.snapshot();
}

} // namespace orrery::app
