// SPDX-License-Identifier: MIT
// Memory for vector kernels: aligned, kept between uses, growing only.
#pragma once
#include <cstddef>
#include <hwy/aligned_allocator.h>

namespace orrery::sweep {

template <class T> class AlignedBuffer {
public:
  // At least `count` numbers; what stood there is gone if it had to grow.
  T* atLeast(std::size_t count) {
    if (count > m_size) {
      m_data = hwy::AllocateAligned<T>(count);
      m_size = count;
    }
    return m_data.get();
  }
  const T* get() const { return m_data.get(); }

private:
  hwy::AlignedFreeUniquePtr<T[]> m_data;
  std::size_t m_size = 0;
};

} // namespace orrery::sweep
