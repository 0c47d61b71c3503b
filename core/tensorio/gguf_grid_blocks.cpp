// SPDX-License-Identifier: MIT
// The IQ types: an index names a point of a grid (4 or 8 coordinates), signs stand apart.
#include <array>
#include <bit>

#include "core/tensorio/gguf_blocks.h"
#include "core/tensorio/gguf_grids.h"

namespace orrery::tensorio {
namespace {

using In = const std::uint8_t* __restrict;
using Out = float* __restrict;

template <std::size_t Points, std::size_t Width> using Grid = std::array<std::array<std::int8_t, Width>, Points>;

template <std::size_t Width, std::size_t Points, std::size_t Levels>
constexpr Grid<Points, Width> unpacked(const std::array<std::uint16_t, Points>& packed,
                                       const std::array<std::int8_t, Levels>& levels) {
  Grid<Points, Width> grid{};
  for (std::size_t i = 0; i < Points; ++i)
    for (std::size_t k = 0; k < Width; ++k)
      grid[i][k] = levels[packed[i] >> k * (16 / Width) & ((1u << 16 / Width) - 1)];
  return grid;
}

constexpr std::array<std::int8_t, 3> kLevels2 = {0x08, 0x19, 0x2b}, kLevels1 = {-1, 0, 1};
constexpr auto kIq2xxs = unpacked<8>(kIq2xxsPacked, kLevels2);
constexpr auto kIq2xs = unpacked<8>(kIq2xsPacked, kLevels2);
constexpr auto kIq2s = unpacked<8>(kIq2sPacked, kLevels2);
constexpr auto kIq3xxs =
    unpacked<4>(kIq3xxsPacked, std::array<std::int8_t, 8>{0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3e});
constexpr auto kIq3s = unpacked<4>(kIq3sPacked, std::array<std::int8_t, 8>{1, 3, 5, 7, 9, 11, 13, 15});
constexpr auto kIq1s = unpacked<8>(kIq1sPacked, kLevels1);

// Seven signs are stored, the eighth makes their number even.
unsigned evenSigns(unsigned seven) { return seven | (std::popcount(seven) & 1u) << 7; }

// Bit k set: element k is negative.
template <std::size_t Width>
void signedPoint(const std::array<std::int8_t, Width>& point, float d, unsigned signs, Out out) {
  for (std::size_t k = 0; k < Width; ++k) {
    const float value = d * static_cast<float>(point[k]);
    out[k] = signs >> k & 1 ? -value : value;
  }
}

float scale2(float d, int scale) { return d * (0.5f + static_cast<float>(scale)) * 0.25f; }

void iq2_xxs(In in, Out out) { // d, 8 x {4 indices, 4 x 7 signs and a scale of 4 bits}
  const float d = halfAt(in);
  for (int g = 0; g < 8; ++g) {
    const std::uint8_t* group = in + 2 + 8 * g;
    const auto signs = loadLittle<std::uint32_t>(group + 4);
    const float db = scale2(d, static_cast<int>(signs >> 28));
    for (int k = 0; k < 4; ++k)
      signedPoint(kIq2xxs[group[k]], db, evenSigns(signs >> 7 * k & 127), out + 32 * g + 8 * k);
  }
}

void iq2_xs(In in, Out out) { // d, 32 x {9 bits index, 7 signs}, 16 scales of 4 bits
  const float d = halfAt(in);
  for (int e = 0; e < 32; ++e) {
    const unsigned entry = loadLittle<std::uint16_t>(in + 2 + 2 * e);
    signedPoint(kIq2xs[entry & 511], scale2(d, nibbleAt(in + 66, e / 2)), evenSigns(entry >> 9), out + 8 * e);
  }
}

void iq2_s(In in, Out out) { // d, 32 low bytes of indices, 32 bytes of signs, 32 x 2 upper bits, 16 scales of 4 bits
  const float d = halfAt(in);
  for (int e = 0; e < 32; ++e) {
    const int index = in[2 + e] | (in[66 + e / 4] >> 2 * (e % 4) & 3) << 8;
    signedPoint(kIq2s[static_cast<std::size_t>(index)], scale2(d, nibbleAt(in + 74, e / 2)), in[34 + e], out + 8 * e);
  }
}

void iq3_xxs(In in, Out out) { // d, 64 indices, 8 x {4 x 7 signs, a scale of 4 bits}
  const float d = halfAt(in);
  for (int g = 0; g < 8; ++g) {
    const auto signs = loadLittle<std::uint32_t>(in + 66 + 4 * g);
    const float db = d * (0.5f + static_cast<float>(signs >> 28)) * 0.5f;
    for (int k = 0; k < 8; ++k)
      signedPoint(kIq3xxs[in[2 + 8 * g + k]], db, evenSigns(signs >> 7 * (k / 2) & 127) >> 4 * (k % 2),
                  out + 32 * g + 4 * k);
  }
}

void iq3_s(In in, Out out) { // d, 64 low bytes of indices, 64 upper bits, 32 bytes of signs, 8 scales of 4 bits
  const float d = halfAt(in);
  for (int i = 0; i < 64; ++i) {
    const int index = in[2 + i] | (in[66 + i / 8] >> i % 8 & 1) << 8;
    const float db = d * static_cast<float>(1 + 2 * nibbleAt(in + 106, i / 8));
    signedPoint(kIq3s[static_cast<std::size_t>(index)], db, in[74 + i / 2] >> 4 * (i % 2), out + 4 * i);
  }
}

void shiftedPoint(int index, float d, bool down, Out out) {
  const float delta = down ? -0.125f : 0.125f;
  const auto& point = kIq1s[static_cast<std::size_t>(index)];
  for (std::size_t k = 0; k < 8; ++k) out[k] = d * (static_cast<float>(point[k]) + delta);
}

void iq1_s(In in, Out out) { // d, 32 low bytes of indices, 8 x {4 x 3 upper bits, a scale of 3 bits, sign of the shift}
  const float d = halfAt(in);
  for (int e = 0; e < 32; ++e) {
    const int high = loadLittle<std::uint16_t>(in + 34 + e / 4 * 2);
    const float dl = d * static_cast<float>(2 * (high >> 12 & 7) + 1);
    shiftedPoint(in[2 + e] | (high >> 3 * (e % 4) & 7) << 8, dl, (high & 0x8000) != 0, out + 8 * e);
  }
}

// The scale of IQ1_M is spread over the upper four bits of its four 16-bit words.
float spreadHalf(In words) {
  unsigned bits = 0;
  for (unsigned w = 0; w < 4; ++w) bits |= loadLittle<std::uint16_t>(words + 2 * w) >> 12 << 4 * w;
  return halfToFloat(static_cast<std::uint16_t>(bits));
}

void iq1_m(In in, Out out) { // 32 low bytes of indices, 32 x {3 upper bits, sign of the shift}, 16 scales of 3 bits
  const float d = spreadHalf(in + 48);
  for (int e = 0; e < 32; ++e) {
    const int scale = loadLittle<std::uint16_t>(in + 48 + e / 8 * 2) >> 3 * (e / 2 % 4) & 7,
              high = nibbleAt(in + 32, e);
    shiftedPoint(in[e] | (high & 7) << 8, d * static_cast<float>(2 * scale + 1), (high & 8) != 0, out + 8 * e);
  }
}

constexpr std::array kTypes = {
    ggufBlockType<iq2_xxs, 256, 66>(16, "IQ2_XXS"), ggufBlockType<iq2_xs, 256, 74>(17, "IQ2_XS"),
    ggufBlockType<iq3_xxs, 256, 98>(18, "IQ3_XXS"), ggufBlockType<iq1_s, 256, 50>(19, "IQ1_S"),
    ggufBlockType<iq3_s, 256, 110>(21, "IQ3_S"),    ggufBlockType<iq2_s, 256, 82>(22, "IQ2_S"),
    ggufBlockType<iq1_m, 256, 56>(29, "IQ1_M"),
};

} // namespace

std::span<const GgufBlockType> ggufGridBlocks() { return kTypes; }

} // namespace orrery::tensorio
