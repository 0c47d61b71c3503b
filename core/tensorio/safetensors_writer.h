// SPDX-License-Identifier: MIT
// Writes a safetensors file (format: safetensors.h), tensor by tensor, whole or not at all.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/tensor_view.h"

namespace orrery::tensorio {

struct NamedTensor {
  std::string name; // UTF-8
  TensorView view;  // any strides; written row-major
};

// Tensors lie in the file by falling element size, then by name, so that each is aligned; the header is padded to
// 8 bytes. The same input gives the same bytes. Errors: BadInput (a name twice, not UTF-8, or reserved), Io.
Status writeSafetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                        const std::map<std::string, std::string>& metadata = {});

} // namespace orrery::tensorio
