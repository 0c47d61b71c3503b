// SPDX-License-Identifier: MIT
// orrery hooks CHECKPOINT --tokens-count T
#include <iostream>
#include <memory>

#include "app/verbs/verbs.h"
#include "core/session/checkpoint.h"

namespace orrery::app {
namespace {

struct Options {
  std::string checkpoint;
  std::int64_t tokens = 1;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Status run(const Options& options, const Common& common) {
  auto model = session::inspect(options.checkpoint);
  if (!model) return model.error();
  OrderedJson rows = OrderedJson::array();
  for (const hooks::HookSpec& spec : model->info.hooks) {
    const Shape shape = hooks::hookShape(spec.id, model->info.dims, options.tokens);
    const auto count = elementCount(shape);
    if (!count || *count > std::int64_t{1} << 60)
      return tooLarge(spec.name + " has more than 2^60 elements at " + std::to_string(options.tokens) + " tokens");
    rows.push_back({{"name", spec.name},
                    {"dims", joined(spec.dims)},
                    {"shape", shape},
                    {"unit", spec.unit},
                    {"bytes", *count * 4},
                    {"on_request", spec.onRequest},
                    {"meaning", spec.meaning}});
  }
  if (common.json) {
    printJson({{"hooks", rows}});
    return Done{};
  }
  for (const auto& row : rows)
    std::cout << row["name"].get<std::string>() << "  [" << row["dims"].get<std::string>() << "] "
              << row["shape"].dump() << "  " << shortBytes(row["bytes"].get<double>()) << '\n';
  return Done{};
}

} // namespace

void declareHooks(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("hooks", "Every hook point of a checkpoint with its shape and size",
                             [options, &line] { return run(*options, line.common); });
  verb->add_option("CHECKPOINT", options->checkpoint, "HF folder, .safetensors, .gguf, .pt or .bin")->required();
  verb->add_option("--tokens-count", options->tokens, "T in the shapes")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 31));
}

} // namespace orrery::app
