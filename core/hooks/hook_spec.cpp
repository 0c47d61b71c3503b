// SPDX-License-Identifier: MIT
#include "core/hooks/hook_spec.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/text.h"
#include "core/hooks/capture_plan.h"

namespace orrery::hooks {
namespace {

using K = HookKind;

// Same order as HookKind: hookTable()[kind] is that kind.
constexpr std::array<HookKindRow, kHookKinds> kTable = {{
    {K::Tokens, "hook_tokens", "B T", "id", "token ids that enter the model", true},
    {K::Embed, "hook_embed", "B T D", "residual", "token embedding W_E[token]", false},
    {K::PosEmbed, "hook_pos_embed", "B T D", "residual", "learned position embedding", false},
    {K::ResidPre, "hook_resid_pre", "B T D", "residual", "residual stream that enters the block", false},
    {K::AttnIn, "hook_attn_in", "B T H D", "residual", "residual stream as each head reads it, before ln1", true},
    {K::QInput, "hook_q_input", "B T H D", "residual", "residual stream as each query head reads it, before ln1", true},
    {K::KInput, "hook_k_input", "B T G D", "residual", "residual stream as each key head reads it, before ln1", true},
    {K::VInput, "hook_v_input", "B T G D", "residual", "residual stream as each value head reads it, before ln1", true},
    {K::Ln1Scale, "ln1.hook_scale", "B T 1", "residual", "divisor of the norm before attention: sqrt(var + eps) or RMS",
     false},
    {K::Ln1Normalized, "ln1.hook_normalized", "B T D", "1",
     "input of attention over the divisor, before weight and bias", false},
    {K::Q, "attn.hook_q", "B T H Dh", "1", "queries after the bias, before RoPE", false},
    {K::K, "attn.hook_k", "B T G Dh", "1", "keys after the bias, before RoPE", false},
    {K::V, "attn.hook_v", "B T G Dh", "1", "values after the bias", false},
    {K::QNormScale, "attn.q_norm.hook_scale", "B T H 1", "1", "divisor of the norm of each query", false},
    {K::QNormNormalized, "attn.q_norm.hook_normalized", "B T H Dh", "1", "queries over the divisor, before the weight",
     false},
    {K::KNormScale, "attn.k_norm.hook_scale", "B T G 1", "1", "divisor of the norm of each key", false},
    {K::KNormNormalized, "attn.k_norm.hook_normalized", "B T G Dh", "1", "keys over the divisor, before the weight",
     false},
    {K::QNormed, "attn.hook_q_normed", "B T H Dh", "1", "queries after their norm, before RoPE", false},
    {K::KNormed, "attn.hook_k_normed", "B T G Dh", "1", "keys after their norm, before RoPE", false},
    {K::RotQ, "attn.hook_rot_q", "B T H Dh", "1", "queries after RoPE", false},
    {K::RotK, "attn.hook_rot_k", "B T G Dh", "1", "keys after RoPE", false},
    {K::AttnScores, "attn.hook_attn_scores", "B H Tq Tk", "nat",
     "scaled and soft-capped dot products before the softmax, masked cells -inf", false},
    {K::Pattern, "attn.hook_pattern", "B H Tq Tk", "probability", "attention weights after the softmax", false},
    {K::Z, "attn.hook_z", "B T H Dh", "1", "pattern times values, one vector per head", false},
    {K::Result, "attn.hook_result", "B T H D", "residual", "what each head writes to the residual stream: z W_O", true},
    {K::Ln1PostScale, "ln1_post.hook_scale", "B T 1", "residual", "divisor of the norm behind attention", false},
    {K::Ln1PostNormalized, "ln1_post.hook_normalized", "B T D", "1",
     "output of attention over the divisor, before the weight", false},
    {K::AttnOut, "hook_attn_out", "B T D", "residual",
     "what attention writes: sum of the heads and the bias, behind its norm if it has one", false},
    {K::ResidMid, "hook_resid_mid", "B T D", "residual", "residual stream between attention and MLP", false},
    {K::MlpIn, "hook_mlp_in", "B T D", "residual", "residual stream as the MLP reads it, before ln2", true},
    {K::Ln2Scale, "ln2.hook_scale", "B T 1", "residual", "divisor of the norm before the MLP: sqrt(var + eps) or RMS",
     false},
    {K::Ln2Normalized, "ln2.hook_normalized", "B T D", "1", "input of the MLP over the divisor, before weight and bias",
     false},
    {K::ExpertWeights, "mlp.hook_expert_weights", "B T E", "probability",
     "weights of the experts that a token is sent to, largest first", false},
    {K::ExpertIndices, "mlp.hook_expert_indices", "B T E", "id", "which experts a token is sent to", false},
    {K::MlpPre, "mlp.hook_pre", "B T F", "1", "before the activation function: x W_in, or x W_gate of a gated MLP",
     false},
    {K::MlpPreLinear, "mlp.hook_pre_linear", "B T F", "1", "x W_in (up) of a gated MLP", false},
    {K::MlpPost, "mlp.hook_post", "B T F", "1", "act(pre), or act(gate) * up of a gated MLP", false},
    {K::Ln2PostScale, "ln2_post.hook_scale", "B T 1", "residual", "divisor of the norm behind the MLP", false},
    {K::Ln2PostNormalized, "ln2_post.hook_normalized", "B T D", "1",
     "output of the MLP over the divisor, before the weight", false},
    {K::MlpOut, "hook_mlp_out", "B T D", "residual", "what the MLP writes to the residual stream", false},
    {K::ResidPost, "hook_resid_post", "B T D", "residual", "residual stream that leaves the block", false},
    {K::LnFinalScale, "ln_final.hook_scale", "B T 1", "residual", "divisor of the last norm", false},
    {K::LnFinalNormalized, "ln_final.hook_normalized", "B T D", "1",
     "last residual stream over the divisor, before weight and bias", false},
    {K::UnembedIn, "unembed.hook_in", "B T D", "1", "input of the unembedding", false},
    {K::UnembedOut, "unembed.hook_out", "B T V", "logit", "logits, before a final soft-cap or logit scale", false},
}};

constexpr bool inEnumOrder() {
  for (int i = 0; i < kHookKinds; ++i)
    if (static_cast<int>(kTable[static_cast<std::size_t>(i)].kind) != i) return false;
  return true;
}
static_assert(inEnumOrder());

const HookKindRow& row(HookKind kind) { return kTable[static_cast<std::size_t>(kind)]; }

std::optional<HookId> find(std::string_view suffix, int layer) {
  for (const HookKindRow& entry : kTable)
    if (entry.suffix == suffix && isPerLayer(entry.kind) == (layer >= 0)) return HookId{entry.kind, layer};
  return std::nullopt;
}

// Decimal without sign or leading zeros, below kMaxLayers; cut off the front of `text`.
std::optional<int> takeLayer(std::string_view& text) {
  int layer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), layer);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || layer < 0 || layer >= kMaxLayers || text[0] == '-') return std::nullopt;
  if (digits > 1 && text[0] == '0') return std::nullopt;
  text.remove_prefix(digits);
  return layer;
}

bool oneOf(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// The aliases of get_act_name() in transformer_lens/utils.py.
std::string_view canonicalAct(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
      {"attn", "pattern"}, {"attn_logits", "attn_scores"},
      {"key", "k"},        {"query", "q"},
      {"value", "v"},      {"mlp_pre", "pre"},
      {"mlp_mid", "mid"},  {"mlp_post", "post"}};
  for (const auto& [alias, canonical] : kAliases)
    if (alias == name) return canonical;
  return name;
}

std::string_view folderOf(std::string_view act, std::string_view layerType) {
  if (oneOf(act, {"k", "v", "q", "z", "rot_k", "rot_q", "result", "pattern", "attn_scores"})) return "attn";
  if (oneOf(act, {"pre", "post", "mid", "pre_linear"})) return "mlp";
  if (oneOf(layerType, {"a", "attention"})) return "attn";
  if (layerType == "m") return "mlp";
  if (oneOf(layerType, {"b", "block", "blocks"})) return "";
  return layerType;
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (const std::string_view part = trim(text.substr(0, end)); !part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::int64_t sizeOf(std::string_view dim, const Dims& dims, std::int64_t tokens) {
  if (oneOf(dim, {"T", "Tq", "Tk"})) return tokens;
  if (dim == "H") return dims.heads;
  if (dim == "G") return dims.kvHeads;
  if (dim == "Dh") return dims.headDim;
  if (dim == "D") return dims.model;
  if (dim == "F") return dims.mlp;
  if (dim == "V") return dims.vocab;
  if (dim == "E") return dims.experts;
  return 1; // "B" and "1"
}

} // namespace

bool isPerLayer(HookKind kind) { return kind >= HookKind::ResidPre && kind <= HookKind::ResidPost; }

std::span<const HookKindRow> hookTable() { return kTable; }

std::string hookName(HookId id) {
  const std::string suffix(row(id.kind).suffix);
  return isPerLayer(id.kind) ? "blocks." + std::to_string(id.layer) + "." + suffix : suffix;
}

std::optional<HookId> hookFromName(std::string_view name) {
  constexpr std::string_view kBlocks = "blocks.";
  if (!name.starts_with(kBlocks)) return find(name, -1);
  name.remove_prefix(kBlocks.size());
  const std::optional<int> layer = takeLayer(name);
  if (!layer || !name.starts_with('.')) return std::nullopt;
  return find(name.substr(1), *layer);
}

std::optional<HookId> hookFromShortName(std::string_view text) {
  if (const auto full = hookFromName(text)) return full;
  const std::size_t digit = std::min(text.find_first_of("0123456789"), text.size());
  const std::string_view act = canonicalAct(text.substr(0, digit));
  std::string_view rest = text.substr(digit);
  if (rest.empty()) {
    const std::string hook = "hook_" + std::string(act);
    return find(oneOf(act, {"scale", "normalized"}) ? "ln_final." + hook : hook, -1);
  }
  const std::optional<int> layer = takeLayer(rest);
  if (!layer) return std::nullopt;
  const std::string folder(folderOf(act, rest));
  return find((folder.empty() ? "" : folder + ".") + "hook_" + std::string(act), *layer);
}

HookSpec hookSpec(HookId id) {
  const HookKindRow& entry = row(id.kind);
  HookSpec spec{id, hookName(id), {}, std::string(entry.unit), std::string(entry.meaning), entry.onRequest};
  for (const std::string_view dim : split(entry.dims, ' ')) spec.dims.emplace_back(dim);
  return spec;
}

Shape hookShape(HookId id, const Dims& dims, std::int64_t tokens) {
  Shape shape;
  for (const std::string_view dim : split(row(id.kind).dims, ' ')) shape.push_back(sizeOf(dim, dims, tokens));
  return shape;
}

std::vector<HookId> selectHooks(std::span<const HookSpec> available, std::string_view globs) {
  const std::vector<std::string_view> items = split(globs, ',');
  std::vector<HookId> chosen;
  for (const HookSpec& spec : available) {
    const auto matches = [&](std::string_view item) {
      return matchesGlob(item, spec.name) || hookFromShortName(item) == spec.id;
    };
    if (std::any_of(items.begin(), items.end(), matches)) chosen.push_back(spec.id);
  }
  return chosen;
}

} // namespace orrery::hooks
