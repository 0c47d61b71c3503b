// SPDX-License-Identifier: MIT
// The model.bin of llama2.c: a Llama whose q and k rows are in Meta's order (source: karpathy/llama2.c, export.py:
// hf_export permutes them; norm eps 1e-5 and RoPE base 10000 are fixed in run.c).
#include <array>

#include "core/models/format.h"

namespace orrery::models {
namespace {

struct Name {
  std::string_view inFile; // behind "layers.N."
  std::string_view TensorNames::*place;
};
constexpr std::array kLayerNames = {
    Name{"attention_norm", &TensorNames::ln1},   Name{"attention.wq", &TensorNames::q},
    Name{"attention.wk", &TensorNames::k},       Name{"attention.wv", &TensorNames::v},
    Name{"attention.wo", &TensorNames::out},     Name{"ffn_norm", &TensorNames::ln2},
    Name{"feed_forward.w1", &TensorNames::gate}, Name{"feed_forward.w2", &TensorNames::down},
    Name{"feed_forward.w3", &TensorNames::up}};

std::optional<std::string> familyName(const Family& family, std::string_view name) {
  constexpr std::string_view kWeight = ".weight", kLayers = "layers.";
  if (!name.ends_with(kWeight)) return std::nullopt;
  name.remove_suffix(kWeight.size());
  if (name == "tok_embeddings") return std::string(family.names.embed);
  if (name == "norm") return std::string(family.names.finalNorm);
  if (name == "output") return std::string(family.names.unembed);
  if (!name.starts_with(kLayers)) return std::nullopt;
  name.remove_prefix(kLayers.size());
  const auto layer = takeNumber(name);
  if (!layer) return std::nullopt;
  for (const Name& row : kLayerNames)
    if (row.inFile == name) return numbered(family.names.*row.place, *layer);
  return std::nullopt;
}

} // namespace

Result<ModelConfig> llama2cConfig(const tensorio::TensorFile& file, const std::string& where) {
  const Json& d = file.description();
  const Json json = {{"architectures", {"LlamaForCausalLM"}},
                     {"model_type", "llama"},
                     {"hidden_size", d.value("dim", 0)},
                     {"intermediate_size", d.value("hidden_dim", 0)},
                     {"num_hidden_layers", d.value("n_layers", 0)},
                     {"num_attention_heads", d.value("n_heads", 0)},
                     {"num_key_value_heads", d.value("n_kv_heads", 0)},
                     {"vocab_size", d.value("vocab_size", 0)},
                     {"max_position_embeddings", d.value("max_seq_len", 0)},
                     {"rms_norm_eps", 1e-5},
                     {"tie_word_embeddings", d.value("shared_classifier", true)},
                     {"bos_token_id", 1},
                     {"eos_token_id", 2}};
  auto config = parseConfig(json, where);
  if (config) config->stored.permutedRope = true;
  return config;
}

std::optional<std::vector<Alias>> llama2cAliases(const ModelConfig&, const Family& family,
                                                 const tensorio::TensorInfo& info) {
  if (info.name.starts_with("freq_cis")) return std::vector<Alias>{}; // RoPE tables, computed here
  const auto name = familyName(family, info.name);
  if (!name) return std::nullopt;
  return std::vector<Alias>{{*name + ".weight", 0, info.shape}};
}

} // namespace orrery::models
