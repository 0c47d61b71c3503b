// SPDX-License-Identifier: MIT
// The GGUF format, versions 2 and 3 (source: docs/gguf.md of ggml, gguf.cpp of ggml). Little-endian; no padding but
// where stated. TEXT is u64 length and so many bytes.
//   4 bytes     "GGUF"
//   u32         version. 1 had 32-bit counts, big-endian files show a swapped number: both are refused by name
//   u64 u64     number of tensors, number of key-values
//   key-values  TEXT key, u32 value type, value
//               types: 0 u8  1 i8  2 u16  3 i16  4 u32  5 i32  6 f32  7 bool (1 byte)  8 TEXT  9 array  10 u64  11 i64
//               12 f64; an array is u32 type of its items, u64 how many, the items (which may be arrays)
//   tensors     TEXT name, u32 number of dimensions (at most 4), u64 each, u32 type (gguf_types.cpp), u64 offset
//               the first dimension is the one whose elements are neighbours: `shape` here is the reverse (row-major)
//   data        begins at the next multiple of general.alignment (a key, u32; 32 if absent; a multiple of 8); offsets
//               count from there and are multiples of it, too
// Types other than plain numbers are rows of blocks (gguf_blocks.h): the first dimension is a multiple of the block.
// A model may be split: NAME-00001-of-00003.gguf and so on with split.no (from 0), split.count, split.tensors.count;
// the first part has the other key-values. Opening any part opens all.
// Refused beyond what ggml refuses: tensors that overlap, a bool other than 0 and 1.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/tensorio/mapped_file.h"
#include "core/tensorio/tensor_file.h"
#include "core/tensorio/tensor_info.h"

namespace orrery::tensorio {

struct GgufHeader {
  std::uint32_t version = 3;
  std::size_t alignment = 32;
  // Key -> value. Texts are the file's bytes, which need not be UTF-8: dump() with error_handler_t::replace.
  Json values = Json::object();
  std::vector<TensorInfo> tensors; // in file order
};

inline constexpr std::uint64_t kMaxGgufValues = std::uint64_t{1} << 23; // items of all arrays together
inline constexpr int kMaxGgufArrayDepth = 8;

// From memory; `where` names the file in errors. Errors: BadInput, TooLarge, Unsupported.
Result<GgufHeader> parseGguf(std::span<const std::byte> file, const std::string& where);
// The same of an open file; reads with copyOut, so a file that shrinks meanwhile is an Error.
Result<GgufHeader> readGgufHeader(const MappedFile& file);

} // namespace orrery::tensorio
