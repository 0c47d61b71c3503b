// SPDX-License-Identifier: MIT
// TensorView: what every module but models/, train/ and sweep/ knows of a tensor. A reference, never a copy:
// `owner` keeps the memory alive (a mapped file, a libtorch tensor, a vector).
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/dtype.h"

namespace orrery {

using Shape = std::vector<std::int64_t>;

struct TensorView {
  const std::byte* data = nullptr;
  DType dtype = DType::F32;
  Shape shape;
  Shape strides; // in elements; row-major when contiguous
  std::shared_ptr<const void> owner;

  std::int64_t elements() const;
  std::size_t bytes() const { return static_cast<std::size_t>(elements()) * byteSize(dtype); }
  bool contiguous() const;
  // Only where the data is aligned to T: readers see to that, see tensorio/tensor_file.h.
  template <class T> const T* as() const { return reinterpret_cast<const T*>(data); }
};

std::optional<std::int64_t>
elementCount(const Shape& shape); // nullopt on a negative size, or if those not 0 overflow 63 bits
Shape rowMajorStrides(const Shape& shape);
std::string shapeText(const Shape& shape); // "[768, 768]"

// A contiguous view that owns `values`; `shape` must multiply to values.size().
template <class T> TensorView viewOf(std::vector<T> values, DType dtype, Shape shape) {
  auto keep = std::make_shared<const std::vector<T>>(std::move(values));
  TensorView view;
  view.data = reinterpret_cast<const std::byte*>(keep->data());
  view.dtype = dtype;
  view.strides = rowMajorStrides(shape);
  view.shape = std::move(shape);
  view.owner = keep;
  return view;
}
inline TensorView viewOf(std::vector<float> values, Shape shape) {
  return viewOf(std::move(values), DType::F32, std::move(shape));
}
inline TensorView viewOf(std::vector<double> values, Shape shape) {
  return viewOf(std::move(values), DType::F64, std::move(shape));
}
inline TensorView viewOf(std::vector<std::int64_t> values, Shape shape) {
  return viewOf(std::move(values), DType::I64, std::move(shape));
}

// All elements, row-major whatever the strides, converted (F16, BF16, F8 and integers included).
std::vector<float> toFloats(const TensorView& view);
std::vector<double> toDoubles(const TensorView& view);
double elementAt(const TensorView& view, std::int64_t flatElementOffset); // offset in elements from `data`

// Exact, NaN and infinities included; without branches and without subnormal floats, so that loops over them are
// fast and do not depend on the thread's flush-to-zero mode.
inline float bfloatToFloat(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
inline float halfToFloat(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
  const std::uint32_t rest = static_cast<std::uint32_t>(bits & 0x7fff) << 13; // exponent and mantissa in place
  constexpr std::uint32_t kSmallest = 113u << 23;                             // 2^-14, the smallest normal half
  const float subnormal = std::bit_cast<float>(kSmallest + rest) - std::bit_cast<float>(kSmallest);
  const std::uint32_t normal = rest + (rest < 0x0f800000u ? 112u << 23 : 224u << 23); // exponent 31 becomes 255
  const std::uint32_t magnitude = rest < 0x00800000u ? std::bit_cast<std::uint32_t>(subnormal) : normal;
  return std::bit_cast<float>(sign | magnitude);
}
// The two formats of "FP8 Formats for Deep Learning" (arXiv 2209.05433): E4M3 has no infinity, E5M2 is half's upper
// byte.
float e4m3ToFloat(std::uint8_t bits);
inline float e5m2ToFloat(std::uint8_t bits) { return halfToFloat(static_cast<std::uint16_t>(bits << 8)); }

} // namespace orrery
