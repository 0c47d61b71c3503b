// SPDX-License-Identifier: MIT
#include "core/sweep/transformer_shape.h"

#include <algorithm>

namespace orrery::sweep {
namespace {

constexpr std::size_t kTileColumns = 64;

class Allotment { // hands out places one after the other
public:
  explicit Allotment(TransformerShape& shape) : m_shape(shape), m_size(shape.size) {}
  MatrixPlace matrix(std::string name, std::size_t in, std::size_t out, bool outputRows) {
    const std::size_t at = m_size;
    m_size += outputRows ? out * toStrip(in) : in * toStrip(out);
    return {std::move(name), at, in, out, outputRows};
  }
  VectorPlace vector(std::string name, std::size_t size) {
    const std::size_t at = m_size;
    m_size += toStrip(size);
    m_shape.vectors.push_back({std::move(name), at, size, m_shape.vectorNumbers});
    m_shape.vectorNumbers += size;
    return m_shape.vectors.back();
  }

private:
  TransformerShape& m_shape;
  std::size_t& m_size;
};

std::size_t sizeOf(std::int64_t count) { return static_cast<std::size_t>(count); }

} // namespace

TransformerShape::TransformerShape(const SweepSpec& spec)
    : layers(sizeOf(spec.model.layers)), heads(sizeOf(spec.model.heads)), d(sizeOf(spec.model.model)),
      context(sizeOf(spec.model.context)), vocab(sizeOf(spec.model.vocab)), ffn(sizeOf(spec.model.ffn)),
      batch(sizeOf(spec.optimizer.batch)), wide(toStrip(d)), padded(toStrip(context)),
      sequences(std::clamp<std::size_t>(kTileColumns / padded, 1, batch)), columns(sequences * padded), layer(layers) {
  Allotment allot(*this);
  const auto name = [](std::size_t l, const char* what) { return "layer." + std::to_string(l) + "." + what; };
  for (std::size_t l = 0; l < layers; ++l) {
    layer[l].q = allot.matrix(name(l, "attention.q"), d, d, true);
    layer[l].k = allot.matrix(name(l, "attention.k"), d, d, true);
    layer[l].v = allot.matrix(name(l, "attention.v"), d, d, true);
    layer[l].o = allot.matrix(name(l, "attention.o"), d, d, false);
    layer[l].ln1Scale = allot.vector(name(l, "ln1.scale"), d);
    layer[l].ln1Bias = allot.vector(name(l, "ln1.bias"), d);
  }
  attention = size;
  embedding = allot.matrix("embedding", vocab, d, false);
  for (std::size_t l = 0; l < layers; ++l) {
    layer[l].ln2Scale = allot.vector(name(l, "ln2.scale"), d);
    layer[l].ln2Bias = allot.vector(name(l, "ln2.bias"), d);
    layer[l].w1 = allot.matrix(name(l, "ffn.w1"), d, ffn, true);
    layer[l].b1 = allot.vector(name(l, "ffn.b1"), ffn);
    layer[l].w2 = allot.matrix(name(l, "ffn.w2"), ffn, d, false);
    layer[l].b2 = allot.vector(name(l, "ffn.b2"), d);
  }
  finalScale = allot.vector("final_ln.scale", d);
  finalBias = allot.vector("final_ln.bias", d);
  output = allot.matrix("output.w", d, vocab, true);
  outputBias = allot.vector("output.b", vocab);
}

std::vector<const MatrixPlace*> TransformerShape::matrices() const {
  std::vector<const MatrixPlace*> all = {&embedding};
  for (const LayerPlaces& l : layer)
    for (const MatrixPlace* place : {&l.q, &l.k, &l.v, &l.o, &l.w1, &l.w2}) all.push_back(place);
  all.push_back(&output);
  return all;
}

} // namespace orrery::sweep
