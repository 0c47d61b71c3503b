// SPDX-License-Identifier: MIT
#include "core/models/append_buffer.h"

#include <algorithm>

#include "core/models/torch_bridge.h"
#include "core/models/torch_ops.h"

namespace orrery::models {

AppendBuffer AppendBuffer::passing(std::int64_t n, std::int64_t width, at::ScalarType dtype, std::int64_t begin,
                                   std::int64_t end) {
  AppendBuffer buffer(n, width, dtype);
  buffer.open(0, end - begin, 0);
  buffer.m_origin = begin;
  return buffer;
}

void AppendBuffer::open(std::int64_t begin, std::int64_t end, std::int64_t reserved) {
  if (end <= m_capacity && begin >= m_frozen) return;
  const std::int64_t grown = end <= m_capacity ? m_capacity : std::max({end, reserved, m_capacity + m_capacity / 2});
  const at::Tensor fresh = at::empty({m_n, grown, m_width}, at::TensorOptions().dtype(m_dtype));
  if (begin > 0) fresh.narrow(1, 0, begin).copy_(m_data.narrow(1, 0, begin));
  m_data = fresh;
  m_capacity = grown;
  m_frozen = 0;
  m_owner = std::make_shared<const at::Tensor>(fresh);
}

TensorView AppendBuffer::view(std::int64_t length, bool flat) {
  freeze(length);
  TensorView view;
  view.data = static_cast<const std::byte*>(m_data.data_ptr());
  view.dtype = dtypeOf(m_dtype);
  view.shape = flat ? Shape{m_n, length} : Shape{m_n, length, m_width};
  view.strides = flat ? Shape{m_capacity, 1} : Shape{m_capacity * m_width, m_width, 1};
  view.owner = m_owner;
  return view;
}

} // namespace orrery::models
