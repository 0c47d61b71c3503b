// SPDX-License-Identifier: MIT
// nanoGPT's ckpt.pt: GPT-2 with nn.Linear matrices, exact GELU, LayerNorm eps 1e-5 and biases that may be switched off
// (source: karpathy/nanoGPT, model.py and train.py: "model_args").
#include "core/base/text.h"
#include "core/models/config_reader.h"
#include "core/models/format.h"

namespace orrery::models {

Result<ModelConfig> nanoGptConfig(const tensorio::TensorFile& file, const std::string& where) {
  const Json& args = file.description().at("model_args");
  if (!args.is_object()) return badInput("model_args: expected an object, found " + shortJson(args), where);
  for (const auto& [key, value] : args.items())
    if (key != "n_layer" && key != "n_head" && key != "n_embd" && key != "block_size" && key != "vocab_size" &&
        key != "bias" && key != "dropout")
      return unsupported("model_args: option " + inQuotes(key) + " = " + shortJson(value) + " is not known here",
                         where);
  const auto number = [&](const char* key) { return args.contains(key) ? args.at(key) : Json(); };
  const Json json = {{"architectures", {"GPT2LMHeadModel"}}, {"model_type", "gpt2"},
                     {"n_layer", number("n_layer")},         {"n_head", number("n_head")},
                     {"n_embd", number("n_embd")},           {"n_positions", number("block_size")},
                     {"vocab_size", number("vocab_size")},   {"activation_function", "gelu"}};
  auto config = parseConfig(json, where);
  if (!config) return config;
  config->stored.conv1d = false;
  ConfigReader reader(args, where);
  const bool bias = reader.flag("bias", true);
  if (!reader.ok()) return reader.error();
  config->qkvBias = config->outBias = config->mlpBias = config->normBias = bias;
  return config;
}

} // namespace orrery::models
