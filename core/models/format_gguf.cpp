// SPDX-License-Identifier: MIT
// GGUF as llama.cpp's converter writes it (source: gguf-py/gguf/constants.py and tensor_mapping.py,
// convert_hf_to_gguf.py, llama-model.cpp): keys "ARCH.key" become a config.json of the family, tensors get its names.
// Differences to HF files: Llama's q and k rows pair dimensions (2i, 2i + 1), Gemma's norm weights hold the added one
// already, GPT-2's matrices are [out, in], GPT-NeoX's qkv is in blocks of q, k, v. Architecture "llama" always pairs
// so, whatever model it was made of: the converter permutes rows of HF's Llama, Mistral and Mixtral and leaves those of
// native Mistral files (consolidated.safetensors), which pair so themselves (undo_permute); llama.cpp turns all alike.
#include <array>
#include <cmath>

#include "core/base/text.h"
#include "core/models/config_reader.h"
#include "core/models/format.h"

namespace orrery::models {
namespace {

using tensorio::TensorFile;
using tensorio::TensorInfo;

struct Arch {
  std::string_view name, architecture;
  bool permutedRope;
};
constexpr std::array kArchs = {Arch{"llama", "LlamaForCausalLM", true},      Arch{"gpt2", "GPT2LMHeadModel", false},
                               Arch{"gptneox", "GPTNeoXForCausalLM", false}, Arch{"qwen2", "Qwen2ForCausalLM", false},
                               Arch{"qwen3", "Qwen3ForCausalLM", false},     Arch{"gemma", "GemmaForCausalLM", false},
                               Arch{"gemma2", "Gemma2ForCausalLM", false},   Arch{"phi2", "PhiForCausalLM", false},
                               Arch{"phi3", "Phi3ForCausalLM", false}};

// Keys behind "ARCH." that change nothing here, or are read below.
constexpr std::array kKnownKeys = {std::string_view("context_length"),
                                   std::string_view("embedding_length"),
                                   std::string_view("block_count"),
                                   std::string_view("feed_forward_length"),
                                   std::string_view("vocab_size"),
                                   std::string_view("tensor_data_layout"),
                                   std::string_view("use_parallel_residual"),
                                   std::string_view("attention.head_count"),
                                   std::string_view("attention.head_count_kv"),
                                   std::string_view("attention.key_length"),
                                   std::string_view("attention.value_length"),
                                   std::string_view("attention.layer_norm_epsilon"),
                                   std::string_view("attention.layer_norm_rms_epsilon"),
                                   std::string_view("attention.sliding_window"),
                                   std::string_view("attention.causal"),
                                   std::string_view("attn_logit_softcapping"),
                                   std::string_view("final_logit_softcapping"),
                                   std::string_view("expert_count"),
                                   std::string_view("expert_used_count"),
                                   std::string_view("rope.dimension_count"),
                                   std::string_view("rope.freq_base"),
                                   std::string_view("rope.scaling.type"),
                                   std::string_view("rope.scaling.factor"),
                                   std::string_view("rope.scaling.original_context_length"),
                                   std::string_view("rope.scaling.attn_factor"),
                                   std::string_view("rope.scaling.finetuned"),
                                   std::string_view("rope.scale_linear")};

// Reads the keys of one architecture; keeps the first complaint.
class Keys {
public:
  Keys(const TensorFile& file, std::string where)
      : m_file(file), m_all(file.description()), m_where(std::move(where)), m_arch(text("general.architecture")) {}

  const std::string& arch() const { return m_arch; }
  const Json* find(const std::string& key) const {
    const auto at = m_all.find(m_arch + "." + key);
    return at == m_all.end() ? nullptr : &*at;
  }
  bool has(const std::string& key) const { return find(key) != nullptr; }
  Json value(const std::string& key, Json missing = {}) const { return has(key) ? *find(key) : missing; }
  // A number, or a list that holds the same number for every layer.
  Json perLayer(const std::string& key, Json missing = {}) {
    const Json found = value(key, std::move(missing));
    if (!found.is_array()) return found;
    for (const Json& item : found)
      if (item != found.front()) fail(key + ": layers that differ are not known to this program");
    return found.empty() ? Json() : found.front();
  }
  double number(const std::string& key, double missing) const {
    const Json found = value(key, missing);
    return found.is_number() ? found.get<double>() : missing;
  }
  std::string text(const std::string& fullKey) const {
    const auto at = m_all.find(fullKey);
    return at != m_all.end() && at->is_string() ? at->get<std::string>() : std::string();
  }
  const Json* anywhere(const std::string& fullKey) const {
    const auto at = m_all.find(fullKey);
    return at == m_all.end() ? nullptr : &*at;
  }
  std::int64_t rows(std::string_view tensor) const {
    const TensorInfo* info = m_file.find(tensor);
    return info && !info->shape.empty() ? info->shape.front() : 0;
  }
  const TensorFile& file() const { return m_file; }

  void fail(const std::string& what) {
    if (!m_error) m_error = unsupported(what, m_where);
  }
  const std::optional<Error>& error() const { return m_error; }
  const std::string& where() const { return m_where; }

private:
  const TensorFile& m_file;
  const Json& m_all;
  std::string m_where, m_arch;
  std::optional<Error> m_error;
};

const Arch* archOf(Keys& keys) {
  std::string known;
  for (const Arch& arch : kArchs) {
    if (arch.name == keys.arch()) return &arch;
    known += (known.empty() ? "" : ", ") + std::string(arch.name);
  }
  keys.fail("general.architecture " + inQuotes(keys.arch()) + " is not known to this program (known: " + known + ")");
  return nullptr;
}

bool says(const Json& value) { // anything but a switch that is off
  return !(value == Json(false) || (value.is_number() && value.get<double>() == 0) || value == Json("none"));
}

void checkKeys(Keys& keys) {
  const std::string prefix = keys.arch() + ".";
  for (const auto& [key, value] : keys.file().description().items()) {
    if (!key.starts_with(prefix)) continue;
    const std::string_view bare = std::string_view(key).substr(prefix.size());
    if (std::ranges::find(kKnownKeys, bare) == kKnownKeys.end() && says(value))
      keys.fail("option " + inQuotes(key) + " = " + shortJson(value) + " is not known to this program");
  }
  if (keys.value("attention.causal", true) == Json(false)) keys.fail("attention.causal = false is not known here");
  if (keys.value("tensor_data_layout", "Meta AI original pth") != Json("Meta AI original pth"))
    keys.fail("tensor_data_layout = " + shortJson(keys.value("tensor_data_layout")) + " is not known here");
  if (keys.number("attention.key_length", 0) != keys.number("attention.value_length", 0) &&
      keys.has("attention.key_length") && keys.has("attention.value_length"))
    keys.fail("attention.value_length: expected that of the keys, " + shortJson(keys.value("attention.key_length")) +
              ", found " + shortJson(keys.value("attention.value_length")));
}

// The numbers of a small tensor, as divisors of the RoPE frequencies.
Json factors(Keys& keys, std::string_view name) {
  const auto view = keys.file().load(name);
  if (!view) {
    keys.fail("tensor " + inQuotes(name) + " is missing, the RoPE frequencies need it");
    return Json::array();
  }
  return toDoubles(*view);
}

Json longRope(Keys& keys, const Json& theta) {
  const double context = keys.number("context_length", 1);
  const double original = keys.number("rope.scaling.original_context_length", context);
  Json rope = {{"rope_type", "longrope"},
               {"rope_theta", theta},
               {"short_factor", factors(keys, "rope_factors_short.weight")},
               {"long_factor", factors(keys, "rope_factors_long.weight")},
               {"original_max_position_embeddings", static_cast<std::int64_t>(original)}};
  if (keys.has("rope.scaling.attn_factor")) rope["attention_factor"] = keys.value("rope.scaling.attn_factor");
  return rope;
}

// Llama-3's scaling comes as the divisors themselves: the same for texts of every length.
Json tableRope(Keys& keys, const Json& theta) {
  const Json table = factors(keys, "rope_freqs.weight");
  return {{"rope_type", "longrope"}, {"rope_theta", theta},
          {"short_factor", table},   {"long_factor", table},
          {"attention_factor", 1},   {"original_max_position_embeddings", keys.value("context_length", 1)}};
}

Json yarnRope(Keys& keys, const Json& theta) {
  const double factor = keys.number("rope.scaling.factor", 1);
  const double sharpen = factor > 1 ? 0.1 * std::log(factor) + 1 : 1; // llama.cpp applies it on top of attn_factor
  return {{"rope_type", "yarn"},
          {"rope_theta", theta},
          {"factor", factor},
          {"attention_factor", keys.number("rope.scaling.attn_factor", 1) * sharpen},
          {"beta_fast", 32}, // llama.cpp's, which no file changes
          {"beta_slow", 1},
          {"original_max_position_embeddings",
           keys.value("rope.scaling.original_context_length", keys.value("context_length", 1))}};
}

Json ropeOf(Keys& keys) {
  const Json theta = keys.value("rope.freq_base", 10000.0);
  if (keys.file().find("rope_factors_long.weight")) return longRope(keys, theta);
  if (keys.file().find("rope_freqs.weight")) return tableRope(keys, theta);
  const std::string type = keys.text(keys.arch() + ".rope.scaling.type");
  if (type == "yarn") return yarnRope(keys, theta);
  const double linear = keys.number("rope.scaling.factor", keys.number("rope.scale_linear", 1));
  if (type == "linear" || (type.empty() && linear != 1 && linear != 0))
    return {{"rope_type", "linear"}, {"rope_theta", theta}, {"factor", linear}};
  if (!type.empty() && type != "none") keys.fail("rope.scaling.type " + inQuotes(type) + " is not known here");
  return {{"rope_type", "default"}, {"rope_theta", theta}};
}

// Scalings whose numbers are not in the file.
void warnScaling(const Keys& keys, std::vector<std::string>& warnings) {
  const std::string type = keys.text(keys.arch() + ".rope.scaling.type");
  const bool scales = type == "linear" || type == "yarn";
  if (scales && !keys.has("rope.scaling.factor"))
    warnings.push_back("rope.scaling.type " + inQuotes(type) + " has no rope.scaling.factor; taken was 1");
  const double original = keys.number("rope.scaling.original_context_length", 0),
               context = keys.number("context_length", 0);
  const bool tables = keys.file().find("rope_freqs.weight") || keys.file().find("rope_factors_long.weight");
  if (type == "yarn" && original == 0)
    warnings.push_back(
        "rope.scaling.type \"yarn\" has no rope.scaling.original_context_length; taken was the context " +
        std::to_string(static_cast<std::int64_t>(context)));
  if (!scales && !tables && original > 0 && original < context)
    warnings.push_back("the context is longer than rope.scaling.original_context_length, but there is no "
                       "rope.scaling.type: positions are not scaled");
}

std::string_view architectureOf(const Arch& arch, const Keys& keys) {
  if (keys.number("expert_count", 0) > 0) return "MixtralForCausalLM";
  if (arch.name == "llama" && keys.has("attention.sliding_window")) return "MistralForCausalLM";
  return arch.architecture;
}

void addAttention(Keys& keys, const Family& family, std::int64_t headDim, Json& json) {
  json["attention_bias"] = keys.file().find("blk.0.attn_qkv.bias") || keys.file().find("blk.0.attn_q.bias");
  if (family.qkvBias != Bias::AttentionKey) json.erase("attention_bias");
  if (family.position == PositionKind::Learned) return;
  json["rope_parameters"] = ropeOf(keys);
  if (family.partialRotary > 0) // half a dimension more, since the product is rounded down
    json["rope_parameters"]["partial_rotary_factor"] = std::min(
        1.0, (keys.number("rope.dimension_count", static_cast<double>(headDim)) + 0.5) / static_cast<double>(headDim));
  if (family.window == WindowRule::All || family.window == WindowRule::Alternating)
    json["sliding_window"] = keys.value("attention.sliding_window");
  if (family.parallelKey) json["use_parallel_residual"] = keys.value("use_parallel_residual", true);
}

// What llama.cpp computes for Gemma 2 instead of reading it: the 27B model (46 layers) scales by D / H.
void addGemma2(const Keys& keys, std::int64_t headDim, Json& json) {
  const double heads = keys.number("attention.head_count", 1);
  json["query_pre_attn_scalar"] =
      keys.number("block_count", 0) == 46 ? keys.number("embedding_length", 0) / heads : static_cast<double>(headDim);
  json["attn_logit_softcapping"] = keys.value("attn_logit_softcapping", 50.0);
  json["final_logit_softcapping"] = keys.value("final_logit_softcapping", 30.0);
}

Json configOf(Keys& keys, const Arch& arch) {
  const Family& family = *findFamily(architectureOf(arch, keys));
  Json json = {{"architectures", {family.architecture}},
               {"model_type", family.modelType},
               {"tie_word_embeddings", keys.file().find("output.weight") == nullptr}};
  const auto put = [&](std::string_view key, const Json& value) {
    if (!key.empty()) json[std::string(key)] = value;
  };
  const double heads = std::max(1.0, keys.perLayer("attention.head_count", 1).is_number()
                                         ? keys.perLayer("attention.head_count", 1).get<double>()
                                         : 1.0);
  const auto byWidth = static_cast<std::int64_t>(keys.number("embedding_length", 0) / heads);
  const Json headDim = keys.value("attention.key_length", std::max<std::int64_t>(1, byWidth));
  put(family.keys.layers, keys.value("block_count"));
  put(family.keys.heads, keys.perLayer("attention.head_count"));
  put(family.keys.kvHeads, keys.perLayer("attention.head_count_kv", keys.perLayer("attention.head_count")));
  put(family.keys.headDim, headDim);
  put(family.keys.model, keys.value("embedding_length"));
  put(family.keys.mlp, keys.perLayer("feed_forward_length"));
  put(family.keys.vocab, keys.rows("token_embd.weight"));
  put(family.keys.context, keys.value("context_length"));
  put(family.keys.normEps,
      keys.value(family.norm == NormKind::Rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"));
  if (family.mixture) {
    json["num_local_experts"] = keys.value("expert_count");
    json["num_experts_per_tok"] = keys.value("expert_used_count");
  }
  addAttention(keys, family, headDim.is_number_integer() ? std::max<std::int64_t>(1, headDim.get<std::int64_t>()) : 1,
               json);
  if (family.postNorms) addGemma2(keys, headDim.is_number_integer() ? headDim.get<std::int64_t>() : 0, json);
  for (const char* token : {"bos_token_id", "eos_token_id"})
    if (const Json* id = keys.anywhere("tokenizer.ggml." + std::string(token))) json[token] = *id;
  return json;
}

struct Name {
  std::string_view inFile; // behind "blk.N.", without .weight or .bias
  std::string_view TensorNames::*place;
};
constexpr std::array kBlockNames = {Name{"attn_norm", &TensorNames::ln1},
                                    Name{"attn_q", &TensorNames::q},
                                    Name{"attn_k", &TensorNames::k},
                                    Name{"attn_v", &TensorNames::v},
                                    Name{"attn_qkv", &TensorNames::qkv},
                                    Name{"attn_q_norm", &TensorNames::qNorm},
                                    Name{"attn_k_norm", &TensorNames::kNorm},
                                    Name{"attn_output", &TensorNames::out},
                                    Name{"post_attention_norm", &TensorNames::ln1Post},
                                    Name{"ffn_norm", &TensorNames::ln2},
                                    Name{"ffn_gate_inp", &TensorNames::router},
                                    Name{"ffn_gate", &TensorNames::gate},
                                    Name{"ffn_up", &TensorNames::up},
                                    Name{"ffn_down", &TensorNames::down},
                                    Name{"post_ffw_norm", &TensorNames::ln2Post}};
constexpr std::array kOuterNames = {
    Name{"token_embd", &TensorNames::embed}, Name{"position_embd", &TensorNames::position},
    Name{"output_norm", &TensorNames::finalNorm}, Name{"output", &TensorNames::unembed}};

std::string_view placeIn(std::span<const Name> names, const Family& family, std::string_view name) {
  for (const Name& row : names)
    if (row.inFile == name) return family.names.*row.place;
  return {};
}

// Rows of a fused qkv under the names of q, k and v (Phi-2 files come with either).
std::vector<Alias> splitQkv(const ModelConfig& c, const Family& family, std::int64_t layer, const TensorInfo& info,
                            const std::string& suffix) {
  const std::int64_t q = c.heads * c.headDim, kv = c.kvHeads * c.headDim;
  const bool matrix = info.shape.size() == 2;
  const std::int64_t width = matrix ? info.shape[1] : 1;
  std::vector<Alias> parts;
  std::int64_t row = 0;
  for (const auto& [pattern, rows] : {std::pair{family.names.q, q}, {family.names.k, kv}, {family.names.v, kv}}) {
    parts.push_back({numbered(pattern, layer) + suffix, row * width, matrix ? Shape{rows, width} : Shape{rows}});
    row += rows;
  }
  return info.shape.empty() || info.shape[0] != row ? std::vector<Alias>{} : parts;
}

// [experts, rows, width] in one tensor -> one matrix per expert.
std::vector<Alias> splitExperts(const ModelConfig& c, std::string_view pattern, std::int64_t layer,
                                const TensorInfo& info, const std::string& suffix) {
  std::vector<Alias> parts;
  if (info.shape.size() != 3 || info.shape[0] != c.experts) return parts;
  for (std::int64_t e = 0; e < c.experts; ++e)
    parts.push_back(
        {numbered(pattern, layer, e) + suffix, e * info.shape[1] * info.shape[2], {info.shape[1], info.shape[2]}});
  return parts;
}

std::optional<std::vector<Alias>> some(std::vector<Alias> parts) {
  if (parts.empty()) return std::nullopt;
  return parts;
}

std::optional<std::vector<Alias>> blockAliases(const ModelConfig& c, const Family& family, const TensorInfo& info,
                                               std::string_view name, const std::string& suffix) {
  const auto layer = takeNumber(name);
  if (!layer) return std::nullopt;
  if (name == "attn_qkv" && family.names.qkv.empty()) return some(splitQkv(c, family, *layer, info, suffix));
  for (const std::string_view part : {"ffn_gate", "ffn_up", "ffn_down"}) {
    const std::string_view pattern = placeIn(kBlockNames, family, part);
    if (name == std::string(part) + "_exps") return some(splitExperts(c, pattern, *layer, info, suffix));
    if (!name.starts_with(std::string(part) + ".")) continue; // older files: "ffn_gate.3", one tensor per expert
    std::string number(name.substr(part.size() + 1));
    std::string_view rest = number.append(".");
    const auto e = takeNumber(rest);
    if (!e || !rest.empty() || *e >= c.experts) return std::nullopt;
    return std::vector<Alias>{{numbered(pattern, *layer, *e) + suffix, 0, info.shape}};
  }
  const std::string_view pattern = placeIn(kBlockNames, family, name);
  if (pattern.empty()) return std::nullopt;
  return std::vector<Alias>{{numbered(pattern, *layer) + suffix, 0, info.shape}};
}

} // namespace

Result<ModelConfig> ggufConfig(const TensorFile& file, const std::string& where) {
  Keys keys(file, where);
  const Arch* arch = archOf(keys);
  if (!arch) return *keys.error();
  checkKeys(keys);
  const Json json = configOf(keys, *arch);
  if (keys.error()) return *keys.error();
  auto config = parseConfig(json, where);
  if (!config) return config;
  warnScaling(keys, config->warnings);
  config->stored = {};
  config->stored.permutedRope = arch->permutedRope;
  return config;
}

std::optional<std::vector<Alias>> ggufAliases(const ModelConfig& config, const Family& family, const TensorInfo& info) {
  std::string_view name = info.name;
  if (name == "rope_freqs.weight" || name.starts_with("rope_factors_")) return std::vector<Alias>{}; // in the config
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string suffix(name.substr(dot));
  name = name.substr(0, dot);
  constexpr std::string_view kBlock = "blk.";
  if (name.starts_with(kBlock)) return blockAliases(config, family, info, name.substr(kBlock.size()), suffix);
  const std::string_view place = placeIn(kOuterNames, family, name);
  if (place.empty()) return std::nullopt;
  return std::vector<Alias>{{std::string(place) + suffix, 0, info.shape}};
}

} // namespace orrery::models
