// SPDX-License-Identifier: MIT
// The arrays of one pass through the small transformer, one after the other in a block of memory. Activations are
// [feature][column], a column being a token of a tile of sequences.
#pragma once
#include "core/sweep/transformer_shape.h"

namespace orrery::sweep {

// memory: null (only `size` is then of use), or `size` zeros, aligned.
template <class T> struct TransformerScratch {
  struct Norm {
    T *normal, *deviation; // [d][columns]: (x - mean) / sd; [columns]: 1 / sd
  };
  struct Layer {
    Norm norm1, norm2;
    T *qkv, *mixed, *hidden; // [3 d], [d] (heads side by side), [ffn]
    T* probability;          // [sequence][head][context padded: key][padded: query]
  };

  T *x, *change, *normed, *gradient; // [d]: the stream, its gradient, an input of a product and its gradient
  T *qkvGradient, *hiddenGradient;   // [3 d], [ffn]
  T *logits, *logSum;                // [vocab], one row
  T* turned;                         // [columns][widest]
  T *score, *scoreTurned;            // [padded][padded]
  T* partial;                        // [numbers in parameter vectors][kStrip]: sums over columns by lane
  std::size_t partialNumbers;
  std::size_t size = 0;

  TransformerScratch(const TransformerShape& shape, T* memory) : m_next(memory) {
    const std::size_t n = shape.columns, d = toStrip(shape.d);
    for (T** rows : {&x, &change, &normed, &gradient}) *rows = take(d * n);
    qkvGradient = take(toStrip(3 * shape.d) * n);
    hiddenGradient = take(toStrip(shape.ffn) * n);
    logits = take(toStrip(shape.vocab) * n);
    logSum = take(n);
    turned = take(n * d);
    score = take(shape.padded * shape.padded);
    scoreTurned = take(shape.padded * shape.padded);
    partialNumbers = shape.vectorNumbers * kStrip;
    partial = take(partialNumbers);
    final = norm(shape);
    for (std::size_t l = 0; l < shape.layers; ++l) m_layers.push_back(layer(shape));
  }

  const Layer& layerAt(std::size_t l) const { return m_layers[l]; }
  Norm final;

private:
  T* take(std::size_t count) {
    T* at = m_next ? m_next + size : nullptr;
    size += toStrip(count);
    return at;
  }
  Norm norm(const TransformerShape& shape) {
    T* normal = take(toStrip(shape.d) * shape.columns);
    return {normal, take(shape.columns)};
  }
  Layer layer(const TransformerShape& shape) {
    const std::size_t n = shape.columns;
    Layer made;
    made.norm1 = norm(shape);
    made.norm2 = norm(shape);
    made.qkv = take(toStrip(3 * shape.d) * n);
    made.mixed = take(toStrip(shape.d) * n);
    made.hidden = take(toStrip(shape.ffn) * n);
    made.probability = take(shape.sequences * shape.heads * shape.padded * shape.padded);
    return made;
  }

  T* m_next;
  std::vector<Layer> m_layers;
};

} // namespace orrery::sweep
