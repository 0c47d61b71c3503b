// SPDX-License-Identifier: MIT
#include "core/models/store_rows.h"

#include <algorithm>

#include "core/models/parallel.h"

namespace orrery::models {

template <class T> void storeRows(const at::Tensor& x, std::int64_t begin, const RopeTable* rope, AppendBuffer& to) {
  const std::int64_t heads = x.size(2), dh = x.size(3), half = rope ? rope->cos().size(1) : 0, time = x.size(1);
  const std::int64_t rowStride = x.stride(1), headStride = x.stride(2);
  const T* from = x.data_ptr<T>();
  const T *cos = half ? rope->cos().data_ptr<T>() : nullptr, *sin = half ? rope->sin().data_ptr<T>() : nullptr;
  parallelFor(heads * time, std::max<std::int64_t>(1, 16384 / dh), [&](std::int64_t low, std::int64_t high) {
    for (std::int64_t i = low; i < high; ++i) {
      const std::int64_t head = i / time, t = i % time, at = (begin + t) * half;
      const T* in = from + t * rowStride + head * headStride;
      T* out = to.at<T>(head, begin + t);
      for (std::int64_t d = 0; d < half; ++d) {
        out[d] = in[d] * cos[at + d] - in[d + half] * sin[at + d];
        out[d + half] = in[d + half] * cos[at + d] + in[d] * sin[at + d];
      }
      std::copy(in + 2 * half, in + dh, out + 2 * half);
    }
  });
}

template void storeRows<float>(const at::Tensor&, std::int64_t, const RopeTable*, AppendBuffer&);
template void storeRows<double>(const at::Tensor&, std::int64_t, const RopeTable*, AppendBuffer&);

} // namespace orrery::models
