// SPDX-License-Identifier: MIT
// Numbers of another program for one checkpoint, in a safetensors file. B = 1, L layers; what stands in it is used:
//   tokens_short | tokens | input_ids | hook_tokens  [1, T] or [T] integers: the text of all that names no other
//   tokens_long                                      the text of names with "_long": logits_long_f64, attn_long.0
//   tokens.N                                         the text of logits_last.N [V], greedy.N, top20_ids.N [T, 20] with
//                                                    top20_logits.N; text 0 also is that of names without a text
//   logits_f64 | logits | logits_f32                 [1, T, V], behind a final soft-cap
//   hidden.0 ... hidden.L                            residual before block i; hidden.L is behind the last norm
//   resid_pre.i resid_post.i attn.i q.i k.i v.i      k before RoPE, as hook_k has it
//   attn_out.i mlp_out.i attn_out_normed.i mlp_out_normed.i  (Gemma 2: the hook points stand behind the second norms)
//   greedy                                           tokens of the greedy continuation
//   any hook name ("blocks.0.attn.hook_rot_k")       as docs/hooks.md has it; norms of queries and keys also [B, H, T,
//   Dh]
// Opening reads headers and tokens only. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/hooks/hook_spec.h"
#include "core/models/config.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::session {

struct ReferenceField {
  enum class Kind { Hook, Logits, LastLogits, TopLogits, Greedy };
  Kind kind = Kind::Hook;
  std::string field = {};   // in the file
  std::string ids = {};     // TopLogits: the tensor that says which tokens
  hooks::HookId hook = {};  // Hook
  bool headsBefore = false; // [1, H, T, ..] where the hook has [1, T, H, ..]
  // What the reference itself may be off by, relative to max(1, |ref|): numbers stored as float32.
  double floor = 0;
};

struct ReferenceText {
  std::string name; // of its tokens, in the file
  std::vector<std::int32_t> tokens;
  std::vector<ReferenceField> fields;
};

struct Reference {
  std::string path;
  tensorio::TensorFile file;
  std::vector<ReferenceText> texts;
  std::vector<std::string> unused; // tensors that say nothing of a run of this model
};

// `tokens`: the text of a file that holds none itself; empty: look into reference.safetensors beside it.
// Errors: Io, BadInput (no tokens, nothing to compare, ids outside the vocabulary, a wrong shape or kind), Unsupported
// (not safetensors).
Result<Reference> openReference(const std::string& path, const models::ModelConfig& config,
                                const std::vector<std::int32_t>& tokens = {});

// Files that lie beside a checkpoint (folder or file) as its reference: reference.safetensors, tl_cache.safetensors.
std::vector<std::string> referencesBeside(const std::string& checkpoint);

} // namespace orrery::session
