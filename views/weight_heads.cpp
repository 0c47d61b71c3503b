// SPDX-License-Identifier: MIT
#include "views/weight_heads.h"

#include <algorithm>

namespace orrery::views {
namespace {

struct Lines { // heads one after the other along one side
  std::int64_t begin = 0, count = 0;
  char kind = 'q';
};

void addLines(std::vector<HeadBand>& bands, const Lines& lines, std::int64_t headDim, std::int64_t across, bool rows) {
  for (std::int64_t h = 0; h < lines.count; ++h) {
    const auto at = static_cast<double>(lines.begin + h * headDim), size = static_cast<double>(headDim);
    const auto width = static_cast<double>(across);
    bands.push_back({rows ? scene::Rect{0, at, width, size} : scene::Rect{at, 0, size, width}, h, lines.kind, rows});
  }
}

// Rows run over (head, q k v, Dh).
std::vector<HeadBand> interleaved(const weights::HeadCounts& heads, std::int64_t across) {
  std::vector<HeadBand> bands;
  const auto size = static_cast<double>(heads.headDim);
  for (std::int64_t h = 0; h < heads.heads; ++h)
    for (const auto& [part, kind] : {std::pair{0, 'q'}, {1, 'k'}, {2, 'v'}})
      bands.push_back(
          {{0, (3.0 * static_cast<double>(h) + part) * size, static_cast<double>(across), size}, h, kind, true});
  return bands;
}

} // namespace

std::vector<HeadBand> headBands(const weights::HeadCounts& n, const weights::Weight& weight) {
  std::vector<HeadBand> bands;
  if (n.headDim <= 0 || !weight.matrix()) return bands;
  const bool out = weight.part == weights::part::kOutput;
  const bool rows = out == weight.transposed; // W_O has heads in its columns
  const std::int64_t along = rows ? weight.shape[0] : weight.shape[1],
                     across = rows ? weight.shape[1] : weight.shape[0];
  std::vector<Lines> lines;
  if (weight.part == weights::part::kQuery) lines = {{0, n.heads, 'q'}};
  if (weight.part == weights::part::kKey) lines = {{0, n.kvHeads, 'k'}};
  if (weight.part == weights::part::kValue) lines = {{0, n.kvHeads, 'v'}};
  if (out) lines = {{0, n.heads, 'o'}};
  if (weight.part == weights::part::kQkv) {
    if (!weight.rows.empty()) return interleaved(n, across);
    const std::int64_t q = n.heads * n.headDim, kv = n.kvHeads * n.headDim;
    lines = {{0, n.heads, 'q'}, {q, n.kvHeads, 'k'}, {q + kv, n.kvHeads, 'v'}};
  }
  std::int64_t used = 0;
  for (const Lines& l : lines) used += l.count * n.headDim;
  if (used != along) return bands;
  for (const Lines& l : lines) addLines(bands, l, n.headDim, across, rows);
  return bands;
}

const HeadBand* chosenBand(const std::vector<HeadBand>& bands, const weights::HeadCounts& heads,
                           const Selection& selection, const weights::Weight& weight) {
  if (selection.layer != weight.layer) return nullptr;
  const std::int64_t group = heads.kvHeads > 0 ? std::max<std::int64_t>(1, heads.heads / heads.kvHeads) : 1;
  for (const HeadBand& band : bands) {
    const bool query = band.kind == 'q' || band.kind == 'o';
    if (band.head == (query ? selection.head : selection.head / group)) return &band;
  }
  return nullptr;
}

} // namespace orrery::views
