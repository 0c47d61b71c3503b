// SPDX-License-Identifier: MIT
#include "core/analysis/scale_counts.h"

#include <algorithm>
#include <cmath>

#include "core/base/random.h"

namespace orrery::analysis {
namespace {

// Sums over rectangles of an array given cell by cell: at(i, j) is the sum above and left of (i, j).
class SummedArea {
public:
  template <class Cell> SummedArea(std::int64_t height, std::int64_t width, Cell cell) : m_stride(width + 1) {
    m_sums.resize(static_cast<std::size_t>((height + 1) * m_stride));
    for (std::int64_t i = 0; i < height; ++i) {
      std::uint32_t row = 0;
      for (std::int64_t j = 0; j < width; ++j) {
        row += cell(i, j);
        m_sums[at(i + 1, j + 1)] = m_sums[at(i, j + 1)] + row;
      }
    }
  }
  std::uint32_t sum(std::int64_t top, std::int64_t left, std::int64_t bottom, std::int64_t right) const {
    return m_sums[at(bottom, right)] - m_sums[at(top, right)] - m_sums[at(bottom, left)] + m_sums[at(top, left)];
  }

private:
  std::size_t at(std::int64_t i, std::int64_t j) const { return static_cast<std::size_t>(i * m_stride + j); }
  std::int64_t m_stride;
  std::vector<std::uint32_t> m_sums;
};

// A row or column of boxes: where it begins and what of it lies within [0, length).
struct Span {
  std::int64_t start = 0, begin = 0, end = 0;
};

std::vector<Span> cut(std::int64_t length, std::int64_t side, std::int64_t offset) {
  std::vector<Span> spans;
  for (std::int64_t start = -offset; start < length; start += side) {
    const Span span{start, std::max<std::int64_t>(start, 0), std::min(start + side, length)};
    if (span.end > span.begin) spans.push_back(span);
  }
  return spans;
}

std::size_t tileOf(const Span& row, const Span& column, std::int64_t height, std::int64_t width) {
  const std::int64_t i = (row.begin + row.end) * kTilesPerSide / (2 * height);
  const std::int64_t j = (column.begin + column.end) * kTilesPerSide / (2 * width);
  return static_cast<std::size_t>(std::min<std::int64_t>(i, kTilesPerSide - 1) * kTilesPerSide +
                                  std::min<std::int64_t>(j, kTilesPerSide - 1));
}

double areaShare(const Span& row, const Span& column, std::int64_t side) {
  const auto inside = static_cast<double>((row.end - row.begin) * (column.end - column.begin));
  return inside / (static_cast<double>(side) * static_cast<double>(side));
}

struct Offset {
  std::int64_t row = 0, column = 0;
};

OffsetCounts countSet(const SummedArea& sums, const BoundaryImage& image, std::int64_t side, Offset offset) {
  OffsetCounts counts;
  const auto rows = cut(image.height, side, offset.row), columns = cut(image.width, side, offset.column);
  double mass = 0, massLog = 0;
  for (const Span& row : rows)
    for (const Span& column : columns) {
      const std::size_t tile = tileOf(row, column, image.height, image.width);
      const double share = areaShare(row, column, side);
      counts.boxes[tile] += share;
      const std::uint32_t held = sums.sum(row.begin, column.begin, row.end, column.end);
      if (held == 0) continue;
      counts.touched[tile] += share;
      mass += held;
      massLog += held * std::log(static_cast<double>(held));
    }
  counts.information = std::log(mass) - massLog / mass;
  return counts;
}

std::int64_t mirrored(std::int64_t i, std::int64_t size) {
  i = std::abs(i) % (2 * size - 2);
  return i < size ? i : 2 * size - 2 - i;
}

// Labels `pitch` apart so that box (a, b) holds those of [a kSamples, (a + 1) kSamples], both ends included.
OffsetCounts countLabels(const BoundaryImage& image, std::int64_t side, Offset offset) {
  const std::int64_t pitch = side / kSamples;
  const std::int64_t height = image.height - 1, width = image.width - 1; // in steps between pixels
  const auto rows = cut(height, side, offset.row), columns = cut(width, side, offset.column);
  const auto pixel = [&](std::int64_t i, std::int64_t j) {
    return image.index(mirrored(rows.front().start + i * pitch, image.height),
                       mirrored(columns.front().start + j * pitch, image.width));
  };
  const std::int64_t sampleRows = static_cast<std::int64_t>(rows.size()) * kSamples + 1;
  const std::int64_t sampleColumns = static_cast<std::int64_t>(columns.size()) * kSamples + 1;
  const SummedArea ones(sampleRows, sampleColumns, [&](auto i, auto j) { return image.value[pixel(i, j)]; });
  const SummedArea known(image.known.empty() ? 0 : sampleRows, sampleColumns,
                         [&](auto i, auto j) { return image.known[pixel(i, j)] != 0; });
  constexpr std::uint32_t kAll = (kSamples + 1) * (kSamples + 1);
  OffsetCounts counts;
  for (std::size_t a = 0; a < rows.size(); ++a)
    for (std::size_t b = 0; b < columns.size(); ++b) {
      const std::int64_t top = static_cast<std::int64_t>(a) * kSamples, left = static_cast<std::int64_t>(b) * kSamples;
      const std::int64_t bottom = top + kSamples + 1, right = left + kSamples + 1;
      if (!image.known.empty() && known.sum(top, left, bottom, right) != kAll) continue;
      const std::uint32_t held = ones.sum(top, left, bottom, right);
      const std::size_t tile = tileOf(rows[a], columns[b], height, width);
      const double share = areaShare(rows[a], columns[b], side);
      counts.boxes[tile] += share;
      if (held > 0 && held < kAll) counts.touched[tile] += share;
    }
  return counts;
}

void countPairsAt(const BoundaryImage& image, Offset step, OffsetCounts& counts) {
  for (std::int64_t i = 0; i + step.row < image.height; ++i)
    for (std::int64_t j = 0; j + step.column < image.width; ++j) {
      const std::size_t here = image.index(i, j), there = image.index(i + step.row, j + step.column);
      if (!image.isKnown(here) || !image.isKnown(there)) continue;
      const Span row{i, i, i + step.row + 1}, column{j, j, j + step.column + 1};
      const std::size_t tile = tileOf(row, column, image.height, image.width);
      ++counts.boxes[tile];
      counts.touched[tile] += image.value[here] != image.value[there];
    }
}

} // namespace

Result<std::vector<ScaleCounts>> countBoxes(const BoundaryImage& image, const std::vector<std::int64_t>& sides,
                                            int offsets, std::uint64_t seed, std::stop_token stop) {
  Random random(seed);
  const bool isSet = image.kind == ImageKind::Set;
  const SummedArea sums(isSet ? image.height : 0, image.width,
                        [&](auto i, auto j) { return image.value[image.index(i, j)]; });
  std::vector<ScaleCounts> scales;
  for (const std::int64_t side : sides) {
    ScaleCounts scale{static_cast<double>(side), {}};
    for (int k = 0; k < offsets; ++k) {
      if (stop.stop_requested()) return cancelled();
      Offset offset;
      if (k > 0) {
        offset.row = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(side)));
        offset.column = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(side)));
      }
      scale.offsets.push_back(isSet ? countSet(sums, image, side, offset) : countLabels(image, side, offset));
    }
    scales.push_back(std::move(scale));
  }
  return scales;
}

Result<std::vector<ScaleCounts>> countPairs(const BoundaryImage& image, const std::vector<std::int64_t>& sides,
                                            std::stop_token stop) {
  std::vector<ScaleCounts> scales;
  for (const std::int64_t side : sides) {
    if (stop.stop_requested()) return cancelled();
    ScaleCounts scale{static_cast<double>(side), {OffsetCounts{}}};
    countPairsAt(image, {side, 0}, scale.offsets.front());
    countPairsAt(image, {0, side}, scale.offsets.front());
    scales.push_back(std::move(scale));
  }
  return scales;
}

std::vector<PlainCount> plainBoxCount(const BoundaryImage& image) {
  const std::int64_t longer = std::max(image.height, image.width);
  const BoundaryImage set = edgeSet(image);
  const SummedArea sums(set.height, set.width, [&](auto i, auto j) { return set.value[set.index(i, j)]; });
  std::vector<PlainCount> counts;
  for (std::int64_t side = 2; side * 4 <= longer + 3; side *= 2) {
    PlainCount count{side, 0};
    for (const Span& row : cut(set.height, side, 0))
      for (const Span& column : cut(set.width, side, 0))
        count.boxes += sums.sum(row.begin, column.begin, row.end, column.end) > 0;
    counts.push_back(count);
  }
  return counts;
}

} // namespace orrery::analysis
