// SPDX-License-Identifier: MIT
#include "core/base/tensor_view.h"

#include <cmath>
#include <limits>

#include "core/base/elements.h"

namespace orrery {
namespace {

template <class T> std::vector<T> convert(const TensorView& view) {
  std::vector<T> out(static_cast<std::size_t>(view.elements()));
  T* to = out.data();
  withElements(view.dtype,
               [&](auto load) { forEachElement(view, [&](const std::byte* p) { *to++ = static_cast<T>(load(p)); }); });
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

std::vector<float> toFloats(const TensorView& view) { return convert<float>(view); }
std::vector<double> toDoubles(const TensorView& view) { return convert<double>(view); }

double elementAt(const TensorView& view, std::int64_t flatElementOffset) {
  const std::byte* p = view.data + flatElementOffset * static_cast<std::int64_t>(byteSize(view.dtype));
  return withElements(view.dtype, [p](auto load) { return static_cast<double>(load(p)); });
}

float e4m3ToFloat(std::uint8_t bits) {
  const int exponent = (bits >> 3) & 0xf, mantissa = bits & 7;
  const float sign = (bits & 0x80) ? -1.f : 1.f;
  if (exponent == 15 && mantissa == 7) return std::numeric_limits<float>::quiet_NaN();
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -9);
  return sign * std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
}

} // namespace orrery
