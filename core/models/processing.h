// SPDX-License-Identifier: MIT
// Weight processing as TransformerLens has it (HookedTransformer.load_and_process_state_dict: fold_ln,
// center_writing_weights, center_unembed). Log-probabilities stay what they are, values at hook points change:
//   fold-ln          weight and bias of the norms before attention, MLP and unembedding go into the matrices behind
//                    them; with LayerNorm the rows of these are centred. The norms then only divide.
//   center-writing   every matrix and bias that writes to the residual stream (embeddings, W_O, W_out) writes vectors
//   of
//                    mean 0. LayerNorm only: it takes the mean away itself.
//   center-unembed   the logits of every position have mean 0. Not with a final soft-cap.
// Norms behind attention and MLP (Gemma 2) and those of queries and keys stay as they are.
#pragma once
#include <string>
#include <vector>

#include "core/base/result.h"

namespace orrery::models {

struct ModelConfig;

struct Processing {
  bool foldLn = false, centerWriting = false, centerUnembed = false;
  bool any() const { return foldLn || centerWriting || centerUnembed; }
  friend bool operator==(const Processing&, const Processing&) = default;
};

// "fold-ln,center-unembed"; empty: none. Errors: BadInput (another word).
Result<Processing> parseProcessing(const std::string& list);
std::vector<std::string> processingWords(const Processing& processing);

// What of it is valid for this model; a sentence for each that is not.
Processing validProcessing(const ModelConfig& config, const Processing& wanted, std::vector<std::string>& warnings);

} // namespace orrery::models
