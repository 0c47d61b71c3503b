// SPDX-License-Identifier: MIT
// Runs with a cache that forgets against the same model with a masked attention, written naively: the rules of
// core/hooks/eviction.h once more with plain sets, layer by layer, and their masks added to the whole T x T scores.
#include "tests/core/models/helpers.h"

#include <set>

#include "core/base/json.h"
#include "core/hooks/eviction.h"
#include "core/hooks/kv_states.h"

namespace orrery::models::test {
namespace {

using hooks::Eviction;
using hooks::EvictionPolicy;

using Mask = std::vector<std::vector<std::set<std::int64_t>>>; // [G][T]: what a query may see

// One group of one layer: scores [T, T] of each of its heads (before the mask of eviction), norms [T] of its keys.
std::vector<std::set<std::int64_t>> naiveKept(const Eviction& eviction, std::int64_t window,
                                              const std::vector<std::vector<double>>& scores,
                                              const std::vector<double>& norms) {
  const auto time = static_cast<std::int64_t>(norms.size()), budget = eviction.budget;
  std::vector<double> mass(norms.size(), 0);
  std::vector<std::set<std::int64_t>> seen;
  std::set<std::int64_t> kept;
  for (std::int64_t t = 0; t < time; ++t) {
    std::erase_if(kept, [&](std::int64_t j) { return window > 0 && j <= t - window; });
    if (eviction.policy == EvictionPolicy::Own)
      for (const std::int64_t j : eviction.dropped) kept.erase(j);
    while (eviction.policy != EvictionPolicy::Own && static_cast<std::int64_t>(kept.size()) >= budget) {
      std::vector<std::int64_t> list(kept.begin(), kept.end());
      const std::int64_t sinks = std::min<std::int64_t>(4, budget - 1), recent = budget - budget / 2;
      if (eviction.policy == EvictionPolicy::SinkWindow) std::erase_if(list, [&](auto j) { return j < sinks; });
      if (eviction.policy == EvictionPolicy::HeavyHitter)
        list.resize(list.size() - static_cast<std::size_t>(recent - 1));
      std::int64_t worst = list.front();
      for (const std::int64_t j : list) {
        const auto at = static_cast<std::size_t>(j), than = static_cast<std::size_t>(worst);
        if (eviction.policy == EvictionPolicy::HeavyHitter && mass[at] * (1 + 1e-6) < mass[than]) worst = j;
        if (eviction.policy == EvictionPolicy::KeyNorm && norms[at] * (1 - 1e-6) > norms[than]) worst = j;
      }
      kept.erase(worst);
    }
    kept.insert(t);
    seen.push_back(kept);
    for (const auto& head : scores) {
      double sum = 0;
      for (const std::int64_t j : kept) sum += std::exp(head[static_cast<std::size_t>(t * time + j)]);
      for (const std::int64_t j : kept)
        mass[static_cast<std::size_t>(j)] += std::exp(head[static_cast<std::size_t>(t * time + j)]) / sum;
    }
  }
  return seen;
}

hooks::Edit maskEdit(int layer, const Mask& mask, std::int64_t heads, std::int64_t time) {
  std::vector<double> add(static_cast<std::size_t>(heads * time * time), -INFINITY);
  const std::int64_t share = heads / static_cast<std::int64_t>(mask.size());
  for (std::int64_t h = 0; h < heads; ++h)
    for (std::int64_t t = 0; t < time; ++t)
      for (const std::int64_t j : mask[static_cast<std::size_t>(h / share)][static_cast<std::size_t>(t)])
        add[static_cast<std::size_t>((h * time + t) * time + j)] = 0;
  return {{hooks::HookKind::AttnScores, layer}, {}, hooks::Add{viewOf(std::move(add), {heads, time, time})}};
}

struct Naive {
  std::vector<double> logits; // [T, V] behind a final soft-cap
  std::vector<double> missing;
};

Keeper runWith(const Decoder& decoder, const std::vector<std::int32_t>& tokens, const std::vector<hooks::Edit>& edits) {
  Keeper keeper;
  RunOptions options;
  options.plan = planOf(decoder, "*.hook_attn_scores,*.hook_pattern,unembed.hook_out");
  options.sink = &keeper;
  options.edits = edits;
  append(*start(decoder, options), tokens);
  return keeper;
}

std::vector<double> cappedLogits(const Decoder& decoder, const Keeper& keeper) {
  std::vector<double> logits = keeper.joined("unembed.hook_out").data;
  if (const double cap = decoder.config().finalSoftcap; cap > 0)
    for (double& x : logits) x = cap * std::tanh(x / cap);
  return logits;
}

Naive naiveRun(const Decoder& decoder, const std::vector<std::int32_t>& tokens, const Keeper& full,
               const Eviction& eviction) {
  const ModelConfig& c = decoder.config();
  const auto time = static_cast<std::int64_t>(tokens.size());
  const std::int64_t share = c.heads / c.kvHeads, square = time * time;
  std::vector<hooks::Edit> edits;
  Naive naive{{}, std::vector<double>(static_cast<std::size_t>(time), 0)};
  for (int layer = 0; layer < static_cast<int>(c.layers); ++layer) {
    const std::string attn = "blocks." + std::to_string(layer) + ".attn.";
    const Keeper before = runWith(decoder, tokens, edits);
    const std::vector<double> scores = before.pieces.at(attn + "hook_attn_scores")[0].data;
    const std::vector<double> pattern = full.pieces.at(attn + "hook_pattern")[0].data;
    Mask mask;
    for (std::int64_t g = 0; g < c.kvHeads; ++g) {
      const auto keys = *hooks::kvRows(before.records.at(layer), hooks::KvState::KeyAfterRope, g, {0, time});
      std::vector<double> norms;
      for (std::int64_t t = 0; t < time; ++t) {
        double sum = 0;
        for (std::int64_t d = 0; d < c.headDim; ++d)
          sum += std::pow(keys[static_cast<std::size_t>(t * c.headDim + d)], 2);
        norms.push_back(std::sqrt(sum));
      }
      std::vector<std::vector<double>> heads;
      for (std::int64_t h = g * share; h < (g + 1) * share; ++h)
        heads.emplace_back(scores.begin() + h * square, scores.begin() + (h + 1) * square);
      mask.push_back(naiveKept(eviction, c.attentionWindow(layer), heads, norms));
    }
    for (std::int64_t h = 0; h < c.heads; ++h)
      for (std::int64_t t = 0; t < time; ++t)
        for (std::int64_t j = 0; j <= t; ++j)
          if (!mask[static_cast<std::size_t>(h / share)][static_cast<std::size_t>(t)].contains(j))
            naive.missing[static_cast<std::size_t>(t)] +=
                pattern[static_cast<std::size_t>(h * square + t * time + j)] / static_cast<double>(c.heads * c.layers);
    edits.push_back(maskEdit(layer, mask, c.heads, time));
  }
  naive.logits = cappedLogits(decoder, runWith(decoder, tokens, edits));
  return naive;
}

double naiveKl(const double* p, const double* q, std::int64_t n) {
  const auto logSum = [n](const double* x) {
    const double top = *std::max_element(x, x + n);
    long double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += std::exp(static_cast<long double>(x[i] - top));
    return top + static_cast<double>(std::log(sum));
  };
  const double a = logSum(p), b = logSum(q);
  long double kl = 0;
  for (std::int64_t i = 0; i < n; ++i) kl += std::exp(p[i] - a) * ((p[i] - a) - (q[i] - b));
  return static_cast<double>(kl);
}

std::vector<Eviction> allOf(const std::vector<std::int64_t>& budgets) {
  std::vector<Eviction> all;
  for (int policy = 0; policy < 4; ++policy)
    for (const std::int64_t budget : budgets) all.push_back({static_cast<EvictionPolicy>(policy), budget, {}});
  all.push_back({EvictionPolicy::Own, 0, {0, 3, 4, 11, 15}});
  all.push_back({EvictionPolicy::Own, 0, {}});
  return all;
}

// Largest differences of KL and missing attention from the naive twin.
void checkFolder(const std::string& folder, DType dtype, const std::vector<std::int64_t>& budgets, std::int64_t chunk,
                 double tolerance) {
  const auto decoder = load(folder, dtype);
  ASSERT_TRUE(decoder);
  const std::vector<std::int32_t> tokens = Reference(folder + "/reference.safetensors").tokens("tokens_short");
  const std::int64_t vocab = decoder->config().vocab;
  RunOptions options;
  options.chunk = chunk;
  const auto run = start(*decoder, options);
  append(*run, tokens);
  const auto study = run->evict(allOf(budgets));
  ASSERT_TRUE(study.ok()) << study.error().message();
  const Keeper full = runWith(*decoder, tokens, {});
  const std::vector<double> logits = cappedLogits(*decoder, full);
  double kl = 0, missing = 0, largest = 0;
  for (const hooks::EvictionResult& result : study->results) {
    const Naive naive = naiveRun(*decoder, tokens, full, result.eviction);
    ASSERT_EQ(result.kl.size(), tokens.size());
    double perHead = 0, perPosition = 0;
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      const double *p = logits.data() + static_cast<std::int64_t>(t) * vocab,
                   *q = naive.logits.data() + static_cast<std::int64_t>(t) * vocab;
      const double expected = naiveKl(p, q, vocab);
      largest = std::max(largest, expected);
      kl = std::max(kl, std::abs(result.kl[t] - expected));
      missing = std::max(missing, std::abs(result.missing[t] - naive.missing[t]));
      perPosition += result.missing[t] / static_cast<double>(tokens.size());
      const auto topOf = [&](const double* x) { return std::max_element(x, x + vocab) - x; };
      if (dtype == DType::F64) {
        EXPECT_EQ(result.topChanged[t] != 0, topOf(p) != topOf(q));
      }
    }
    for (const double x : result.missingPerHead) perHead += x / static_cast<double>(result.missingPerHead.size());
    EXPECT_NEAR(perHead, perPosition, 1e-12);
  }
  std::printf("  %s %s chunk %d: %zu caches, KL up to %.3f nat, largest difference %.1e, of missing attention %.1e  "
              "tolerance %.0e\n",
              folder.c_str(), dtype == DType::F64 ? "float64" : "float32", static_cast<int>(chunk),
              study->results.size(), largest, kl, missing, tolerance);
  EXPECT_GT(largest, 1e-3); // eviction is not without effect
  EXPECT_LE(kl, tolerance);
  EXPECT_LE(missing, tolerance);
}

std::vector<std::string> folders() {
  std::vector<std::string> all;
  for (const std::string& home : {kOracles + "/models", kData})
    if (std::filesystem::exists(home))
      for (const auto& entry : std::filesystem::directory_iterator(home))
        if (std::filesystem::exists(entry.path() / "reference.safetensors")) all.push_back(entry.path().string());
  std::ranges::sort(all);
  return all;
}

TEST(Eviction, EqualsMaskedAttention) {
  ASSERT_FALSE(folders().empty());
  for (const std::string& folder : folders()) {
    checkFolder(folder, DType::F64, {1, 2, 5, 8, 16, 23}, 512, 1e-9);
    checkFolder(folder, DType::F64, {3, 9}, 7, 1e-9);
    checkFolder(folder, DType::F32, {6, 12}, 512, 2e-4);
  }
}

// Numbers of make_eviction.py: transformers, with an attention of its own that walks token by token. Its norms and RoPE
// tables round to float32 even in float64, which is what the tolerance is for.
TEST(Eviction, EqualsTransformers) {
  int checked = 0;
  for (const char* name : {"llama_options", "qwen2_options", "mistral_options", "gpt2_options"}) {
    const std::string folder = kData + "/" + name;
    const auto json = readJsonFile(folder + "/eviction.json");
    ASSERT_TRUE(json.ok()) << json.error().message();
    std::vector<Eviction> evictions;
    for (const Json& one : json->at("results"))
      evictions.push_back({*hooks::policyFromName(one.at("policy").get<std::string>()), one.at("budget"),
                           one.at("dropped").get<std::vector<std::int64_t>>()});
    for (const DType dtype : {DType::F64, DType::F32}) {
      const auto decoder = load(folder, dtype);
      const auto run = start(*decoder, {});
      append(*run, json->at("tokens").get<std::vector<std::int32_t>>());
      const auto study = run->evict(evictions);
      ASSERT_TRUE(study.ok());
      double kl = 0, missing = 0;
      for (std::size_t i = 0; i < evictions.size(); ++i) {
        const Json& expected = json->at("results")[i];
        const auto gone = expected.at("missing").get<std::vector<double>>();
        kl = std::max(kl, difference(study->results[i].kl, expected.at("kl").get<std::vector<double>>()).largest);
        missing = std::max(missing, difference(study->results[i].missing, gone).largest);
        ++checked;
      }
      std::printf("  %s %s: largest difference of KL %.1e, of missing attention %.1e  tolerance 1e-4\n", name,
                  dtype == DType::F64 ? "float64" : "float32", kl, missing);
      EXPECT_LE(kl, 1e-4);
      EXPECT_LE(missing, 1e-4);
    }
  }
  EXPECT_EQ(checked, 4 * 2 * 17);
}

TEST(Eviction, FullBudgetIsTheRunItself) {
  double worst = 0;
  for (const std::string& folder : folders())
    for (const DType dtype : {DType::F32, DType::F64}) {
      const auto decoder = load(folder, dtype);
      const auto run = start(*decoder, {});
      const auto tokens = Reference(folder + "/reference.safetensors").tokens("tokens_long");
      append(*run, tokens);
      const auto study = run->evict(allOf({static_cast<std::int64_t>(tokens.size()), 1 << 30}));
      ASSERT_TRUE(study.ok());
      for (const hooks::EvictionResult& result : study->results) {
        if (!result.eviction.dropped.empty()) continue;
        for (const double kl : result.kl) worst = std::max(worst, kl);
        EXPECT_EQ(result.topChangedCount(), 0);
        EXPECT_EQ(result.missingMean(), 0);
      }
    }
  std::printf("full budget: largest KL %.1e  tolerance 1e-6\n", worst);
  EXPECT_LE(worst, 1e-6);
}

std::string dataFolder() { return kData + "/llama_options"; }

TEST(Eviction, LaterTokensDoNotMatter) {
  const auto decoder = load(dataFolder(), DType::F64);
  const auto tokens = Reference(dataFolder() + "/reference.safetensors").tokens("tokens_long");
  const auto whole = start(*decoder, {}), part = start(*decoder, {});
  append(*whole, tokens);
  append(*part, std::span(tokens).first(30));
  const auto a = whole->evict(allOf({6})), b = part->evict(allOf({6}));
  ASSERT_TRUE(a.ok() && b.ok());
  double worst = 0;
  for (std::size_t i = 0; i < b->results.size(); ++i)
    for (std::size_t t = 0; t < 30; ++t)
      worst = std::max({worst, std::abs(a->results[i].kl[t] - b->results[i].kl[t]),
                        std::abs(a->results[i].missing[t] - b->results[i].missing[t])});
  std::printf("first 30 of %zu tokens: largest difference %.1e  tolerance 1e-10\n", tokens.size(), worst);
  EXPECT_LE(worst, 1e-10);
}

// The run that is measured keeps its edits: ablating a head in both shows no KL at the full budget.
TEST(Eviction, EditsOfTheRunAct) {
  const auto decoder = load(dataFolder(), DType::F64);
  const auto tokens = Reference(dataFolder() + "/reference.safetensors").tokens("tokens_short");
  RunOptions options;
  options.edits = {hooks::ablateHead(0, 1)};
  options.edits.push_back({{hooks::HookKind::RotK, 1}, {{"T", 2, 9}}, hooks::Scale{0.5}});
  const auto edited = start(*decoder, options), plain = start(*decoder, {});
  append(*edited, tokens);
  append(*plain, tokens);
  const auto full = edited->evict({{EvictionPolicy::Window, 24, {}}}),
             cut = edited->evict({{EvictionPolicy::Window, 4, {}}});
  const auto other = plain->evict({{EvictionPolicy::Window, 4, {}}});
  ASSERT_TRUE(full.ok() && cut.ok() && other.ok());
  EXPECT_LE(full->results[0].klMean(), 1e-12);
  EXPECT_GT(std::abs(cut->results[0].klMean() - other->results[0].klMean()), 1e-6);
  options.edits = {{{hooks::HookKind::Pattern, 0}, {}, hooks::Zero{}}};
  const auto mapped = start(*decoder, options);
  append(*mapped, tokens);
  EXPECT_EQ(mapped->evict({{EvictionPolicy::Window, 4, {}}}).error().code, Code::Unsupported);
}

TEST(Eviction, BadInputAndCancel) {
  const auto decoder = load(dataFolder());
  const auto run = start(*decoder, {});
  EXPECT_EQ(run->evict({{EvictionPolicy::Window, 4, {}}}).error().code, Code::BadInput); // no token yet
  append(*run, std::vector<std::int32_t>{1, 2, 3});
  for (const std::int64_t budget : {std::int64_t{0}, std::int64_t{-3}}) {
    const auto refused = run->evict({{EvictionPolicy::KeyNorm, budget, {}}});
    ASSERT_FALSE(refused.ok());
    std::printf("%s\n", refused.error().message().c_str());
  }
  EXPECT_EQ(run->evict({{EvictionPolicy::Own, 0, {3}}}).error().code, Code::BadInput);
  EXPECT_EQ(run->evict({{EvictionPolicy::Own, 0, {-1}}}).error().code, Code::BadInput);
  RunOptions plain;
  plain.plan.attention = plain.plan.overviews = false;
  const auto blind = start(*decoder, plain);
  append(*blind, std::vector<std::int32_t>{1, 2, 3});
  EXPECT_EQ(blind->evict({{EvictionPolicy::Window, 4, {}}}).error().code, Code::BadInput);
  RunOptions broken;
  broken.edits = {{{hooks::HookKind::K, 0}, {{"T", 1, 2}}, hooks::Replace{viewOf(std::vector<float>{NAN}, {1})}}};
  const auto last = static_cast<int>(decoder->config().layers) - 1;
  broken.edits.push_back(
      {{hooks::HookKind::ResidPost, last}, {{"T", 4, 5}}, hooks::Replace{viewOf(std::vector<float>{NAN}, {1})}});
  const auto poisoned = start(*decoder, broken);
  append(*poisoned, std::vector<std::int32_t>{1, 2, 3, 4, 5, 6});
  const auto poison = poisoned->evict({{EvictionPolicy::HeavyHitter, 3, {}}, {EvictionPolicy::KeyNorm, 3, {}}});
  ASSERT_TRUE(poison.ok());
  for (const hooks::EvictionResult& result : poison->results) {
    EXPECT_TRUE(std::isnan(result.kl[4])); // logits are not finite there; a row of scores with NaN attends to nothing
    EXPECT_TRUE(std::isfinite(result.kl[5]));
  }
  std::stop_source stop;
  int calls = 0;
  const auto stopped = run->evict({{EvictionPolicy::Window, 4, {}}, {EvictionPolicy::Window, 2, {}}}, stop.get_token(),
                                  [&](double fraction) {
                                    EXPECT_GE(fraction, 0);
                                    EXPECT_LE(fraction, 1);
                                    if (++calls == 3) stop.request_stop();
                                  });
  EXPECT_EQ(stopped.error().code, Code::Cancelled);
  const auto one = run->evict({{EvictionPolicy::HeavyHitter, 1, {}}});
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->results[0].kl[0], 0); // the first token sees itself, as always
}

} // namespace
} // namespace orrery::models::test
