// SPDX-License-Identifier: MIT
// Loops over the elements of a TensorView of any dtype, with the dtype decided once outside the loop.
#pragma once
#include <cstdint>
#include <cstring>

#include "core/base/tensor_view.h"

namespace orrery {

// The element at `p`, which need not be aligned.
template <class T> T loadAs(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// Calls use(load), where load(const std::byte*) gives one element of `dtype` in its own arithmetic type (double,
// float for the floating types up to 32 bits, the integer itself, bool).
template <class Use> auto withElements(DType dtype, Use use) {
  switch (dtype) {
  case DType::F64:
    return use(loadAs<double>);
  case DType::F32:
    return use(loadAs<float>);
  case DType::F16:
    return use([](const std::byte* p) { return halfToFloat(loadAs<std::uint16_t>(p)); });
  case DType::BF16:
    return use([](const std::byte* p) { return bfloatToFloat(loadAs<std::uint16_t>(p)); });
  case DType::I64:
    return use(loadAs<std::int64_t>);
  case DType::I32:
    return use(loadAs<std::int32_t>);
  case DType::I16:
    return use(loadAs<std::int16_t>);
  case DType::I8:
    return use(loadAs<std::int8_t>);
  case DType::U64:
    return use(loadAs<std::uint64_t>);
  case DType::U32:
    return use(loadAs<std::uint32_t>);
  case DType::U16:
    return use(loadAs<std::uint16_t>);
  case DType::U8:
    return use(loadAs<std::uint8_t>);
  case DType::Bool:
    return use([](const std::byte* p) { return loadAs<std::uint8_t>(p) != 0; });
  case DType::F8E4M3:
    return use([](const std::byte* p) { return e4m3ToFloat(loadAs<std::uint8_t>(p)); });
  case DType::F8E5M2:
    return use([](const std::byte* p) { return e5m2ToFloat(loadAs<std::uint8_t>(p)); });
  }
  return use(loadAs<std::uint8_t>); // not reached: every dtype is above
}

// Calls visit(pointer to element) in row-major order, whatever the strides.
template <class Visit> void forEachElement(const TensorView& view, Visit visit) {
  const std::int64_t n = view.elements();
  const auto size = static_cast<std::int64_t>(byteSize(view.dtype));
  if (view.contiguous()) {
    for (std::int64_t i = 0; i < n; ++i) visit(view.data + i * size);
    return;
  }
  Shape index(view.shape.size(), 0);
  std::int64_t offset = 0; // in elements
  for (std::int64_t i = 0; i < n; ++i) {
    visit(view.data + offset * size);
    for (std::size_t d = index.size(); d-- > 0;) {
      offset += view.strides[d];
      if (++index[d] < view.shape[d]) break;
      offset -= view.strides[d] * view.shape[d];
      index[d] = 0;
    }
  }
}

} // namespace orrery
