// SPDX-License-Identifier: MIT
// Named arrays as one HDF5 file: the numbers behind a figure.
//   /<name>          [N] or [R, C], attribute `unit`
//   /<name>_rows     UTF-8 strings [R], if the rows have names
//   /<name>_columns  UTF-8 strings [C], if the columns have names
#pragma once
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/tensor_view.h"

namespace orrery::trace {

struct NamedArray {
  std::string name, unit; // '/' in a name stands as '_'; a name that was taken gets "-2", "-3" ...
  TensorView values;      // any strides; F64, F32, I64, I32, U8 as they are, other types as F32
  std::vector<std::string> rowLabels, columnLabels;
};

// Whole or not at all. Any thread (the library is locked meanwhile). Errors: Io.
Status writeArrays(const std::string& path, const std::vector<NamedArray>& arrays);

} // namespace orrery::trace
