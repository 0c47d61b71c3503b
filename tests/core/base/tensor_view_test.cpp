// SPDX-License-Identifier: MIT
// Shapes, strides, and every bit pattern of the small floating types against a naive twin and against torch.
#include "core/base/tensor_view.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

#include "core/base/file.h"

namespace orrery {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

// The definition of IEEE 754: sign, exponent, mantissa with `bias`, all by powers of two.
double naive(std::uint32_t bits, int exponentBits, int mantissaBits) {
  const int bias = (1 << (exponentBits - 1)) - 1;
  const int exponent = static_cast<int>(bits >> mantissaBits) & ((1 << exponentBits) - 1);
  const double fraction = std::ldexp(static_cast<double>(bits & ((1u << mantissaBits) - 1)), -mantissaBits);
  const double sign = bits >> (exponentBits + mantissaBits) & 1 ? -1 : 1;
  if (exponent == (1 << exponentBits) - 1)
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias);
  return sign * std::ldexp(1 + fraction, exponent - bias);
}

bool same(double a, double b) { return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b); }

TEST(SmallFloats, EveryHalfAndEveryBfloatEqualsTheNaiveTwin) {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto word = static_cast<std::uint16_t>(bits);
    wrong += !same(halfToFloat(word), naive(bits, 5, 10));
    wrong += !same(bfloatToFloat(word), naive(bits, 8, 7));
  }
  std::cout << wrong << " of 131072 patterns differ, tolerance 0\n";
  EXPECT_EQ(wrong, 0);
}

// f8_tables.safetensors: two F32 tables of 256, "F8_E4M3" and "F8_E5M2", written by torch.
TEST(SmallFloats, EveryF8EqualsTorch) {
  auto file = readFile(ORRERY_SOURCE_DIR "/tests/core/tensorio/data/f8_tables.safetensors", 1 << 16);
  ASSERT_TRUE(file);
  const std::size_t tables = file->size() - 2 * 256 * sizeof(float);
  ASSERT_LT(file->find("F8_E4M3"), file->find("F8_E5M2"));
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 256; ++bits) {
    float e4m3 = 0, e5m2 = 0;
    std::memcpy(&e4m3, file->data() + tables + bits * 4, 4);
    std::memcpy(&e5m2, file->data() + tables + 1024 + bits * 4, 4);
    wrong += !same(e4m3ToFloat(static_cast<std::uint8_t>(bits)), e4m3);
    wrong += !same(e5m2ToFloat(static_cast<std::uint8_t>(bits)), e5m2);
  }
  std::cout << wrong << " of 512 patterns differ, tolerance 0\n";
  EXPECT_EQ(wrong, 0);
}

TEST(Dtypes, NamesAndSizesGoBothWays) {
  const std::pair<const char*, std::size_t> all[] = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},  {"I32", 4},     {"I16", 2},    {"I8", 1},
      {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1},   {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
  for (const auto& [text, bytes] : all) {
    const auto dtype = dtypeFromName(text);
    ASSERT_TRUE(dtype) << text;
    EXPECT_EQ(name(*dtype), text);
    EXPECT_EQ(byteSize(*dtype), bytes);
    EXPECT_EQ(isFloating(*dtype), text[0] == 'F' || std::string(text) == "BF16");
  }
  EXPECT_FALSE(dtypeFromName("F33"));
  EXPECT_FALSE(dtypeFromName(""));
}

TEST(Shapes, CountRefusesNegativeAndOverflow) {
  EXPECT_EQ(elementCount({}), 1);
  EXPECT_EQ(elementCount({2, 3, 4}), 24);
  EXPECT_EQ(elementCount({2, 0, 4}), 0);
  EXPECT_EQ(elementCount({kMax}), kMax);
  EXPECT_EQ(elementCount({-1}), std::nullopt);
  EXPECT_EQ(elementCount({0, -1}), std::nullopt);
  EXPECT_EQ(elementCount({kMax, 2}), std::nullopt);
  EXPECT_EQ(elementCount({0, kMax, 2}), std::nullopt); // its strides would overflow
  EXPECT_EQ(shapeText({768, 3}), "[768, 3]");
  EXPECT_EQ(shapeText({}), "[]");
}

TEST(Shapes, StridesAndContiguity) {
  EXPECT_EQ(rowMajorStrides({2, 3, 4}), (Shape{12, 4, 1}));
  EXPECT_EQ(rowMajorStrides({}), Shape{});
  TensorView view = viewOf(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_TRUE(view.contiguous());
  EXPECT_EQ(view.bytes(), 24u);
  view.shape = {3, 2};
  view.strides = {1, 3}; // the transpose
  EXPECT_FALSE(view.contiguous());
  EXPECT_EQ(toFloats(view), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(toDoubles(view), (std::vector<double>{1, 4, 2, 5, 3, 6}));
  view.shape = {1, 3};
  view.strides = {99, 1}; // the stride of a size 1 does not matter
  EXPECT_TRUE(view.contiguous());
  view.shape = {2, 3};
  view.strides = {0, 2}; // broadcast row, every other element
  EXPECT_EQ(toFloats(view), (std::vector<float>{1, 3, 5, 1, 3, 5}));
}

// Three dimensions with every order of the axes against plain index arithmetic.
TEST(Shapes, AnyPermutationOfAxesIsWalkedRowMajor) {
  std::vector<double> values(2 * 3 * 4);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  const Shape shape{2, 3, 4}, strides{12, 4, 1};
  for (const auto& order : {Shape{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
    TensorView view = viewOf(values, shape);
    for (std::size_t d = 0; d < 3; ++d) {
      view.shape[d] = shape[static_cast<std::size_t>(order[d])];
      view.strides[d] = strides[static_cast<std::size_t>(order[d])];
    }
    std::vector<double> expected;
    for (std::int64_t i = 0; i < view.shape[0]; ++i)
      for (std::int64_t j = 0; j < view.shape[1]; ++j)
        for (std::int64_t k = 0; k < view.shape[2]; ++k)
          expected.push_back(static_cast<double>(i * view.strides[0] + j * view.strides[1] + k * view.strides[2]));
    EXPECT_EQ(toDoubles(view), expected);
  }
}

TEST(Elements, UnalignedDataIsReadAsItStands) {
  std::vector<std::uint8_t> bytes(1 + 3 * 8);
  const double values[] = {0.1, -2, 1e300};
  std::memcpy(bytes.data() + 1, values, sizeof values);
  TensorView view = viewOf(std::move(bytes), DType::U8, {25});
  view.data += 1;
  view.dtype = DType::F64;
  view.shape = {3};
  EXPECT_EQ(toDoubles(view), (std::vector<double>{0.1, -2, 1e300}));
  EXPECT_EQ(elementAt(view, 2), 1e300);
  view.dtype = DType::F32;
  EXPECT_EQ(toFloats(view).size(), 3u);
}

TEST(Elements, IntegersKeepTheirSigns) {
  EXPECT_EQ(toDoubles(viewOf(std::vector<std::uint8_t>{255, 0}, DType::I8, {2})), (std::vector<double>{-1, 0}));
  EXPECT_EQ(toDoubles(viewOf(std::vector<std::uint8_t>{255, 2}, DType::Bool, {2})), (std::vector<double>{1, 1}));
  EXPECT_EQ(toDoubles(viewOf(std::vector<std::uint64_t>{~0ull}, DType::U64, {1}))[0], 18446744073709551616.0);
  EXPECT_EQ(toDoubles(viewOf(std::vector<std::uint64_t>{~0ull}, DType::I64, {1}))[0], -1);
}

TEST(Elements, EmptyTensorsGiveNothing) {
  EXPECT_TRUE(toFloats(viewOf(std::vector<float>{}, {0, 5})).empty());
  EXPECT_TRUE(toDoubles(viewOf(std::vector<float>{}, {3, 0})).empty());
}

} // namespace
} // namespace orrery
