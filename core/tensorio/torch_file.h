// SPDX-License-Identifier: MIT
// Checkpoints that torch.save wrote (.pt, .pth, pytorch_model.bin), since torch 1.6 a zip archive of stored entries
// (source: torch/serialization.py, caffe2/serialize/inline_container.cc):
//   NAME/data.pkl      a pickle; tensors are _rebuild_tensor_v2(storage, offset, size, stride, ...), a storage is the
//                      persistent id ("storage", torch.FloatStorage, KEY, device, number of elements)
//   NAME/data/KEY      the bytes of a storage; several tensors may share one
//   NAME/byteorder     "little" (absent in old files)
// The pickle is read by unpickle.h, which runs nothing. Tensors are those of the dict under "model" (nanoGPT) or
// "state_dict", else of the top dict (a bare state_dict); the rest of the top dict is the description.
// Refused with a sentence: the format before 1.6, TorchScript, big-endian files, tensors whose elements do not lie
// row by row without gaps (views, transposes: save x.contiguous()).
#pragma once
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/tensorio/byte_source.h"
#include "core/tensorio/tensor_info.h"

namespace orrery::tensorio {

struct TorchContents {
  std::vector<TensorInfo> tensors; // in the order of the dict; several may lie over each other (tied weights)
  Json description;                // what of the top dict is no tensor and fits JSON: "model_args", "config", ...
};

// From an open file or memory. Errors: BadInput, Unsupported, TooLarge, Io.
Result<TorchContents> readTorch(const ByteSource& file);

} // namespace orrery::tensorio
