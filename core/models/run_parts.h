// SPDX-License-Identifier: MIT
// What other files of core/models may read of a Run.
#pragma once
#include <ATen/core/Tensor.h>
#include <memory>

#include "core/models/decoder.h"
#include "core/models/taps.h"

namespace orrery::models {

struct RunParts {
  std::shared_ptr<const Decoder> decoder;
  Taps taps;         // edits only
  at::Tensor hidden; // [T, D] input of the unembedding
};
RunParts partsOf(const Run& run); // length() > 0

// Runs `work`; whatever libtorch or the allocator throws becomes an Error.
Status guarded(const std::function<void()>& work);

} // namespace orrery::models
