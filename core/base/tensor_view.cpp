// SPDX-License-Identifier: MIT
#include "core/base/tensor_view.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace orrery {
namespace {

// F8 formats of "FP8 Formats for Deep Learning" (arXiv 2209.05433): E4M3 has no infinity, E5M2 is half's upper byte.
float e4m3ToFloat(std::uint8_t bits) {
  const int exponent = (bits >> 3) & 0xf, mantissa = bits & 7;
  const float sign = (bits & 0x80) ? -1.f : 1.f;
  if (exponent == 15 && mantissa == 7) return std::numeric_limits<float>::quiet_NaN();
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -9);
  return sign * std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
}

template <class T> T load(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

double loadElement(const std::byte* p, DType dtype) {
  switch (dtype) {
  case DType::F64:
    return load<double>(p);
  case DType::F32:
    return load<float>(p);
  case DType::F16:
    return halfToFloat(load<std::uint16_t>(p));
  case DType::BF16:
    return bfloatToFloat(load<std::uint16_t>(p));
  case DType::I64:
    return static_cast<double>(load<std::int64_t>(p));
  case DType::I32:
    return load<std::int32_t>(p);
  case DType::I16:
    return load<std::int16_t>(p);
  case DType::I8:
    return load<std::int8_t>(p);
  case DType::U64:
    return static_cast<double>(load<std::uint64_t>(p));
  case DType::U32:
    return load<std::uint32_t>(p);
  case DType::U16:
    return load<std::uint16_t>(p);
  case DType::U8:
    return load<std::uint8_t>(p);
  case DType::Bool:
    return load<std::uint8_t>(p) != 0;
  case DType::F8E4M3:
    return e4m3ToFloat(load<std::uint8_t>(p));
  case DType::F8E5M2:
    return halfToFloat(static_cast<std::uint16_t>(load<std::uint8_t>(p) << 8));
  }
  return 0;
}

// Calls visit(pointer to element) in row-major order.
template <class Visit> void walk(const TensorView& view, Visit visit) {
  const std::int64_t n = view.elements();
  const std::size_t size = byteSize(view.dtype);
  if (view.contiguous()) {
    for (std::int64_t i = 0; i < n; ++i) visit(view.data + static_cast<std::size_t>(i) * size);
    return;
  }
  Shape index(view.shape.size(), 0);
  for (std::int64_t i = 0; i < n; ++i) {
    std::int64_t offset = 0;
    for (std::size_t d = 0; d < index.size(); ++d) offset += index[d] * view.strides[d];
    visit(view.data + offset * static_cast<std::int64_t>(size));
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < view.shape[d]) break;
      index[d] = 0;
    }
  }
}

template <class T> std::vector<T> convert(const TensorView& view) {
  std::vector<T> out;
  out.reserve(static_cast<std::size_t>(view.elements()));
  walk(view, [&](const std::byte* p) { out.push_back(static_cast<T>(loadElement(p, view.dtype))); });
  return out;
}

} // namespace

std::optional<std::int64_t> elementCount(const Shape& shape) {
  std::int64_t n = 1; // of the sizes that are not 0, so that strides of an empty tensor cannot overflow either
  bool empty = false;
  for (std::int64_t size : shape) {
    if (size < 0 || (size != 0 && n > std::numeric_limits<std::int64_t>::max() / size)) return std::nullopt;
    if (size == 0)
      empty = true;
    else
      n *= size;
  }
  return empty ? 0 : n;
}

Shape rowMajorStrides(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

std::string shapeText(const Shape& shape) {
  std::string text = "[";
  for (std::size_t d = 0; d < shape.size(); ++d) text += (d ? ", " : "") + std::to_string(shape[d]);
  return text + "]";
}

std::int64_t TensorView::elements() const { return elementCount(shape).value_or(0); }
bool TensorView::contiguous() const {
  if (elements() == 0) return true;
  std::int64_t expected = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    if (shape[d] != 1 && strides[d] != expected) return false;
    expected *= shape[d];
  }
  return true;
}

std::vector<float> toFloats(const TensorView& view) {
  if (view.dtype != DType::F32 || !view.contiguous()) return convert<float>(view);
  std::vector<float> out(static_cast<std::size_t>(view.elements()));
  if (!out.empty()) std::memcpy(out.data(), view.data, out.size() * sizeof(float)); // data may be unaligned
  return out;
}
std::vector<double> toDoubles(const TensorView& view) { return convert<double>(view); }

double elementAt(const TensorView& view, std::int64_t flatElementOffset) {
  return loadElement(view.data + flatElementOffset * static_cast<std::int64_t>(byteSize(view.dtype)), view.dtype);
}

float bfloatToFloat(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

float halfToFloat(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1f, mantissa = bits & 0x3ff;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {
    const float value = std::ldexp(static_cast<float>(mantissa), -24);
    return sign ? -value : value;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

} // namespace orrery
