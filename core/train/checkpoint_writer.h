// SPDX-License-Identifier: MIT
// A trained decoder as the files of a HF folder.
#pragma once
#include <string>

#include "core/base/dtype.h"
#include "core/base/result.h"
#include "core/models/decoder.h"

namespace orrery::train {

// Writes config.json, generation_config.json, model.safetensors, tokenizer.json and tokenizer_config.json into the
// folder, which exists. `stored`: F16, BF16 or F32. Errors: Io, BadInput (a weight that F16 cannot hold).
Status writeCheckpoint(const std::string& folder, const models::Decoder& decoder, DType stored,
                       const std::string& tokenizerJson);

// A folder that appears under its name whole, with commit(), or not at all.
class OutputFolder {
public:
  // `path` must not exist or be an empty folder; what stands above it must exist. Errors: BadInput, NotFound, Io.
  static Result<OutputFolder> create(const std::string& path);
  ~OutputFolder(); // without commit() the temporary folder is removed
  OutputFolder(OutputFolder&& other) noexcept;
  OutputFolder& operator=(OutputFolder&&) = delete;

  const std::string& temporary() const { return m_temporary; } // write here
  Status commit();

private:
  OutputFolder(std::string path, std::string temporary) : m_path(std::move(path)), m_temporary(std::move(temporary)) {}

  std::string m_path, m_temporary; // m_temporary is empty once there is nothing to remove
};

} // namespace orrery::train
