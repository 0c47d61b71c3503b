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

#include "core/base/result.h"
#include "core/tensorio/mapped_file.h"
#include "core/tensorio/tensor_info.h"

namespace orrery::tensorio {

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
