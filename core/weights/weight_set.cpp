// SPDX-License-Identifier: MIT
#include "core/weights/weight_set.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <optional>

#include "core/base/elements.h"

namespace orrery::weights {
namespace {

std::uint64_t nextId() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

template <class T>
Status readAs(const WeightSet& set, const Weight& weight, std::int64_t first, std::int64_t count, T* out) {
  constexpr std::int64_t kPiece = std::int64_t{1} << 20;
  for (std::int64_t at = 0; at < count; at += kPiece) {
    const std::int64_t n = std::min(kPiece, count - at);
    auto piece = set.file().loadRange(*weight.info, weight.first + first + at, n);
    if (!piece) return piece.error();
    withElements(piece->dtype, [&](auto load) {
      const std::size_t size = byteSize(piece->dtype);
      for (std::int64_t i = 0; i < n; ++i)
        out[at + i] = static_cast<T>(load(piece->data + static_cast<std::size_t>(i) * size));
    });
  }
  return Done{};
}

// The part of a name that is a whole number between dots: position and length.
struct NumberAt {
  std::size_t begin, length;
  std::int64_t value;
};
std::optional<NumberAt> numberIn(std::string_view name) {
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    std::int64_t value = 0;
    const auto [stop, code] = std::from_chars(name.data() + begin, name.data() + end, value);
    if (code == std::errc{} && stop == name.data() + end && value >= 0) return NumberAt{begin, end - begin, value};
    begin = end + 1;
  }
  return std::nullopt;
}

} // namespace

std::int64_t Weight::mapCols() const { return shape.empty() ? 1 : shape.back(); }
std::int64_t Weight::mapRows() const {
  const std::int64_t cols = mapCols();
  return cols > 0 ? elements() / cols : 0;
}

WeightSet::WeightSet(Parts parts) : m_parts(std::move(parts)), m_id(nextId()) {
  for (Weight& weight : m_parts.weights) weight.info = m_parts.file.find(weight.info->name);
}

const Weight* WeightSet::find(std::string_view name) const {
  const auto at = std::ranges::find(m_parts.weights, name, &Weight::name);
  return at == m_parts.weights.end() ? nullptr : &*at;
}

const Weight* WeightSet::findCanonical(std::string_view canonical) const {
  const auto at = std::ranges::find(m_parts.weights, canonical, &Weight::canonical);
  return at == m_parts.weights.end() ? nullptr : &*at;
}

Status readElements(const WeightSet& set, const Weight& weight, std::int64_t first, std::int64_t count, double* out) {
  return readAs(set, weight, first, count, out);
}
Status readElements(const WeightSet& set, const Weight& weight, std::int64_t first, std::int64_t count, float* out) {
  return readAs(set, weight, first, count, out);
}

analysis::MatrixSource sourceOf(const WeightsPtr& set, const Weight& weight) {
  const std::int64_t cols = weight.mapCols();
  return {weight.mapRows(), cols, [set, &weight, cols](std::int64_t first, std::int64_t count, double* out) {
            return readElements(*set, weight, first * cols, count * cols, out);
          }};
}

Result<analysis::MatrixSource> canonicalSource(const WeightsPtr& set, const Weight& weight) {
  const bool transposed = weight.transposed && weight.matrix();
  if (!transposed && weight.rows.empty()) return sourceOf(set, weight);
  // A vector (a bias) has its permuted elements in one row.
  const std::int64_t lines = weight.shape.empty() ? 1 : weight.shape.front(), width = weight.elements() / lines;
  const std::uint64_t bytes = 2 * static_cast<std::uint64_t>(weight.elements()) * sizeof(double);
  if (bytes > set->memory())
    return tooLarge(weight.name + ": " + std::to_string(bytes) +
                    " bytes are needed to bring it in the order of the family, " + std::to_string(set->memory()) +
                    " are available");
  std::vector<double> stored(static_cast<std::size_t>(weight.elements()));
  if (Status read = readElements(*set, weight, 0, weight.elements(), stored.data()); !read) return read.error();
  auto values = std::make_shared<std::vector<double>>(stored.size());
  for (std::int64_t r = 0; r < lines; ++r)
    for (std::int64_t c = 0; c < width; ++c) {
      const std::int64_t row = weight.rows.empty() ? r : weight.rows[static_cast<std::size_t>(r)];
      const std::int64_t to = transposed ? c * lines + row : row * width + c;
      (*values)[static_cast<std::size_t>(to)] = stored[static_cast<std::size_t>(r * width + c)];
    }
  const std::int64_t cols = transposed ? lines : weight.mapCols();
  return analysis::MatrixSource{weight.elements() / cols, cols,
                                [values, cols](std::int64_t first, std::int64_t count, double* out) -> Status {
                                  std::copy_n(values->begin() + first * cols, count * cols, out);
                                  return Done{};
                                }};
}

std::string kindOf(const Weight& weight) {
  std::string kind = weight.canonical;
  if (const auto number = numberIn(kind)) kind.replace(number->begin, number->length, 1, '*');
  return kind;
}

std::int64_t layerInName(std::string_view name) {
  const auto number = numberIn(name);
  return number ? number->value : -1;
}

} // namespace orrery::weights
