// SPDX-License-Identifier: MIT
#include "core/models/config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/base/text.h"
#include "core/hooks/capture_plan.h"
#include "core/models/config_reader.h"
#include "core/models/family.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kMaxSize = std::int64_t{1} << 24; // of any one dimension
constexpr std::int64_t kMaxExperts = 4096;
constexpr double kMaxParameters = 1e15; // far beyond any machine; bytes of it stay within 64 bits

struct ActivationName {
  std::string_view name;
  Activation value;
};
// transformers' ACT2FN; the first name of a value is the one written back.
constexpr std::array kActivations = {
    ActivationName{"gelu_new", Activation::GeluTanh},
    ActivationName{"gelu", Activation::Gelu},
    ActivationName{"silu", Activation::Silu},
    ActivationName{"relu", Activation::Relu},
    ActivationName{"tanh", Activation::Tanh},
    ActivationName{"gelu_pytorch_tanh", Activation::GeluTanh},
    ActivationName{"gelu_python_tanh", Activation::GeluTanh},
    ActivationName{"gelu_fast", Activation::GeluTanh},
    ActivationName{"gelu_accurate", Activation::GeluTanh},
    ActivationName{"gelu_python", Activation::Gelu},
    ActivationName{"swish", Activation::Silu},
    ActivationName{"quick_gelu", Activation::QuickGelu},
    ActivationName{"relu2", Activation::Relu2},
    ActivationName{"sigmoid", Activation::Sigmoid},
    ActivationName{"linear", Activation::Identity},
};

std::string activationNames() {
  std::string all;
  for (const auto& row : kActivations) all += (all.empty() ? "" : ", ") + std::string(row.name);
  return all;
}

// Keys that say nothing about the numbers a forward pass computes: training, generation, bookkeeping. Long because it
// is a list.
const std::set<std::string_view>& irrelevantKeys() {
  static const std::set<std::string_view> kKeys = {"_name_or_path",
                                                   "architectures",
                                                   "model_type",
                                                   "transformers_version",
                                                   "torch_dtype",
                                                   "dtype",
                                                   "use_cache",
                                                   "initializer_range",
                                                   "tie_word_embeddings",
                                                   "bos_token_id",
                                                   "eos_token_id",
                                                   "pad_token_id",
                                                   "sep_token_id",
                                                   "unk_token_id",
                                                   "cls_token_id",
                                                   "mask_token_id",
                                                   "decoder_start_token_id",
                                                   "attn_pdrop",
                                                   "embd_pdrop",
                                                   "resid_pdrop",
                                                   "attention_dropout",
                                                   "hidden_dropout",
                                                   "hidden_dropout_prob",
                                                   "attention_probs_dropout_prob",
                                                   "embedding_dropout",
                                                   "classifier_dropout",
                                                   "dropout",
                                                   "summary_activation",
                                                   "summary_first_dropout",
                                                   "summary_last_dropout",
                                                   "summary_proj_to_labels",
                                                   "summary_type",
                                                   "summary_use_proj",
                                                   "task_specific_params",
                                                   "gradient_checkpointing",
                                                   "output_attentions",
                                                   "output_hidden_states",
                                                   "output_scores",
                                                   "return_dict",
                                                   "return_dict_in_generate",
                                                   "id2label",
                                                   "label2id",
                                                   "num_labels",
                                                   "problem_type",
                                                   "max_length",
                                                   "min_length",
                                                   "max_new_tokens",
                                                   "do_sample",
                                                   "early_stopping",
                                                   "num_beams",
                                                   "num_beam_groups",
                                                   "diversity_penalty",
                                                   "temperature",
                                                   "top_k",
                                                   "top_p",
                                                   "typical_p",
                                                   "repetition_penalty",
                                                   "length_penalty",
                                                   "no_repeat_ngram_size",
                                                   "encoder_no_repeat_ngram_size",
                                                   "bad_words_ids",
                                                   "num_return_sequences",
                                                   "forced_bos_token_id",
                                                   "forced_eos_token_id",
                                                   "remove_invalid_values",
                                                   "exponential_decay_length_penalty",
                                                   "suppress_tokens",
                                                   "begin_suppress_tokens",
                                                   "prefix",
                                                   "tokenizer_class",
                                                   "finetuning_task",
                                                   "tf_legacy_loss",
                                                   "use_bfloat16",
                                                   "torchscript",
                                                   "chunk_size_feed_forward",
                                                   "attn_implementation",
                                                   "_attn_implementation",
                                                   "_attn_implementation_autoset",
                                                   "auto_map",
                                                   "transformers.js_config",
                                                   "unsloth_fixed",
                                                   "unsloth_version",
                                                   "keys_to_ignore_at_inference",
                                                   "generation_config",
                                                   "license",
                                                   "language",
                                                   "pretraining_tp",
                                                   "output_router_logits",
                                                   "router_aux_loss_coef",
                                                   "router_jitter_noise",
                                                   "cache_implementation",
                                                   "tokenizer"};
  return kKeys;
}

// Keys that are fine with one value and change the model with any other.
struct FixedKey {
  std::string_view name;
  std::vector<Json> fine;
};
const std::vector<FixedKey>& fixedKeys() {
  static const std::vector<FixedKey> kKeys = {{"add_cross_attention", {false}},
                                              {"is_encoder_decoder", {false}},
                                              {"is_decoder", {true, false}},
                                              {"rope_interleaved", {false}},
                                              {"is_llama_config", {true}},
                                              {"partial_rotary_factor", {1, 1.0}},
                                              {"use_sliding_window", {false}},
                                              {"tie_encoder_decoder", {false}},
                                              {"attention_bias", {false}},
                                              {"mlp_bias", {false}},
                                              {"use_bidirectional_attention", {false}},
                                              {"hidden_act", {"gelu_pytorch_tanh"}},
                                              {"hidden_activation", {"gelu_pytorch_tanh"}}};
  return kKeys;
}

bool isEmpty(const Json& value) {
  return value.is_null() || value == Json(false) || ((value.is_object() || value.is_array()) && value.empty());
}

bool isHonoured(const Family& family, const std::string& key) {
  const ConfigKeys& k = family.keys;
  const std::array names = {k.layers, k.heads,   k.kvHeads, k.headDim,    k.model,     k.mlp,
                            k.vocab,  k.context, k.normEps, k.activation, k.ropeTheta, k.partialRotary};
  if (family.window == WindowRule::All && (key == "sliding_window" || key == "layer_types")) return true;
  return std::ranges::find(names, key) != names.end() || std::ranges::find(family.options, key) != family.options.end();
}

bool allFullAttention(const Json& value) {
  return value.is_array() &&
         std::ranges::all_of(value, [](const Json& type) { return type == Json("full_attention"); });
}

void checkKey(const Family& family, const std::string& key, const Json& value, ModelConfig& config,
              ConfigReader& reader) {
  if (isHonoured(family, key)) return;
  for (const FixedKey& fixed : fixedKeys())
    if (key == fixed.name) {
      if (!value.is_null() && std::ranges::find(fixed.fine, value) == fixed.fine.end()) reader.refuse(key, value);
      return;
    }
  if (key == "layer_types" && allFullAttention(value)) return;
  if (irrelevantKeys().contains(key)) return;
  if (!isEmpty(value)) return reader.refuse(key, value);
  config.warnings.push_back("config.json: option " + inQuotes(key) + " = " + shortJson(value) +
                            " is not known to this program and was passed over because it is empty");
}

// In floating point: with absurd sizes the integers of parameters() would wrap around to a small model.
void checkParameters(const Family& family, ConfigReader& reader, const ModelConfig& config) {
  const auto of = [](std::int64_t size) { return static_cast<double>(size); };
  const double attention = 2 * of(config.heads + config.kvHeads) * of(config.headDim);
  const double mlp = (3 * of(config.mlp) + 1) * std::max(1.0, of(config.experts));
  const double around = 2 * of(config.vocab) + of(config.context);
  const double parameters = of(config.model) * (of(config.layers) * (attention + mlp) + around);
  if (parameters > kMaxParameters)
    reader.fail(std::string(family.keys.model),
                "sizes that make at most " + Json(kMaxParameters).dump() + " parameters",
                "up to " + Json(parameters).dump());
}

void readSizes(const Family& family, ConfigReader& reader, ModelConfig& config) {
  const ConfigKeys& keys = family.keys;
  config.layers = reader.size(keys.layers, std::nullopt, hooks::kMaxLayers);
  config.model = reader.size(keys.model, std::nullopt, kMaxSize);
  config.heads = reader.size(keys.heads, std::nullopt, kMaxSize);
  config.vocab = reader.size(keys.vocab, std::nullopt, kMaxSize);
  config.context = reader.size(keys.context, std::nullopt, kMaxSize);
  const bool optionalMlp = keys.mlp == "n_inner"; // GPT-2 may leave it away or null: 4 D
  config.mlp = reader.size(keys.mlp, optionalMlp ? std::optional(4 * config.model) : std::nullopt, 4 * kMaxSize);
  config.kvHeads = reader.size(keys.kvHeads, config.heads, kMaxSize);
  if (!reader.ok()) return;
  if (config.heads % config.kvHeads != 0)
    reader.fail(std::string(keys.kvHeads),
                "a divisor of " + std::string(keys.heads) + " = " + std::to_string(config.heads),
                std::to_string(config.kvHeads));
  const bool headDimGiven = family.headDim > 0 || (!keys.headDim.empty() && reader.find(keys.headDim));
  if (!headDimGiven && config.model % config.heads != 0)
    reader.fail(std::string(keys.model),
                "a multiple of " + std::string(keys.heads) + " = " + std::to_string(config.heads),
                std::to_string(config.model));
  config.headDim = reader.size(
      keys.headDim, family.headDim > 0 ? family.headDim : std::max<std::int64_t>(1, config.model / config.heads),
      kMaxSize);
  if (family.mixture) {
    config.experts = reader.size("num_local_experts", 8, kMaxExperts);
    config.expertsPerToken = reader.size("num_experts_per_tok", 2, config.experts);
  }
  checkParameters(family, reader, config);
}

void readActivation(const Family& family, ConfigReader& reader, ModelConfig& config) {
  std::string name = reader.text(family.keys.activation, family.defaultActivation);
  if (family.modelType == "gemma" && name == "gelu") name = "gelu_pytorch_tanh"; // what the first files meant
  for (const auto& row : kActivations)
    if (row.name == name) {
      config.activation = row.value;
      return;
    }
  if (reader.ok()) reader.fail(std::string(family.keys.activation), "one of " + activationNames(), inQuotes(name));
}

bool hasBias(Bias bias, const Family& family, ConfigReader& reader) {
  if (bias == Bias::AttentionKey) return reader.flag("attention_bias", family.attentionBiasByDefault);
  if (bias == Bias::MlpKey) return reader.flag("mlp_bias", false);
  return bias == Bias::Yes;
}

bool honours(const Family& family, std::string_view key) {
  return std::ranges::find(family.options, key) != family.options.end();
}

void readSwitches(const Family& family, ConfigReader& reader, ModelConfig& config) {
  config.qkvBias = hasBias(family.qkvBias, family, reader);
  config.outBias = hasBias(family.outBias, family, reader);
  config.mlpBias = hasBias(family.mlpBias, family, reader);
  config.normBias = family.norm == NormKind::LayerNorm;
  config.tied = reader.flag("tie_word_embeddings", family.tiedByDefault);
  config.unembedBias = family.unembedBias;
  config.normEps = reader.number(family.keys.normEps, family.normEps, 0, 1e3);
  config.initializerRange = reader.number("initializer_range", 0.02, 0, 1e6);
  config.sharedNorm = family.sharedNorm;
  config.parallel = family.sharedNorm || (family.parallelKey && reader.flag("use_parallel_residual", true));
  config.postNorms = family.postNorms;
  config.qkNorm = family.qkNorm || (honours(family, "qk_layernorm") && reader.flag("qk_layernorm", false));
  config.embedScale = family.scaledEmbedding ? std::sqrt(static_cast<double>(config.model)) : 1;
  config.stored = family.stored;
}

// A number that may be null (0: off) and has a value of its own where the key is missing.
double optionalNumber(ConfigReader& reader, std::string_view key, double missing) {
  if (!reader.has(key)) return missing;
  return reader.find(key) ? reader.required(key, 0, 1e9) : 0;
}

void readScores(const Family& family, ConfigReader& reader, ModelConfig& config) {
  if (honours(family, "scale_attn_weights")) {
    config.scaleByHeadDim = reader.flag("scale_attn_weights", true);
    config.scaleByLayer = reader.flag("scale_attn_by_inverse_layer_idx", false);
  }
  if (!honours(family, "query_pre_attn_scalar")) return;
  config.queryScalar = reader.number("query_pre_attn_scalar", 256, 0, 1e9);
  config.softcap = optionalNumber(reader, "attn_logit_softcapping", 50);
  config.finalSoftcap = optionalNumber(reader, "final_logit_softcapping", 30);
}

// Whether layer i slides, where the config has no layer_types.
bool slides(const Family& family, std::int64_t layer, std::int64_t firstSliding) {
  if (family.window == WindowRule::Qwen) return layer >= firstSliding;
  return family.window == WindowRule::All || layer % 2 == 0;
}

// layer_types: one kind per layer. False: the key is not there or wrong.
bool readLayerTypes(ConfigReader& reader, std::int64_t layers, std::vector<bool>& sliding) {
  const Json* types = reader.find("layer_types");
  if (!types) return false;
  const bool list = types->is_array() && static_cast<std::int64_t>(types->size()) == layers;
  if (!list) reader.fail("layer_types", "a list of " + std::to_string(layers) + " kinds", shortJson(*types));
  for (std::size_t i = 0; list && i < types->size(); ++i) {
    const Json& type = (*types)[i];
    if (type != Json("sliding_attention") && type != Json("full_attention")) reader.refuse("layer_types", type);
    sliding[i] = type == Json("sliding_attention");
  }
  return list;
}

std::int64_t windowSize(const Family& family, ConfigReader& reader) {
  if (family.window == WindowRule::Qwen && !reader.flag("use_sliding_window", false)) return 0;
  if (!reader.has("sliding_window")) return family.windowByDefault;
  return reader.find("sliding_window") ? reader.size("sliding_window", std::nullopt, kMaxSize) : 0;
}

void readWindows(const Family& family, ConfigReader& reader, ModelConfig& config) {
  if (family.window == WindowRule::None || !reader.ok()) return;
  const std::int64_t size = windowSize(family, reader);
  const Json* firstLayer = reader.find("max_window_layers");
  const bool fromTheFirst = firstLayer && *firstLayer == Json(0);
  const std::int64_t from = fromTheFirst ? 0 : reader.size("max_window_layers", 28, kMaxSize);
  std::vector<bool> sliding(static_cast<std::size_t>(config.layers));
  for (std::size_t i = 0; i < sliding.size(); ++i)
    sliding[i] = size > 0 && slides(family, static_cast<std::int64_t>(i), from);
  const std::vector<bool> byRule = sliding;
  const bool listed = readLayerTypes(reader, config.layers, sliding);
  if (listed && family.window == WindowRule::All && sliding != byRule)
    reader.refuse("layer_types", *reader.find("layer_types")); // this family reads sliding_window alone
  if (listed && size == 0 && sliding != std::vector<bool>(sliding.size()))
    reader.fail("sliding_window", "a number, since layer_types has sliding layers", "none");
  for (std::size_t i = 0; i < sliding.size(); ++i) config.windows.push_back(sliding[i] ? size : 0);
}

const Family* familyOf(const Json& json, ConfigReader& reader) {
  std::string wanted;
  const std::string modelType = reader.text("model_type", "");
  if (const auto list = json.find("architectures"); list != json.end() && !list->is_null()) {
    if (!list->is_array() || list->empty() || !list->front().is_string()) {
      reader.fail("architectures", "a list of names", shortJson(*list));
      return nullptr;
    }
    wanted = list->front().get<std::string>();
  }
  std::string known;
  for (const Family& family : families()) {
    if (family.architecture == wanted || (wanted.empty() && family.modelType == modelType)) {
      if (!modelType.empty() && modelType != family.modelType)
        reader.fail("model_type", inQuotes(family.modelType) + " for " + std::string(family.architecture),
                    inQuotes(modelType));
      return &family;
    }
    known += (known.empty() ? "" : ", ") + std::string(family.architecture);
  }
  reader.unsupportedThing("architecture " + inQuotes(wanted.empty() ? modelType : wanted) +
                          " is not known to this program (known: " + known + ")");
  return nullptr;
}

} // namespace

Result<ModelConfig> parseConfig(const Json& json, const std::string& where) {
  if (!json.is_object()) return badInput("expected a JSON object, found " + std::string(json.type_name()), where);
  ConfigReader reader(json, where);
  const Family* family = familyOf(json, reader);
  if (!reader.ok()) return reader.error();
  ModelConfig config;
  config.architecture = family->architecture;
  config.norm = family->norm;
  config.position = family->position;
  config.gated = family->gated;
  config.json = json.dump(2);
  readSizes(*family, reader, config);
  readActivation(*family, reader, config);
  readSwitches(*family, reader, config);
  readScores(*family, reader, config);
  readWindows(*family, reader, config);
  if (reader.ok() && config.position == PositionKind::Rope)
    config.rope = readRope(json, *family, config, reader, config.warnings);
  for (const auto& [key, value] : json.items())
    if (reader.ok()) checkKey(*family, key, value, config, reader);
  if (!reader.ok()) return reader.error();
  return config;
}

Result<ModelConfig> readConfig(const std::string& folder) {
  const std::string path = folder + "/config.json";
  auto json = readJsonFile(path);
  if (!json) return json.error();
  return parseConfig(*json, path);
}

std::string configJson(const ModelConfig& config) {
  const Family* family = findFamily(config.architecture);
  const ConfigKeys& keys = family->keys;
  Json json = {{"architectures", {config.architecture}},
               {"model_type", family->modelType},
               {"tie_word_embeddings", config.tied},
               {"initializer_range", config.initializerRange},
               {"torch_dtype", "float32"}};
  const auto put = [&](std::string_view key, const Json& value) {
    if (!key.empty()) json[std::string(key)] = value;
  };
  put(keys.layers, config.layers);
  put(keys.heads, config.heads);
  put(keys.kvHeads, config.kvHeads);
  put(keys.headDim, config.headDim);
  put(keys.model, config.model);
  put(keys.mlp, config.mlp);
  put(keys.vocab, config.vocab);
  put(keys.context, config.context);
  put(keys.normEps, config.normEps);
  for (const auto& row : kActivations)
    if (row.value == config.activation) {
      put(keys.activation, row.name);
      break;
    }
  if (config.position == PositionKind::Learned) {
    json["scale_attn_weights"] = config.scaleByHeadDim;
    json["scale_attn_by_inverse_layer_idx"] = config.scaleByLayer;
  } else {
    json["attention_bias"] = config.qkvBias;
    json["mlp_bias"] = config.mlpBias;
  }
  if (config.position == PositionKind::Rope) writeRope(config.rope, json);
  return json.dump(2) + "\n";
}

double ModelConfig::attentionScale(std::int64_t layer) const {
  const double size = queryScalar > 0 ? queryScalar : static_cast<double>(headDim);
  const double byHead = scaleByHeadDim ? 1 / std::sqrt(size) : 1.0;
  return scaleByLayer ? byHead / static_cast<double>(layer + 1) : byHead;
}

hooks::Dims ModelConfig::dims() const {
  return {.layers = layers,
          .heads = heads,
          .kvHeads = kvHeads,
          .headDim = headDim,
          .model = model,
          .mlp = mlp,
          .vocab = vocab,
          .context = context,
          .experts = expertsPerToken};
}

namespace {
// Long because it is a table.
bool hasHook(const ModelConfig& config, hooks::HookKind kind) {
  using hooks::HookKind;
  switch (kind) {
  case HookKind::PosEmbed:
    return config.position == PositionKind::Learned;
  case HookKind::RotQ:
  case HookKind::RotK:
    return config.position == PositionKind::Rope;
  case HookKind::QNormScale:
  case HookKind::QNormNormalized:
  case HookKind::KNormScale:
  case HookKind::KNormNormalized:
  case HookKind::QNormed:
  case HookKind::KNormed:
    return config.qkNorm;
  case HookKind::Ln1PostScale:
  case HookKind::Ln1PostNormalized:
  case HookKind::Ln2PostScale:
  case HookKind::Ln2PostNormalized:
    return config.postNorms;
  case HookKind::ResidMid:
    return !config.parallel;
  case HookKind::Ln2Scale:
  case HookKind::Ln2Normalized:
    return !config.sharedNorm;
  case HookKind::ExpertWeights:
  case HookKind::ExpertIndices:
    return config.experts > 0;
  case HookKind::MlpPre:
  case HookKind::MlpPost:
    return config.experts == 0;
  case HookKind::MlpPreLinear:
    return config.experts == 0 && config.gated;
  default:
    return true;
  }
}
} // namespace

std::vector<hooks::HookSpec> ModelConfig::hooks() const {
  std::vector<hooks::HookSpec> before, block, after, all;
  const auto add = [&](int first, int last, int layer) {
    for (int kind = first; kind <= last; ++kind)
      if (hasHook(*this, static_cast<hooks::HookKind>(kind)))
        all.push_back(hooks::hookSpec({static_cast<hooks::HookKind>(kind), layer}));
  };
  const int firstOfBlock = static_cast<int>(hooks::HookKind::ResidPre);
  const int lastOfBlock = static_cast<int>(hooks::HookKind::ResidPost);
  add(0, firstOfBlock - 1, -1);
  for (int layer = 0; layer < layers; ++layer) add(firstOfBlock, lastOfBlock, layer);
  add(lastOfBlock + 1, hooks::kHookKinds - 1, -1);
  return all;
}

std::uint64_t ModelConfig::parameters() const {
  const auto of = [](std::int64_t size) { return static_cast<std::uint64_t>(size); };
  const auto when = [](bool condition, std::uint64_t count) { return condition ? count : 0; };
  const std::uint64_t d = of(model), f = of(mlp), v = of(vocab), q = of(heads * headDim),
                      kv = of(2 * kvHeads * headDim);
  const std::uint64_t perNorm = normBias ? 2 : 1, in = gated ? 2 * f : f;
  const std::uint64_t norms =
      d * perNorm * ((sharedNorm ? 1 : 2) + (postNorms ? 2 : 0)) + when(qkNorm, 2 * of(headDim) * perNorm);
  const std::uint64_t attention = (q + kv) * (d + when(qkvBias, 1)) + q * d + when(outBias, d);
  const std::uint64_t ff = in * (d + when(mlpBias, 1)) + f * d + when(mlpBias, d);
  const std::uint64_t mixture = experts > 0 ? of(experts) * (ff + d) : ff; // with the router
  return of(layers) * (norms + attention + mixture) + d * perNorm + v * d * (tied ? 1 : 2) + when(unembedBias, v) +
         when(position == PositionKind::Learned, of(context) * d);
}

} // namespace orrery::models
