// SPDX-License-Identifier: MIT
// CSV (RFC 4180, newline as line end) of a matrix, for spreadsheets and scripts.
#pragma once
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/tensor_view.h"

namespace orrery::tensorio {

struct CsvLabels {
  std::vector<std::string> columns; // a first line; C of them, or none
  std::vector<std::string> rows;    // a first column; R of them, or none
  std::string corner;               // above the row labels
};

// `matrix` [R, C], any dtype and strides. A number is the shortest text that reads back as the same value in its
// own type (floats up to 32 bits as float, F64 as double, integers exactly); nan, inf and -inf stand as such,
// whatever the locale. A label with comma, quote or line break is put in quotes. Whole or not at all.
// Errors: BadInput (not a matrix, labels of another number), Io.
Status writeCsv(const std::string& path, const TensorView& matrix, const CsvLabels& labels = {});

} // namespace orrery::tensorio
