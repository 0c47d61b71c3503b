// SPDX-License-Identifier: MIT
// Hook points: names, named dimensions and meaning as TransformerLens' HookedTransformer has them
// (transformer_lens/components; tests/integration/test_cache_hook_names.py pins the order).
// Letters: B batch, T token, Tq/Tk query/key, H query head, G key/value head, Dh head size, D model, F feed-forward,
// V vocabulary, E experts that a token is sent to. Extra hooks of Orrery follow the same pattern and are listed in
// docs/hooks.md.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/tensor_view.h"

namespace orrery::hooks {

enum class HookKind : std::uint8_t {
  // before the blocks
  Tokens,
  Embed,
  PosEmbed,
  // per block, in the order of the forward pass
  ResidPre,
  AttnIn,
  QInput,
  KInput,
  VInput,
  Ln1Scale,
  Ln1Normalized,
  Q,
  K,
  V,
  QNormScale,
  QNormNormalized,
  KNormScale,
  KNormNormalized,
  QNormed,
  KNormed,
  RotQ,
  RotK,
  AttnScores,
  Pattern,
  Z,
  Result,
  Ln1PostScale,
  Ln1PostNormalized,
  AttnOut,
  ResidMid,
  MlpIn,
  Ln2Scale,
  Ln2Normalized,
  ExpertWeights,
  ExpertIndices,
  MlpPre,
  MlpPreLinear,
  MlpPost,
  Ln2PostScale,
  Ln2PostNormalized,
  MlpOut,
  ResidPost,
  // after the blocks
  LnFinalScale,
  LnFinalNormalized,
  UnembedIn,
  UnembedOut
};
inline constexpr int kHookKinds = static_cast<int>(HookKind::UnembedOut) + 1;

struct HookId {
  HookKind kind = HookKind::Embed;
  int layer = -1; // -1 for the hooks that belong to no block
  friend bool operator==(const HookId&, const HookId&) = default;
};

// The sizes that shapes are written in.
struct Dims {
  std::int64_t layers = 0, heads = 0, kvHeads = 0, headDim = 0, model = 0, mlp = 0, vocab = 0,
               context = 0; // L H G Dh D F V
  std::int64_t experts = 0; // E: of all experts those that one token is sent to; 0: no mixture
};

struct HookSpec {
  HookId id;
  std::string name;              // "blocks.3.attn.hook_q"
  std::vector<std::string> dims; // {"B", "T", "H", "Dh"}
  std::string unit;              // "1", "nat", "residual" ...
  std::string meaning;           // one line: what, and where in the block
  bool onRequest = false;        // TransformerLens makes it only behind a flag; here it exists whenever it is asked for
};

bool isPerLayer(HookKind kind);
// What one kind is called and shaped, without the block prefix ("attn.hook_q"); the table the rest is made of.
struct HookKindRow {
  HookKind kind;
  std::string_view suffix, dims, unit, meaning;
  bool onRequest;
};
std::span<const HookKindRow> hookTable();

std::string hookName(HookId id); // "blocks.3.attn.hook_q", "hook_embed"
std::optional<HookId> hookFromName(std::string_view name);
// Full name, a TransformerLens short form ("q3", "pattern5", "k6", "scale4ln1", "resid_post2") or nullopt.
std::optional<HookId> hookFromShortName(std::string_view text);
HookSpec hookSpec(HookId id);
Shape hookShape(HookId id, const Dims& dims, std::int64_t tokens); // B = 1; Tq = Tk = tokens
// Those of `available` that match a comma-separated list of globs ("blocks.*.attn.hook_q,ln_final*") or short names.
std::vector<HookId> selectHooks(std::span<const HookSpec> available, std::string_view globs);

} // namespace orrery::hooks
