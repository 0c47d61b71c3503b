// SPDX-License-Identifier: MIT
// "circuit": what a head reads and writes of the residual stream: its QK product W_Q^T W_K [D, D] (query side down, key
// side across; without RoPE, which would turn it with the distance) or its OV product W_O W_V [D, D] (written down,
// read across). Cells come from the factors when they are in view: the product itself is never stored.
// Source: Elhage et al., "A Mathematical Framework for Transformer Circuits", 2021.
#include "core/weights/heads.h"
#include "views/weight_picture.h"

namespace orrery::views {
namespace {

ViewInfo makeInfo() {
  std::vector<Parameter> parameters = {
      {"product", ParameterKind::Choice, "qk", {"qk", "ov"}, "W_Q^T W_K of the selected head, or W_O W_V"}};
  for (Parameter& shared : mapParameters()) parameters.push_back(std::move(shared));
  return {"circuit", "QK and OV circuits of a head", "weights", std::move(parameters)};
}

class CircuitView final : public BuiltInView {
public:
  explicit CircuitView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

// Both factors with Dh along the columns: product [i, j] = left[i] . right[j].
struct Factors {
  std::int64_t size = 0, inner = 0;
  std::vector<float> left, right; // [D, Dh]
};

std::vector<float> turned(const weights::HeadMatrix& m) { // [Dh, D] -> [D, Dh]
  std::vector<float> out(m.values.size());
  for (std::int64_t r = 0; r < m.rows; ++r)
    for (std::int64_t c = 0; c < m.cols; ++c)
      out[static_cast<std::size_t>(c * m.rows + r)] =
          static_cast<float>(m.values[static_cast<std::size_t>(r * m.cols + c)]);
  return out;
}

Result<std::shared_ptr<const Factors>> factorsOf(const weights::WeightsPtr& set, const Selection& s, bool qk) {
  auto left = weights::headMatrix(set, s.layer, s.head, qk ? weights::part::kQuery : weights::part::kOutput);
  if (!left) return left.error();
  auto right = weights::headMatrix(set, s.layer, s.head, qk ? weights::part::kKey : weights::part::kValue);
  if (!right) return right.error();
  auto factors = std::make_shared<Factors>();
  factors->inner = right->rows;
  factors->size = right->cols;
  factors->left = qk ? turned(*left) : std::vector<float>(left->values.begin(), left->values.end());
  factors->right = turned(*right);
  return std::shared_ptr<const Factors>(std::move(factors));
}

MapSource productOf(const weights::WeightSet& set, const Selection& s, bool qk,
                    std::shared_ptr<const Factors> factors) {
  TileKey key = weightKey(set, s.layer, kHeadOf + (qk ? 3 : 4));
  key.head = s.head;
  const std::int64_t size = factors->size;
  return {size, size, key,
          [f = std::move(factors)](std::int64_t row, std::int64_t height, std::int64_t col, std::int64_t width,
                                   float* out) -> Status {
            for (std::int64_t r = 0; r < height; ++r)
              for (std::int64_t c = 0; c < width; ++c) {
                const float* a = f->left.data() + (row + r) * f->inner;
                const float* b = f->right.data() + (col + c) * f->inner;
                double sum = 0;
                for (std::int64_t d = 0; d < f->inner; ++d)
                  sum += static_cast<double>(a[d]) * static_cast<double>(b[d]);
                out[r * width + c] = static_cast<float>(sum);
              }
            return Done{};
          }};
}

Result<Built> CircuitView::build(const Request& request, std::stop_token stop) const {
  if (!request.weights) return notFound("no checkpoint is open whose weights could be shown");
  const bool qk = textOf(request.parameters, "product") == "qk";
  auto factors = factorsOf(request.weights, request.selection, qk);
  if (!factors) return factors.error();
  Missing missing(request, m_shared.tiles, stop);
  Figure figure(request);
  WeightPicture picture{request, figure, productOf(*request.weights, request.selection, qk, *factors), m_shared,
                        missing};
  picture.panelName = "circuit";
  picture.label = qk ? "W_Q^T W_K" : "W_O W_V";
  picture.rowName = qk ? "query side" : "written";
  picture.columnName = qk ? "key side" : "read";
  picture.limits = {0, 0, static_cast<double>((*factors)->size), static_cast<double>((*factors)->size)};
  if (Status drawn = drawWeightMap(picture, stop); !drawn) return drawn.error();
  const std::string what = picture.label + " of layer " + std::to_string(request.selection.layer) + ", head " +
                           std::to_string(request.selection.head);
  if (showsTitle(request)) drawTitle(picture, what + " · " + checkpointName(*request.weights));
  Built built = finished(picture);
  built.caption = "Checkpoint " + checkpointName(*request.weights) + ": " + what + (qk ? ", without RoPE. " : ". ") +
                  captionOfMap(picture);
  return built;
}

} // namespace

std::unique_ptr<View> makeCircuitView(const Shared& shared) { return std::make_unique<CircuitView>(shared); }

} // namespace orrery::views
