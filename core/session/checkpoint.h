// SPDX-License-Identifier: MIT
// What a file is, without running it: the checkpoint's shape, tensors, tokenizer, warnings. Any thread; nothing throws.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/hooks/hook_spec.h"
#include "core/models/processing.h"
#include "core/store/snapshot.h"
#include "core/tensorio/tensor_file.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::session {

struct TensorStatsRow {
  double mean = 0, std = 0, min = 0, max = 0;
  std::int64_t nonFinite = 0;
};
struct TensorRow {
  std::string name; // as in the checkpoint
  std::string type; // as the checkpoint calls it: "F16", "Q4_K"
  Shape shape;
  std::uint64_t bytes = 0;             // on disk
  std::optional<TensorStatsRow> stats; // filled in the background after opening
};

// What is known of the opened checkpoint. Immutable.
struct ModelInfo {
  std::string path, name, format, architecture, tokenizerKind;
  hooks::Dims dims;
  std::uint64_t parameters = 0, bytes = 0; // bytes: of the weights in memory
  std::vector<TensorRow> tensors;          // in file order
  std::vector<hooks::HookSpec> hooks;      // in the order of the forward pass
  std::vector<std::string> warnings;
  std::vector<std::int32_t> endTokens; // empty: the model names none
  std::string configJson, contentHash;
  models::Processing processing;       // what was done to the weights when they were loaded
  bool isTrace = false;                // a trace file was opened: nothing can be run
  std::vector<std::string> vocabulary; // printable text of every token id, for the inspector
};

struct Inspected {
  ModelInfo info;
  std::optional<tensorio::TensorFile> tensors;          // absent for a trace file
  std::shared_ptr<const tokenize::Tokenizer> tokenizer; // null if the folder has none
  store::SnapshotPtr trace;                             // of a trace file; else null
};

// HF folder, bare .safetensors, index, .gguf or trace file. Headers and JSON only, no weights. Errors: whatever is
// wrong with config, tensors, tokenizer or their agreement, one sentence.
Result<Inspected> inspect(const std::string& path);

// Statistics of every tensor (streams all bytes once) and a warning for each with non-finite values. `each` is called
// after every tensor. Errors: Io, Cancelled.
Status scanTensors(Inspected& inspected, std::stop_token stop, const std::function<void(std::size_t)>& each = {});

// A tokenizer that names tokens which the embedding does not have fails on some text: running on text is refused,
// looking and running on token ids is not. Errors: BadInput.
Status checkVocabulary(const tokenize::Tokenizer& tokenizer, std::int64_t vocab, const std::string& path);

// A tokenizer file, a GGUF file, or what tokenizer_files.h finds in a folder or beside a checkpoint.
Result<std::shared_ptr<const tokenize::Tokenizer>> openTokenizer(const std::string& path);

} // namespace orrery::session
