// SPDX-License-Identifier: MIT
// "difference": the selected tensor of another checkpoint less that of this one, as a map.
#include "views/weight_picture.h"

namespace orrery::views {
namespace {

ViewInfo makeInfo() {
  ViewInfo info{"difference", "Difference of a tensor", "checkpoints", mapParameters()};
  info.parameters.insert(info.parameters.begin(), stepParameter());
  return info;
}

class DifferenceView final : public BuiltInView {
public:
  explicit DifferenceView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

// B - A in the order that A has in its file. Where B's differs, B is brought into the family's order, and A too.
Result<MapSource> differenceOf(const weights::WeightsPtr& a, const weights::Weight& from, const weights::WeightsPtr& b,
                               const weights::Weight& to) {
  TileKey key = weightKey(*a, indexOf(*a, from), kHeadOf + 2);
  key.head = static_cast<std::int64_t>(b->id());
  if (from.rows == to.rows && from.transposed == to.transposed) {
    const MapSource left = mapOf(a, from), right = mapOf(b, to);
    return MapSource{left.rows, left.cols, key,
                     [left, right](std::int64_t row, std::int64_t height, std::int64_t col, std::int64_t width,
                                   float* out) -> Status {
                       std::vector<float> before(static_cast<std::size_t>(height * width));
                       if (Status read = left.read(row, height, col, width, before.data()); !read) return read;
                       if (Status read = right.read(row, height, col, width, out); !read) return read;
                       for (std::size_t i = 0; i < before.size(); ++i) out[i] -= before[i];
                       return Done{};
                     }};
  }
  auto left = weights::canonicalSource(a, from), right = weights::canonicalSource(b, to);
  if (!left) return left.error();
  if (!right) return right.error();
  return MapSource{left->rows, left->cols, key,
                   [l = *left, r = *right](std::int64_t row, std::int64_t height, std::int64_t col, std::int64_t width,
                                           float* out) -> Status {
                     std::vector<double> x(static_cast<std::size_t>(l.cols)), y(x.size());
                     for (std::int64_t i = 0; i < height; ++i) {
                       if (Status read = l.read(row + i, 1, x.data()); !read) return read;
                       if (Status read = r.read(row + i, 1, y.data()); !read) return read;
                       for (std::int64_t c = 0; c < width; ++c)
                         out[i * width + c] = static_cast<float>(y[static_cast<std::size_t>(col + c)] -
                                                                 x[static_cast<std::size_t>(col + c)]);
                     }
                     return Done{};
                   }};
}

Result<Built> DifferenceView::build(const Request& request, std::stop_token stop) const {
  auto weight = chosenWeight(request);
  if (!weight) return weight.error();
  auto other = chosenOther(request);
  if (!other) return other.error();
  const weights::Weight& w = **weight;
  auto there = weightIn(**other, w);
  if (!there) return there.error();
  if (w.elements() == 0) return badInput(w.name + " " + shapeText(w.shape) + " has no elements to show");
  auto source = differenceOf(request.weights, w, *other, **there);
  if (!source) return source.error();
  Missing missing(request, m_shared.tiles, stop);
  Figure figure(request);
  WeightPicture picture{request, figure, *source, m_shared, missing};
  picture.panelName = "difference";
  picture.label = "difference";
  picture.limits = {0, 0, static_cast<double>(source->cols), static_cast<double>(source->rows)};
  if (Status drawn = drawWeightMap(picture, stop); !drawn) return drawn.error();
  const std::string what =
      w.name + " " + shapeAndType(w) + ": " + checkpointName(**other) + " less " + checkpointName(*request.weights);
  if (showsTitle(request)) drawTitle(picture, what);
  Built built = finished(picture);
  built.caption = "Tensor " + what + ". " + captionOfMap(picture);
  return built;
}

} // namespace

std::unique_ptr<View> makeDifferenceView(const Shared& shared) { return std::make_unique<DifferenceView>(shared); }

} // namespace orrery::views
