// SPDX-License-Identifier: MIT
// The block types of GGUF: so many elements decoded from so many bytes. Source of every layout: ggml-common.h (struct
// block_*) and dequantize_row_* in ggml-quants.c of ggml; results equal quants.py of the Python package gguf.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/base/tensor_view.h"

namespace orrery::tensorio {

struct GgufBlockType {
  std::uint32_t id; // enum ggml_type
  std::string_view name;
  std::int64_t elements; // of a block
  std::size_t bytes;     // of a block
  void (*decode)(const std::uint8_t* __restrict from, std::int64_t blocks, float* __restrict to);
};

std::span<const GgufBlockType> ggufSimpleBlocks(); // Q4_0 .. Q8_0, IQ4_NL, IQ4_XS, MXFP4, NVFP4, TQ1_0, TQ2_0
std::span<const GgufBlockType> ggufKBlocks();      // Q2_K .. Q6_K
std::span<const GgufBlockType> ggufGridBlocks();   // IQ1_*, IQ2_*, IQ3_*

// A loop around the function of one block; what a row of the tables above is made of.
template <auto Block, std::int64_t Elements, std::size_t Bytes>
void decodeBlocks(const std::uint8_t* __restrict from, std::int64_t blocks, float* __restrict to) {
  for (std::int64_t b = 0; b < blocks; ++b, from += Bytes, to += Elements) Block(from, to);
}
template <auto Block, std::int64_t Elements, std::size_t Bytes>
constexpr GgufBlockType ggufBlockType(std::uint32_t id, std::string_view name) {
  return {id, name, Elements, Bytes, decodeBlocks<Block, Elements, Bytes>};
}

// Little-endian, any alignment.
template <class T> T loadLittle(const std::uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
inline float halfAt(const std::uint8_t* p) { return halfToFloat(loadLittle<std::uint16_t>(p)); }
// The i-th group of four bits, low half of a byte first.
inline int nibbleAt(const std::uint8_t* p, int i) { return p[i / 2] >> (i % 2 * 4) & 15; }

} // namespace orrery::tensorio
