// SPDX-License-Identifier: MIT
// The K types: 256 elements in groups of 16 or 32 whose scales are small integers times one half-precision number.
#include <array>

#include "core/tensorio/gguf_blocks.h"

namespace orrery::tensorio {
namespace {

using In = const std::uint8_t* __restrict;
using Out = float* __restrict;

// Group g of 32 two-bit numbers: 4 groups share 32 bytes.
int twoBits(In in, int g, int j) { return in[g / 4 * 32 + j] >> 2 * (g % 4) & 3; }

void q2_k(In in, Out out) { // 16 bytes scale | minimum << 4, 64 bytes, d, dmin
  const float d = halfAt(in + 80), dmin = halfAt(in + 82);
  for (int g = 0; g < 8; ++g)
    for (int half = 0; half < 2; ++half) {
      const int scale = in[2 * g + half];
      const float dl = d * static_cast<float>(scale & 15), ml = dmin * static_cast<float>(scale >> 4);
      for (int j = 16 * half; j < 16 * half + 16; ++j)
        out[32 * g + j] = dl * static_cast<float>(twoBits(in + 16, g, j)) - ml;
    }
}

// 16 scales of 6 bits: low halves in 8 bytes, upper two bits in 4 more.
int sixBitScale(In in, int i) {
  const int low = i < 8 ? in[i] & 15 : in[i - 8] >> 4;
  return (low | (in[8 + i % 4] >> 2 * (i / 4) & 3) << 4) - 32;
}

void q3_k(In in, Out out) { // 32 bytes of third bits (0: minus 4), 64 bytes, 12 bytes of scales, d
  const float d = halfAt(in + 108);
  for (int g = 0; g < 8; ++g)
    for (int half = 0; half < 2; ++half) {
      const float dl = d * static_cast<float>(sixBitScale(in + 96, 2 * g + half));
      for (int j = 16 * half; j < 16 * half + 16; ++j) {
        const int third = ~in[j] >> g & 1;
        out[32 * g + j] = dl * static_cast<float>(twoBits(in + 32, g, j) - 4 * third);
      }
    }
}

struct ScaleAndMinimum {
  float scale, minimum;
};
// Eight of each, 6 bits, in 12 bytes: the first four plain in bytes 0-3 and 4-7, of the others the low four bits in
// bytes 8-11 and the upper two above the plain ones.
ScaleAndMinimum scaleAndMinimum(In in, int g) {
  const int scale = g < 4 ? in[g] & 63 : (in[g + 4] & 15) | (in[g - 4] >> 6) << 4;
  const int minimum = g < 4 ? in[g + 4] & 63 : in[g + 4] >> 4 | (in[g] >> 6) << 4;
  return {static_cast<float>(scale), static_cast<float>(minimum)};
}

void q4_k(In in, Out out) { // d, dmin, 12 bytes of scales, 128 bytes
  const float d = halfAt(in), dmin = halfAt(in + 2);
  for (int g = 0; g < 8; g += 2) { // two groups of 32 share 32 bytes
    const ScaleAndMinimum low = scaleAndMinimum(in + 4, g), high = scaleAndMinimum(in + 4, g + 1);
    const float d0 = d * low.scale, m0 = dmin * low.minimum, d1 = d * high.scale, m1 = dmin * high.minimum;
    for (int j = 0; j < 32; ++j) {
      out[32 * g + j] = d0 * static_cast<float>(in[16 + 16 * g + j] & 15) - m0;
      out[32 * g + 32 + j] = d1 * static_cast<float>(in[16 + 16 * g + j] >> 4) - m1;
    }
  }
}

void q5_k(In in, Out out) { // d, dmin, 12 bytes of scales, 32 bytes of fifth bits, 128 bytes
  const float d = halfAt(in), dmin = halfAt(in + 2);
  for (int g = 0; g < 8; ++g) {
    const ScaleAndMinimum group = scaleAndMinimum(in + 4, g);
    const float dl = d * group.scale, ml = dmin * group.minimum;
    for (int j = 0; j < 32; ++j) {
      const int four = in[48 + g / 2 * 32 + j] >> 4 * (g % 2) & 15;
      out[32 * g + j] = dl * static_cast<float>(four | (in[16 + j] >> g & 1) << 4) - ml;
    }
  }
}

// 16 elements of quarter q of a half: low four bits, upper two bits.
void q6Sixteen(In low, In high, int q, float dl, Out out) {
  for (int j = 0; j < 16; ++j) {
    const int number = (low[j] >> 4 * (q / 2) & 15) | (high[j] >> 2 * q & 3) << 4;
    out[j] = dl * static_cast<float>(number - 32);
  }
}

void q6_k(In in, Out out) { // 128 bytes of low four bits, 64 of upper two, 16 signed scales, d
  const float d = halfAt(in + 208);
  for (int h = 0; h < 2; ++h)
    for (int q = 0; q < 4; ++q)
      for (int half = 0; half < 2; ++half) {
        const auto scale = static_cast<std::int8_t>(in[192 + 8 * h + 2 * q + half]);
        q6Sixteen(in + 64 * h + 32 * (q % 2) + 16 * half, in + 128 + 32 * h + 16 * half, q,
                  d * static_cast<float>(scale), out + 128 * h + 32 * q + 16 * half);
      }
}

constexpr std::array kTypes = {
    ggufBlockType<q2_k, 256, 84>(10, "Q2_K"),  ggufBlockType<q3_k, 256, 110>(11, "Q3_K"),
    ggufBlockType<q4_k, 256, 144>(12, "Q4_K"), ggufBlockType<q5_k, 256, 176>(13, "Q5_K"),
    ggufBlockType<q6_k, 256, 210>(14, "Q6_K"),
};

} // namespace

std::span<const GgufBlockType> ggufKBlocks() { return kTypes; }

} // namespace orrery::tensorio
