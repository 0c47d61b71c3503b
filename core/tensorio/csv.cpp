// SPDX-License-Identifier: MIT
#include "core/tensorio/csv.h"

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "core/base/atomic_file.h"
#include "core/base/elements.h"

namespace orrery::tensorio {
namespace {

template <class T> void appendNumber(std::string& line, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    line += value ? '1' : '0';
  } else {
    if constexpr (std::is_floating_point_v<T>)
      if (std::isnan(value)) value = std::abs(value); // the sign of a NaN says nothing
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    line.append(text.data(), end);
  }
}

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out(1, '"');
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  out += '"';
  return out;
}

std::string headLine(const CsvLabels& labels) {
  std::string line;
  if (!labels.rows.empty()) (line += field(labels.corner)) += ',';
  for (std::size_t c = 0; c < labels.columns.size(); ++c) {
    if (c > 0) line += ',';
    line += field(labels.columns[c]);
  }
  return line += '\n';
}

Status checkLabels(const std::vector<std::string>& labels, std::int64_t expected, const char* kind,
                   const std::string& path) {
  if (labels.empty() || static_cast<std::int64_t>(labels.size()) == expected) return Done{};
  return badInput(
      "expected " + std::to_string(expected) + " " + kind + " labels, found " + std::to_string(labels.size()), path);
}

// Row r of the matrix with its line end, behind its label if there are any.
std::string rowLine(const TensorView& matrix, std::int64_t r, const std::vector<std::string>& labels) {
  const auto size = static_cast<std::int64_t>(byteSize(matrix.dtype));
  std::string line;
  if (!labels.empty()) (line += field(labels[static_cast<std::size_t>(r)])) += ',';
  withElements(matrix.dtype, [&](auto load) {
    for (std::int64_t c = 0; c < matrix.shape[1]; ++c) {
      if (c > 0) line += ',';
      appendNumber(line, load(matrix.data + (r * matrix.strides[0] + c * matrix.strides[1]) * size));
    }
  });
  return line += '\n';
}

} // namespace

Status writeCsv(const std::string& path, const TensorView& matrix, const CsvLabels& labels) {
  if (matrix.shape.size() != 2) return badInput("expected a matrix, found shape " + shapeText(matrix.shape), path);
  if (Status ok = checkLabels(labels.columns, matrix.shape[1], "column", path); !ok) return ok;
  if (Status ok = checkLabels(labels.rows, matrix.shape[0], "row", path); !ok) return ok;
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  if (!labels.columns.empty())
    if (Status written = file->write(headLine(labels)); !written) return written;
  for (std::int64_t r = 0; r < matrix.shape[0]; ++r)
    if (Status written = file->write(rowLine(matrix, r, labels.rows)); !written) return written;
  return file->commit();
}

} // namespace orrery::tensorio
