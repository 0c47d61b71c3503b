// SPDX-License-Identifier: MIT
#include "core/models/family.h"

namespace orrery::models {
namespace {

Family gpt2() {
  return {.architecture = "GPT2LMHeadModel",
          .modelType = "gpt2",
          .norm = NormKind::LayerNorm,
          .position = PositionKind::Learned,
          .gated = false,
          .qkvBias = Bias::Yes,
          .outBias = Bias::Yes,
          .mlpBias = Bias::Yes,
          .tiedByDefault = true,
          .stored = {.conv1d = true},
          .defaultActivation = "gelu_new",
          .normEps = 1e-5,
          .keys = {.layers = "n_layer",
                   .heads = "n_head",
                   .model = "n_embd",
                   .mlp = "n_inner",
                   .vocab = "vocab_size",
                   .context = "n_positions",
                   .normEps = "layer_norm_epsilon",
                   .activation = "activation_function"},
          .prefix = "transformer.",
          .names = {.embed = "wte",
                    .position = "wpe",
                    .ln1 = "h.{}.ln_1",
                    .qkv = "h.{}.attn.c_attn",
                    .out = "h.{}.attn.c_proj",
                    .ln2 = "h.{}.ln_2",
                    .up = "h.{}.mlp.c_fc",
                    .down = "h.{}.mlp.c_proj",
                    .finalNorm = "ln_f",
                    .unembed = "lm_head"},
          .options = {"scale_attn_weights", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "n_ctx"},
          .buffers = {"h.{}.attn.bias", "h.{}.attn.masked_bias"}};
}

Family gptNeoX() {
  return {.architecture = "GPTNeoXForCausalLM",
          .modelType = "gpt_neox",
          .norm = NormKind::LayerNorm,
          .gated = false,
          .qkvBias = Bias::AttentionKey,
          .outBias = Bias::AttentionKey,
          .mlpBias = Bias::Yes,
          .attentionBiasByDefault = true,
          .parallelKey = true,
          .stored = {.interleavedQkv = true},
          .defaultActivation = "gelu",
          .normEps = 1e-5,
          .partialRotary = 0.25,
          .keys = {.layers = "num_hidden_layers",
                   .heads = "num_attention_heads",
                   .model = "hidden_size",
                   .mlp = "intermediate_size",
                   .vocab = "vocab_size",
                   .context = "max_position_embeddings",
                   .normEps = "layer_norm_eps",
                   .activation = "hidden_act",
                   .ropeTheta = "rotary_emb_base",
                   .partialRotary = "rotary_pct"},
          .prefix = "gpt_neox.",
          .names = {.embed = "embed_in",
                    .ln1 = "layers.{}.input_layernorm",
                    .qkv = "layers.{}.attention.query_key_value",
                    .out = "layers.{}.attention.dense",
                    .ln2 = "layers.{}.post_attention_layernorm",
                    .up = "layers.{}.mlp.dense_h_to_4h",
                    .down = "layers.{}.mlp.dense_4h_to_h",
                    .finalNorm = "final_layer_norm",
                    .unembed = "embed_out"},
          .options = {"attention_bias", "use_parallel_residual", "rope_theta", "rope_scaling", "rope_parameters",
                      "partial_rotary_factor", "original_max_position_embeddings"},
          .buffers = {"layers.{}.attention.bias", "layers.{}.attention.masked_bias",
                      "layers.{}.attention.rotary_emb.inv_freq"}};
}

// Without the options of its own: what Llama's descendants start from.
Family llamaLike(std::string_view architecture, std::string_view modelType) {
  return {.architecture = architecture,
          .modelType = modelType,
          .keys = {.layers = "num_hidden_layers",
                   .heads = "num_attention_heads",
                   .kvHeads = "num_key_value_heads",
                   .headDim = "head_dim",
                   .model = "hidden_size",
                   .mlp = "intermediate_size",
                   .vocab = "vocab_size",
                   .context = "max_position_embeddings",
                   .normEps = "rms_norm_eps",
                   .activation = "hidden_act"},
          .names = {.embed = "embed_tokens",
                    .ln1 = "layers.{}.input_layernorm",
                    .q = "layers.{}.self_attn.q_proj",
                    .k = "layers.{}.self_attn.k_proj",
                    .v = "layers.{}.self_attn.v_proj",
                    .out = "layers.{}.self_attn.o_proj",
                    .ln2 = "layers.{}.post_attention_layernorm",
                    .gate = "layers.{}.mlp.gate_proj",
                    .up = "layers.{}.mlp.up_proj",
                    .down = "layers.{}.mlp.down_proj",
                    .finalNorm = "norm",
                    .unembed = "lm_head"},
          .options = {"rope_theta", "rope_scaling", "rope_parameters", "original_max_position_embeddings"},
          .buffers = {"layers.{}.self_attn.rotary_emb.inv_freq", "rotary_emb.inv_freq"}};
}

void addOptions(Family& family, std::initializer_list<std::string_view> keys) {
  family.options.insert(family.options.end(), keys);
}

Family llama() {
  Family family = llamaLike("LlamaForCausalLM", "llama");
  family.qkvBias = family.outBias = Bias::AttentionKey;
  family.mlpBias = Bias::MlpKey;
  addOptions(family, {"attention_bias", "mlp_bias"});
  return family;
}

Family mistral() {
  Family family = llamaLike("MistralForCausalLM", "mistral");
  family.window = WindowRule::All;
  family.windowByDefault = 4096;
  return family;
}

Family mixtral() {
  Family family = llamaLike("MixtralForCausalLM", "mixtral");
  family.window = WindowRule::All;
  family.mixture = true;
  family.normEps = 1e-5;
  family.ropeTheta = 1e6;
  family.names.router = "layers.{}.block_sparse_moe.gate";
  family.names.gate = "layers.{}.block_sparse_moe.experts.{}.w1";
  family.names.up = "layers.{}.block_sparse_moe.experts.{}.w3";
  family.names.down = "layers.{}.block_sparse_moe.experts.{}.w2";
  addOptions(family, {"num_local_experts", "num_experts_per_tok"});
  return family;
}

Family qwen2() {
  Family family = llamaLike("Qwen2ForCausalLM", "qwen2");
  family.qkvBias = Bias::Yes;
  family.window = WindowRule::Qwen;
  family.windowByDefault = 4096;
  addOptions(family, {"use_sliding_window", "sliding_window", "max_window_layers", "layer_types"});
  return family;
}

Family qwen3() {
  Family family = llamaLike("Qwen3ForCausalLM", "qwen3");
  family.qkvBias = family.outBias = Bias::AttentionKey;
  family.qkNorm = true;
  family.headDim = 128;
  family.window = WindowRule::Qwen;
  family.windowByDefault = 4096;
  family.names.qNorm = "layers.{}.self_attn.q_norm";
  family.names.kNorm = "layers.{}.self_attn.k_norm";
  addOptions(family, {"attention_bias", "use_sliding_window", "sliding_window", "max_window_layers", "layer_types"});
  return family;
}

Family gemma() {
  Family family = llamaLike("GemmaForCausalLM", "gemma");
  family.qkvBias = family.outBias = Bias::AttentionKey;
  family.tiedByDefault = true;
  family.scaledEmbedding = true;
  family.stored.normMinusOne = true;
  family.defaultActivation = "gelu_pytorch_tanh";
  family.headDim = 256;
  addOptions(family, {"attention_bias"});
  return family;
}

Family gemma2() {
  Family family = gemma();
  family.architecture = "Gemma2ForCausalLM";
  family.modelType = "gemma2";
  family.postNorms = true;
  family.window = WindowRule::Alternating;
  family.windowByDefault = 4096;
  family.keys.activation = "hidden_activation";
  family.names.ln1Post = "layers.{}.post_attention_layernorm";
  family.names.ln2 = "layers.{}.pre_feedforward_layernorm";
  family.names.ln2Post = "layers.{}.post_feedforward_layernorm";
  addOptions(family, {"sliding_window", "layer_types", "query_pre_attn_scalar", "attn_logit_softcapping",
                      "final_logit_softcapping"});
  return family;
}

Family phi() {
  Family family = llamaLike("PhiForCausalLM", "phi");
  family.norm = NormKind::LayerNorm;
  family.gated = false;
  family.qkvBias = family.outBias = family.mlpBias = Bias::Yes;
  family.unembedBias = true;
  family.sharedNorm = true;
  family.defaultActivation = "gelu_new";
  family.normEps = 1e-5;
  family.partialRotary = 0.5;
  family.keys.normEps = "layer_norm_eps";
  family.names.qNorm = "layers.{}.self_attn.q_layernorm";
  family.names.kNorm = "layers.{}.self_attn.k_layernorm";
  family.names.out = "layers.{}.self_attn.dense";
  family.names.ln2 = family.names.gate = "";
  family.names.up = "layers.{}.mlp.fc1";
  family.names.down = "layers.{}.mlp.fc2";
  family.names.finalNorm = "final_layernorm";
  addOptions(family, {"partial_rotary_factor", "qk_layernorm"});
  return family;
}

Family phi3() {
  Family family = llamaLike("Phi3ForCausalLM", "phi3");
  family.normEps = 1e-5;
  family.partialRotary = 1;
  family.longRopeOnly = true;
  family.window = WindowRule::All;
  family.names.q = family.names.k = family.names.v = family.names.gate = "";
  family.names.qkv = "layers.{}.self_attn.qkv_proj";
  family.names.up = "layers.{}.mlp.gate_up_proj";
  addOptions(family, {"partial_rotary_factor"});
  return family;
}

} // namespace

std::span<const Family> families() {
  static const std::vector<Family> kFamilies = {gpt2(),  gptNeoX(), llama(), mistral(), qwen2(),  qwen3(),
                                                gemma(), gemma2(),  phi(),   phi3(),    mixtral()};
  return kFamilies;
}

const Family* findFamily(std::string_view architecture) {
  for (const Family& family : families())
    if (family.architecture == architecture) return &family;
  return nullptr;
}

} // namespace orrery::models
