// SPDX-License-Identifier: MIT
#include "core/weights/heads.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace orrery::weights {
namespace {

// Where a part of a head stands in a matrix in the family's order.
struct Place {
  const Weight* weight = nullptr;
  std::int64_t begin = 0; // row, or column of W_O
};

const Weight* inLayer(const WeightSet& set, std::int64_t layer, std::string_view part) {
  const auto found = std::ranges::find_if(set.weights(), [&](const Weight& weight) {
    return weight.layer == layer && weight.part == part && weight.matrix();
  });
  return found == set.weights().end() ? nullptr : &*found;
}

Result<Place> placeOf(const WeightSet& set, std::int64_t layer, std::int64_t head, std::string_view part) {
  const HeadCounts& n = set.heads();
  if (n.headDim <= 0) return notFound("no config says which rows of the weights belong to which head");
  if (head < 0 || head >= n.heads)
    return notFound("head " + std::to_string(head) + ": the model has " + std::to_string(n.heads));
  const bool query = part == part::kQuery || part == part::kOutput;
  const std::int64_t own = query ? head : head / std::max<std::int64_t>(1, n.heads / n.kvHeads);
  if (const Weight* weight = inLayer(set, layer, part)) return Place{weight, own * n.headDim};
  const Weight* fused = part == part::kOutput ? nullptr : inLayer(set, layer, part::kQkv);
  if (!fused)
    return notFound("layer " + std::to_string(layer) + " has no weights " + std::string(part) + " of its heads");
  const std::int64_t before = part == part::kQuery ? 0 : part == part::kKey ? n.heads : n.heads + n.kvHeads;
  return Place{fused, (before + own) * n.headDim};
}

} // namespace

Result<HeadMatrix> headMatrix(const WeightsPtr& set, std::int64_t layer, std::int64_t head, std::string_view part) {
  auto place = placeOf(*set, layer, head, part);
  if (!place) return place.error();
  auto source = canonicalSource(set, *place->weight);
  if (!source) return source.error();
  const bool columns = part == part::kOutput;
  const std::int64_t size = set->heads().headDim, end = place->begin + size;
  if (end > (columns ? source->cols : source->rows))
    return badInput(place->weight->name + " " + shapeText(place->weight->shape) + " is too small for head " +
                    std::to_string(head));
  HeadMatrix m{columns ? source->rows : size, columns ? size : source->cols, {}};
  m.values.resize(static_cast<std::size_t>(m.rows * m.cols));
  if (!columns) {
    if (Status read = source->read(place->begin, size, m.values.data()); !read) return read.error();
    return m;
  }
  std::vector<double> all(static_cast<std::size_t>(source->rows * source->cols));
  if (Status read = source->read(0, source->rows, all.data()); !read) return read.error();
  for (std::int64_t r = 0; r < m.rows; ++r)
    std::copy_n(all.begin() + r * source->cols + place->begin, size, m.values.begin() + r * size);
  return m;
}

Result<double> headCosine(const WeightsPtr& a, const WeightsPtr& b, std::int64_t layer, HeadPair heads,
                          std::string_view part) {
  auto x = headMatrix(a, layer, heads.here, part), y = headMatrix(b, layer, heads.there, part);
  if (!x) return x.error();
  if (!y) return y.error();
  if (x->rows != y->rows || x->cols != y->cols) return badInput("the heads of the two checkpoints differ in shape");
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x->values.size(); ++i) {
    xx += x->values[i] * x->values[i];
    yy += y->values[i] * y->values[i];
    xy += x->values[i] * y->values[i];
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : std::nan("");
}

} // namespace orrery::weights
