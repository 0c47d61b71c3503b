// SPDX-License-Identifier: MIT
// NPY, numpy's file for one array (source: NEP 1, numpy.lib.format):
//   6 bytes  \x93NUMPY        2 bytes  version 1 0 (2 0 and 3 0 are read too)
//   2 bytes  length of the header, little-endian (4 bytes from version 2 on)
//   header   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and spaces up to a newline; what stands
//            before the data is a multiple of 64 bytes
//   data     row-major, little-endian
// dtypes: f2 f4 f8, i1 i2 i4 i8, u1 u2 u4 u8, b1.
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/base/tensor_view.h"

namespace orrery::tensorio {

// Any strides; BF16 and F8, which numpy lacks, are written as f4. Whole or not at all. Errors: Io.
Status writeNpy(const std::string& path, const TensorView& view);

// A copy in memory. Refused: other dtypes, big-endian, Fortran order (Unsupported), a header that does not fit the
// file or a shape that does not fit the data (BadInput), more than maxBytes of data (TooLarge). Errors: NotFound, Io.
Result<TensorView> readNpy(const std::string& path, std::size_t maxBytes = std::size_t{4} << 30);
// The same from memory (for the fuzzer).
Result<TensorView> parseNpy(std::span<const std::byte> file, const std::string& where);

} // namespace orrery::tensorio
