// SPDX-License-Identifier: MIT
// The safetensors format (source: README of the safetensors project, section "Format"; its Rust reader is what
// "the reference reader" means below):
//   8 bytes           N, unsigned little-endian: length of the header; at most 100,000,000
//   N bytes           UTF-8 JSON object, begins with '{', may end in spaces
//                     {"NAME": {"dtype": "F16", "shape": [1, 16], "data_offsets": [begin, end]}, ...,
//                      "__metadata__": {"key": "text", ...}}
//   rest              the data; offsets count from its first byte
// Row-major, little-endian, no strides. A tensor may have no dimensions (one element) or a size 0.
// The tensors, sorted by offset, cover the data from first to last byte without hole, overlap or rest: files that
// do not are refused, as the reference reader does. Data need not be aligned.
// Two faults are refused that the reference reader (0.8) lets pass: a name that stands twice, white space before '{'.
#pragma once
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/dtype.h"
#include "core/base/result.h"
#include "core/base/tensor_view.h"
#include "core/tensorio/mapped_file.h"

namespace orrery::tensorio {

// One tensor of a checkpoint.
struct TensorInfo {
  std::string name;
  DType dtype = DType::F32;
  Shape shape;
  std::size_t begin = 0; // bytes from the start of the file
  std::size_t bytes = 0; // elements * byteSize(dtype)
  std::size_t file = 0;  // which shard, from 0
};

struct SafetensorsHeader {
  std::vector<TensorInfo> tensors; // in file order
  std::map<std::string, std::string> metadata;
};

inline constexpr std::size_t kMaxSafetensorsHeader = 100'000'000; // bytes
inline constexpr std::size_t kMaxDimensions = 64;

// From memory; `where` names the file in errors. Nothing but the header is read. Errors: BadInput, TooLarge.
Result<SafetensorsHeader> parseSafetensors(std::span<const std::byte> file, const std::string& where);
// The same of an open file; reads with copyOut, so a file that shrinks meanwhile is an Error.
Result<SafetensorsHeader> readSafetensorsHeader(const MappedFile& file);

} // namespace orrery::tensorio
