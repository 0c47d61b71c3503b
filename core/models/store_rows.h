// SPDX-License-Identifier: MIT
// Projected queries, keys and values into the buffers of a cache.
#pragma once
#include "core/models/append_buffer.h"
#include "core/models/attention.h"

namespace orrery::models {

// x [1, t, N, Dh] -> positions [begin, begin + t) of `to` [N, .., Dh], with `rope` turned: pairs (i, i + half) by
// position * frequency[i], where half is the width of the table.
template <class T> void storeRows(const at::Tensor& x, std::int64_t begin, const RopeTable* rope, AppendBuffer& to);
extern template void storeRows<float>(const at::Tensor&, std::int64_t, const RopeTable*, AppendBuffer&);
extern template void storeRows<double>(const at::Tensor&, std::int64_t, const RopeTable*, AppendBuffer&);

} // namespace orrery::models
