// SPDX-License-Identifier: MIT
// orrery evict CHECKPOINT: what a smaller KV cache would cost, by policy and budget, and the curve as a figure.
#include <iostream>
#include <memory>

#include "app/figure_writer.h"
#include "app/replay.h"
#include "app/verbs/run_input.h"
#include "app/verbs/verbs.h"
#include "core/session/session.h"
#include "plugins/plugin_host.h"
#include "views/paint/gui_application.h"

namespace orrery::app {
namespace {

struct Options {
  RunInput input;
  std::vector<std::string> policies{"window", "sink-window", "heavy-hitter", "key-norm"};
  std::vector<std::int64_t> budgets, drop;
  std::string dtype = "float32", out, data, theme = "print";
  std::int64_t generate = 0;
  double width = 85;
};

// An eighth to the whole of T, doubling.
std::vector<std::int64_t> usualBudgets(std::int64_t tokens) {
  std::vector<std::int64_t> budgets;
  for (const std::int64_t part : {8, 4, 2, 1})
    if (const std::int64_t budget = std::max<std::int64_t>(1, tokens / part);
        budgets.empty() || budgets.back() != budget)
      budgets.push_back(budget);
  return budgets;
}

Result<std::vector<hooks::Eviction>> evictionsOf(const Options& options, std::int64_t tokens) {
  std::vector<hooks::Eviction> all;
  const std::vector<std::int64_t> budgets = options.budgets.empty() ? usualBudgets(tokens) : options.budgets;
  for (const std::string& name : options.policies) {
    const auto policy = hooks::policyFromName(name);
    if (!policy || *policy == hooks::EvictionPolicy::Own)
      return badInput("--policy: expected window, sink-window, heavy-hitter or key-norm, found \"" + name + "\"");
    for (const std::int64_t budget : budgets) all.push_back({*policy, budget, {}});
  }
  if (!options.drop.empty())
    all.push_back({hooks::EvictionPolicy::Own, tokens - static_cast<std::int64_t>(options.drop.size()), options.drop});
  return all;
}

OrderedJson rowOf(const hooks::EvictionResult& result, const hooks::EvictionStudy& study) {
  OrderedJson perHead = OrderedJson::array();
  for (std::int64_t layer = 0; layer < study.layers; ++layer)
    perHead.push_back(std::vector<double>(result.missingPerHead.begin() + layer * study.heads,
                                          result.missingPerHead.begin() + (layer + 1) * study.heads));
  OrderedJson row = {{"policy", hooks::policyName(result.eviction.policy)},
                     {"budget", result.eviction.budget},
                     {"kl", result.kl},
                     {"kl_mean", result.klMean()},
                     {"top1_changed", result.topChangedCount()},
                     {"missing_attention", result.missingMean()},
                     {"top1_changed_at", result.topChanged},
                     {"missing_attention_at", result.missing},
                     {"missing_attention_per_head", perHead}};
  if (result.eviction.policy == hooks::EvictionPolicy::Own) row["dropped"] = result.eviction.dropped;
  return row;
}

void printReport(const hooks::EvictionStudy& study) {
  std::printf("%-13s %8s %12s %14s %18s\n", "policy", "budget", "KL (nat)", "top-1 changed", "missing attention");
  for (const hooks::EvictionResult& result : study.results)
    std::printf(
        "%-13s %8lld %12.6g %6lld of %-6lld %17.4f\n", std::string(hooks::policyName(result.eviction.policy)).c_str(),
        static_cast<long long>(result.eviction.budget), result.klMean(),
        static_cast<long long>(result.topChangedCount()), static_cast<long long>(study.tokens), result.missingMean());
}

Status drawCurve(const store::SnapshotPtr& snapshot, const Options& options) {
  if (Status gui = paint::ensureGuiApplication(); !gui) return gui;
  exports::Recipe recipe;
  recipe.inputPath = options.input.checkpoint;
  recipe.inputMake = replayRecipe(*snapshot);
  recipe.view = "eviction-curve";
  recipe.figure.widthMm = options.width;
  recipe.figure.theme = options.theme == "light"  ? scene::ThemeKind::Light
                        : options.theme == "dark" ? scene::ThemeKind::Dark
                                                  : scene::ThemeKind::Print;
  return writeFigure(plugins::allViews(), {.snapshot = snapshot}, recipe, options.out, options.data);
}

Status run(const Options& options, const Common& common) {
  auto spec = runSpec(options.input);
  if (!spec) return spec.error();
  spec->generate = options.generate;
  spec->captureOverviews = false;
  session::Session engine({.threads = common.threads});
  const auto open = openOptions(options.dtype, "");
  if (!open) return open.error();
  if (Status opened = waitWithProgress(engine.runOpen(options.input.checkpoint, *open), common.json); !opened)
    return opened;
  if (Status ran = waitWithProgress(engine.runStart(*spec), common.json); !ran) return ran;
  auto evictions = evictionsOf(options, engine.snapshot()->length());
  if (!evictions) return evictions.error();
  if (Status ran = waitWithProgress(engine.runEvict(*evictions), common.json); !ran) return ran;
  const store::SnapshotPtr snapshot = engine.snapshot();
  if (!options.out.empty())
    if (Status drawn = drawCurve(snapshot, options); !drawn) return drawn;
  const hooks::EvictionStudy& study = *snapshot->eviction;
  if (!common.json) {
    printReport(study);
    return Done{};
  }
  OrderedJson json = {{"results", OrderedJson::array()}, {"tokens", snapshot->tokens.toVector()}, {"out", options.out}};
  for (const hooks::EvictionResult& result : study.results) json["results"].push_back(rowOf(result, study));
  printJson(json);
  return Done{};
}

} // namespace

void declareEvict(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("evict", "What a smaller KV cache would cost: KL, changed tokens, missing attention",
                             [options, &line] { return run(*options, line.common); });
  addRunInput(*verb, options->input);
  verb->add_option("--policy", options->policies, "window, sink-window, heavy-hitter, key-norm, by comma (all)")
      ->delimiter(',');
  verb->add_option("--budget", options->budgets, "Entries kept per head, by comma (T/8, T/4, T/2, T)")->delimiter(',');
  verb->add_option("--drop", options->drop, "Positions to drop besides, by comma: a cache of its own")->delimiter(',');
  verb->add_option("--generate", options->generate, "Tokens to generate (greedy) behind the input first")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 31));
  verb->add_option("--dtype", options->dtype, "What it computes in")->check(CLI::IsMember({"float32", "float64"}));
  verb->add_option("--out", options->out, "Curve over budgets: .svg, .png or .pdf, and its recipe");
  verb->add_option("--data", options->data, "The numbers of the curve: .csv, .npy or .h5");
  verb->add_option("--theme", options->theme, "Colours of the figure")
      ->check(CLI::IsMember({"light", "dark", "print"}));
  verb->add_option("--width", options->width, "Width of the figure in mm");
}

} // namespace orrery::app
