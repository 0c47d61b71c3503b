// SPDX-License-Identifier: MIT
// AppendBuffer: [N, capacity, W] that grows along its middle. Positions that somebody else may see are never written
// again: below the frozen mark a write makes a copy first.
#pragma once
#include <ATen/core/Tensor.h>

#include "core/base/tensor_view.h"

namespace orrery::models {

class AppendBuffer {
public:
  AppendBuffer() = default;
  AppendBuffer(std::int64_t n, std::int64_t width, at::ScalarType dtype) : m_n(n), m_width(width), m_dtype(dtype) {}

  // Room for positions [begin, end) only, of a piece that nobody keeps.
  static AppendBuffer passing(std::int64_t n, std::int64_t width, at::ScalarType dtype, std::int64_t begin,
                              std::int64_t end);

  // Makes [begin, end) writable, keeping [0, begin). `reserved`: capacity wanted at least when it has to grow.
  void open(std::int64_t begin, std::int64_t end, std::int64_t reserved);
  // [N, length, W], or [N, length] with W = 1 and `flat`; from now on [0, length) stays as it is.
  TensorView view(std::int64_t length, bool flat = false);
  at::Tensor tensor(std::int64_t begin, std::int64_t length) const {
    return m_data.narrow(1, begin - m_origin, length);
  }
  void freeze(std::int64_t length) { m_frozen = std::max(m_frozen, length); }

  template <class T> T* at(std::int64_t n, std::int64_t position) const {
    return m_data.data_ptr<T>() + (n * m_capacity + position - m_origin) * m_width;
  }
  std::int64_t capacity() const { return m_capacity; }
  std::int64_t rowStride() const { return m_width; }                // elements from position to position
  std::int64_t planeStride() const { return m_capacity * m_width; } // elements from n to n + 1

private:
  std::int64_t m_n = 0, m_width = 0, m_capacity = 0, m_frozen = 0, m_origin = 0;
  at::ScalarType m_dtype = at::kFloat;
  at::Tensor m_data; // [N, capacity, W]
  std::shared_ptr<const at::Tensor> m_owner;
};

} // namespace orrery::models
