// SPDX-License-Identifier: MIT
// TensorFile: the tensors of a checkpoint, whatever its format, over one or several files. Opening reads headers
// only. Copies are cheap and share the mappings. Thread: const calls from any thread.
//
// To add a format: one file with `Result<TensorFile> openX(const std::string& path)` and one line in readers.cpp.
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/tensor_view.h"
#include "core/tensorio/mapped_file.h"
#include "core/tensorio/tensor_info.h"

namespace orrery::tensorio {

class TensorFile {
public:
  // What a reader fills in. Every TensorInfo must lie inside its shard; names must differ.
  struct Parts {
    std::string format; // "safetensors"
    std::vector<MappedFile> shards;
    std::vector<TensorInfo> tensors;   // in the order shown to the user
    Json description = Json::object(); // see description()
    std::vector<std::string> warnings; // sentences for the user; the file loads all the same
  };
  // Checks what Parts promises, since views and copies rely on it. Errors: BadInput.
  static Result<TensorFile> make(Parts parts);

  const std::string& format() const { return m_parts.format; }
  const std::vector<TensorInfo>& tensors() const { return m_parts.tensors; }
  const std::vector<MappedFile>& shards() const { return m_parts.shards; }
  // What the file itself says of the model, an object: the key-values of a GGUF under their own keys, arrays included;
  // the "__metadata__" of a safetensors file.
  const Json& description() const { return m_parts.description; }
  const std::vector<std::string>& warnings() const { return m_parts.warnings; }
  std::size_t bytes() const; // of all shards, headers included

  const TensorInfo* find(std::string_view name) const; // null if absent

  // A copy in memory of its own, read with pread: what loading uses. Encoded tensors are decoded to F32. Errors:
  // NotFound, BadInput (file became shorter), Io, TooLarge (memory).
  Result<TensorView> load(std::string_view name) const;
  // The same of elements [first, first + count) in row-major order, any range: shape [count]. Errors: as load().
  Result<TensorView> loadRange(const TensorInfo& info, std::int64_t first, std::int64_t count) const;
  // The mapping itself, no copy (a copy only where the data is encoded or not aligned to its dtype). A file that is cut
  // short meanwhile makes reading such a view fatal, see mapped_file.h. Errors: as load().
  Result<TensorView> view(std::string_view name) const;
  // Bytes [offset, offset + length) of one tensor as they stand in the file. Errors: BadInput, Io.
  Status copyOut(const TensorInfo& info, std::size_t offset, std::size_t length, std::byte* to) const;

  // Every shard is what it was when opened. Call before the first and after the last load(). Errors: Io.
  Status verifyUnchanged() const;

private:
  explicit TensorFile(Parts parts);
  Result<TensorView> load(const TensorInfo& info) const;
  Result<TensorView> loadPlain(const TensorInfo& info, std::int64_t first, std::int64_t count) const;
  Result<TensorView> loadEncoded(const TensorInfo& info, std::int64_t first, std::int64_t count) const;

  Parts m_parts;
  std::map<std::string, std::size_t, std::less<>> m_index; // name -> position in m_parts.tensors
};

// Opens a checkpoint: a file of one of the kinds in readers.cpp, or a folder. In a folder counts
// model.safetensors.index.json, else model.safetensors, else ckpt.pt, model.bin, pytorch_model.bin, else the only
// *.safetensors. Errors: NotFound, BadInput,
// TooLarge, Io, Unsupported (no reader for such a file; the sentence lists what is read).
Result<TensorFile> openTensors(const std::string& path);

// The single readers; openTensors chooses among them.
Result<TensorFile> openSafetensors(const std::string& path);
// The index says which shard holds which tensor. A tensor that the index does not list is kept with a warning, one
// that stands in two shards counts where the index says (warning), and is refused where it does not say.
Result<TensorFile> openSafetensorsIndex(const std::string& path);
// What torch.save wrote, see torch_file.h.
Result<TensorFile> openTorch(const std::string& path);
// llama2.c's model.bin of versions 0 to 2, see llama2c.h.
Result<TensorFile> openLlama2c(const std::string& path);
// GGUF, see gguf.h.
Result<TensorFile> openGguf(const std::string& path);
// From memory, for the fuzzer: tensor name -> plain file name. Errors: BadInput.
Result<std::map<std::string, std::string>> parseSafetensorsIndex(std::string_view json, const std::string& where);

} // namespace orrery::tensorio
