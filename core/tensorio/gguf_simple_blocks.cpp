// SPDX-License-Identifier: MIT
// Blocks with one scale (and one minimum), or small blocks with a scale each.
#include <array>

#include "core/tensorio/gguf_blocks.h"

namespace orrery::tensorio {
namespace {

using In = const std::uint8_t* __restrict;
using Out = float* __restrict;

void q4_0(In in, Out out) { // d, 16 bytes: low halves are elements 0 to 15
  const float d = halfAt(in);
  for (int j = 0; j < 16; ++j) {
    out[j] = d * static_cast<float>((in[2 + j] & 15) - 8);
    out[j + 16] = d * static_cast<float>((in[2 + j] >> 4) - 8);
  }
}

void q4_1(In in, Out out) { // d, m, 16 bytes
  const float d = halfAt(in), m = halfAt(in + 2);
  for (int j = 0; j < 16; ++j) {
    out[j] = d * static_cast<float>(in[4 + j] & 15) + m;
    out[j + 16] = d * static_cast<float>(in[4 + j] >> 4) + m;
  }
}

// Fifth bits stand in a 32-bit number, one for each element.
int fiveBits(In low, std::uint32_t high, int j, bool upper) {
  const int four = upper ? low[j] >> 4 : low[j] & 15;
  return four | static_cast<int>(high >> (upper ? j + 16 : j) & 1) << 4;
}

void q5_0(In in, Out out) { // d, 4 bytes of fifth bits, 16 bytes
  const float d = halfAt(in);
  const auto high = loadLittle<std::uint32_t>(in + 2);
  for (int j = 0; j < 16; ++j) {
    out[j] = d * static_cast<float>(fiveBits(in + 6, high, j, false) - 16);
    out[j + 16] = d * static_cast<float>(fiveBits(in + 6, high, j, true) - 16);
  }
}

void q5_1(In in, Out out) { // d, m, 4 bytes of fifth bits, 16 bytes
  const float d = halfAt(in), m = halfAt(in + 2);
  const auto high = loadLittle<std::uint32_t>(in + 4);
  for (int j = 0; j < 16; ++j) {
    out[j] = d * static_cast<float>(fiveBits(in + 8, high, j, false)) + m;
    out[j + 16] = d * static_cast<float>(fiveBits(in + 8, high, j, true)) + m;
  }
}

void q8_0(In in, Out out) { // d, 32 signed bytes
  const float d = halfAt(in);
  // As unsigned and then shifted, which vectorises with plain SSE2.
  for (int j = 0; j < 32; ++j) out[j] = d * static_cast<float>((in[2 + j] ^ 0x80) - 0x80);
}

constexpr std::array<float, 16> kIq4Levels = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

void levels32(In in, float d, const std::array<float, 16>& levels, Out out) {
  for (int j = 0; j < 16; ++j) {
    out[j] = d * levels[in[j] & 15];
    out[j + 16] = d * levels[in[j] >> 4];
  }
}

void iq4_nl(In in, Out out) { levels32(in + 2, halfAt(in), kIq4Levels, out); }

void iq4_xs(In in, Out out) { // d, 8 x 2 high bits, 8 x 4 low bits of scales, 8 x 16 bytes
  const float d = halfAt(in);
  const int high = loadLittle<std::uint16_t>(in + 2);
  for (int g = 0; g < 8; ++g) {
    const int scale = (nibbleAt(in + 4, g) | (high >> 2 * g & 3) << 4) - 32;
    levels32(in + 8 + 16 * g, d * static_cast<float>(scale), kIq4Levels, out + 32 * g);
  }
}

// E2M1 times 2 (OCP Microscaling Formats 1.0).
constexpr std::array<float, 16> kFp4Levels = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// E8M0 halved, since the levels are doubled: 2^(e - 128), subnormal for 0 and 1.
float halfE8m0(std::uint8_t e) {
  return std::bit_cast<float>(e < 2 ? std::uint32_t{0x00200000} << e : static_cast<std::uint32_t>(e - 1) << 23);
}

void mxfp4(In in, Out out) { levels32(in + 1, halfE8m0(in[0]), kFp4Levels, out); }

// Unsigned E4M3 halved; 0x7f (NaN) counts as 0, as ggml has it.
float halfUe4m3(std::uint8_t bits) {
  const int exponent = bits >> 3 & 15;
  const auto mantissa = static_cast<float>(bits & 7);
  if (bits == 0x7f) return 0;
  if (exponent == 0) return mantissa * 0x1p-10f;
  return (1 + mantissa / 8) * std::bit_cast<float>(static_cast<std::uint32_t>(exponent - 8 + 127) << 23);
}

void nvfp4(In in, Out out) { // 4 scales, 4 x 8 bytes: low halves are elements 0 to 7 of 16
  for (int g = 0; g < 4; ++g) {
    const float d = halfUe4m3(in[g]);
    for (int j = 0; j < 8; ++j) {
      out[16 * g + j] = d * kFp4Levels[in[4 + 8 * g + j] & 15];
      out[16 * g + j + 8] = d * kFp4Levels[in[4 + 8 * g + j] >> 4];
    }
  }
}

// Digit p of a byte that holds base-3 digits as a fraction of 256, highest first: -1, 0 or 1.
float ternary(std::uint8_t byte, std::uint8_t power) {
  return static_cast<float>((static_cast<std::uint8_t>(byte * power) * 3 >> 8) - 1);
}

void ternaryRun(In in, int bytes, int digits, float d, Out out) {
  constexpr std::array<std::uint8_t, 5> kPowers = {1, 3, 9, 27, 81};
  for (int p = 0; p < digits; ++p)
    for (int j = 0; j < bytes; ++j) out[p * bytes + j] = d * ternary(in[j], kPowers[static_cast<std::size_t>(p)]);
}

void tq1_0(In in, Out out) { // 32 + 16 bytes of 5 digits, 4 bytes of 4 digits, d
  const float d = halfAt(in + 52);
  ternaryRun(in, 32, 5, d, out);
  ternaryRun(in + 32, 16, 5, d, out + 160);
  ternaryRun(in + 48, 4, 4, d, out + 240);
}

void tq2_0(In in, Out out) { // 2 x 32 bytes of four 2-bit numbers, d
  const float d = halfAt(in + 64);
  for (int g = 0; g < 8; ++g)
    for (int j = 0; j < 32; ++j) out[32 * g + j] = d * static_cast<float>((in[g / 4 * 32 + j] >> 2 * (g % 4) & 3) - 1);
}

constexpr std::array kTypes = {
    ggufBlockType<q4_0, 32, 18>(2, "Q4_0"),        ggufBlockType<q4_1, 32, 20>(3, "Q4_1"),
    ggufBlockType<q5_0, 32, 22>(6, "Q5_0"),        ggufBlockType<q5_1, 32, 24>(7, "Q5_1"),
    ggufBlockType<q8_0, 32, 34>(8, "Q8_0"),        ggufBlockType<iq4_nl, 32, 18>(20, "IQ4_NL"),
    ggufBlockType<iq4_xs, 256, 136>(23, "IQ4_XS"), ggufBlockType<tq1_0, 256, 54>(34, "TQ1_0"),
    ggufBlockType<tq2_0, 256, 66>(35, "TQ2_0"),    ggufBlockType<mxfp4, 32, 17>(39, "MXFP4"),
    ggufBlockType<nvfp4, 64, 36>(40, "NVFP4"),
};

} // namespace

std::span<const GgufBlockType> ggufSimpleBlocks() { return kTypes; }

} // namespace orrery::tensorio
