// SPDX-License-Identifier: MIT
#include "app/verbs/run_input.h"

#include <limits>

#include "core/base/file.h"
#include "core/base/json.h"

namespace orrery::app {
namespace {

// [1, 2, 3] or [[1, 2, 3]]
Result<std::vector<std::int32_t>> readTokens(const std::string& path) {
  auto json = readJsonFile(path);
  if (!json) return json.error();
  const Json& list = json->is_array() && json->size() == 1 && (*json)[0].is_array() ? (*json)[0] : *json;
  if (!list.is_array()) return badInput("expected a JSON array of token ids", path);
  std::vector<std::int32_t> tokens;
  for (const Json& id : list) {
    if (!id.is_number_integer() || id.get<double>() < 0 || id.get<double>() > std::numeric_limits<std::int32_t>::max())
      return badInput("expected token ids, found " + id.dump().substr(0, 40), path);
    tokens.push_back(id.get<std::int32_t>());
  }
  return tokens;
}

} // namespace

void addRunInput(CLI::App& verb, RunInput& input, bool required) {
  verb.add_option("CHECKPOINT", input.checkpoint, "HF folder, .safetensors, .gguf, .pt or .bin")->required();
  auto* group = verb.add_option_group("input", "What to run on");
  group->add_option("--text", input.text, "The text");
  group->add_option("--file", input.file, "A file whose bytes are the text");
  group->add_option("--tokens", input.tokens, "Token ids, by comma; nothing is added")->delimiter(',');
  group->add_option("--tokens-file", input.tokensFile, "A JSON array of token ids");
  group->require_option(required ? 1 : 0, 1);
}

void addProcessing(CLI::App& verb, std::string& words) {
  verb.add_option("--process", words, "Weights: fold-ln, center-writing, center-unembed, by comma; none without it");
}

Result<session::OpenOptions> openOptions(const std::string& dtype, const std::string& processing, std::string device) {
  auto parsed = models::parseProcessing(processing);
  if (!parsed) return parsed.error();
  return session::OpenOptions{dtype == "float64" ? DType::F64 : DType::F32, std::move(device), *parsed};
}

Result<session::RunSpec> runSpec(const RunInput& input) {
  session::RunSpec spec;
  spec.text = input.text;
  spec.tokens = input.tokens;
  if (!input.file.empty()) {
    auto text = readFile(input.file, std::size_t{1} << 30);
    if (!text) return text.error();
    spec.text = std::move(*text);
  } else if (!input.tokensFile.empty()) {
    auto tokens = readTokens(input.tokensFile);
    if (!tokens) return tokens.error();
    if (tokens->empty()) return badInput("no token ids in it", input.tokensFile);
    spec.tokens = std::move(*tokens);
  }
  return spec;
}

} // namespace orrery::app
