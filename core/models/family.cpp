// SPDX-License-Identifier: MIT
#include "core/models/family.h"

namespace orrery::models {

// Long because it is a table.
std::span<const Family> families() {
  static const std::vector<Family> kFamilies = {
      {.architecture = "GPT2LMHeadModel",
       .modelType = "gpt2",
       .norm = NormKind::LayerNorm,
       .position = PositionKind::Learned,
       .gated = false,
       .biases = true,
       .conv1d = true,
       .tiedByDefault = true,
       .defaultActivation = "gelu_new",
       .keys = {.layers = "n_layer",
                .heads = "n_head",
                .kvHeads = "",
                .headDim = "",
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
                 .q = "",
                 .k = "",
                 .v = "",
                 .qkv = "h.{}.attn.c_attn",
                 .out = "h.{}.attn.c_proj",
                 .ln2 = "h.{}.ln_2",
                 .gate = "",
                 .up = "h.{}.mlp.c_fc",
                 .down = "h.{}.mlp.c_proj",
                 .finalNorm = "ln_f",
                 .unembed = "lm_head"},
       .options = {"scale_attn_weights", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "n_ctx"},
       .buffers = {"h.{}.attn.bias", "h.{}.attn.masked_bias"}},
      {.architecture = "LlamaForCausalLM",
       .modelType = "llama",
       .norm = NormKind::Rms,
       .position = PositionKind::Rope,
       .gated = true,
       .biases = false,
       .conv1d = false,
       .tiedByDefault = false,
       .defaultActivation = "silu",
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
       .prefix = "model.",
       .names = {.embed = "embed_tokens",
                 .position = "",
                 .ln1 = "layers.{}.input_layernorm",
                 .q = "layers.{}.self_attn.q_proj",
                 .k = "layers.{}.self_attn.k_proj",
                 .v = "layers.{}.self_attn.v_proj",
                 .qkv = "",
                 .out = "layers.{}.self_attn.o_proj",
                 .ln2 = "layers.{}.post_attention_layernorm",
                 .gate = "layers.{}.mlp.gate_proj",
                 .up = "layers.{}.mlp.up_proj",
                 .down = "layers.{}.mlp.down_proj",
                 .finalNorm = "norm",
                 .unembed = "lm_head"},
       .options = {"attention_bias", "mlp_bias", "pretraining_tp", "rope_theta", "rope_scaling", "rope_parameters",
                   "partial_rotary_factor", "original_max_position_embeddings", "rope_interleaved", "is_llama_config"},
       .buffers = {"layers.{}.self_attn.rotary_emb.inv_freq", "rotary_emb.inv_freq"}},
  };
  return kFamilies;
}

const Family* findFamily(std::string_view architecture) {
  for (const Family& family : families())
    if (family.architecture == architecture) return &family;
  return nullptr;
}

} // namespace orrery::models
