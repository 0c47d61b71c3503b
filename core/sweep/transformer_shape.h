// SPDX-License-Identifier: MIT
// Sizes of the small transformer and where its parameters stand in one block of memory. Counts that run along vectors
// are padded to kStrip with zeros, so that rows are aligned; padding is never read into a result.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "core/sweep/spec.h"

namespace orrery::sweep {

inline constexpr std::size_t kStrip = 16;
inline std::size_t toStrip(std::size_t count) { return (count + kStrip - 1) / kStrip * kStrip; }

// A matrix of parameters; in the files it is [in, out] and y = x W.
struct MatrixPlace {
  std::string name;   // as in the reference files, "layer.0.attention.q"
  std::size_t at = 0; // first number
  std::size_t in = 0, out = 0;
  bool outputRows = true; // stored [out][toStrip(in)]; else [in][toStrip(out)]
};
struct VectorPlace {
  std::string name;
  std::size_t at = 0, size = 0;
  std::size_t entry = 0; // how many numbers of vectors stand before it
};

struct LayerPlaces {
  VectorPlace ln1Scale, ln1Bias, ln2Scale, ln2Bias, b1, b2;
  MatrixPlace q, k, v; // one after the other: together [3 d][toStrip(d)]
  MatrixPlace o, w1, w2;
};

struct TransformerShape {
  std::size_t layers, heads, d, context, vocab, ffn, batch;
  std::size_t wide;      // toStrip(d): the row of a matrix
  std::size_t padded;    // toStrip(context): columns of a sequence
  std::size_t sequences; // of a tile, so that their columns fill a few vectors
  std::size_t columns;   // sequences * padded
  std::vector<LayerPlaces> layer;
  std::vector<VectorPlace> vectors; // all of them
  std::size_t vectorNumbers = 0;    // in them
  MatrixPlace embedding, output;    // embedding: [vocab][toStrip(d)]
  VectorPlace finalScale, finalBias, outputBias;
  std::size_t attention = 0; // the first numbers belong to lr.attention (attention and ln1), the others to lr.other
  std::size_t size = 0;      // of the block

  explicit TransformerShape(const SweepSpec& spec);
  std::size_t headWidth() const { return d / heads; }
  std::vector<const MatrixPlace*> matrices() const;
};

} // namespace orrery::sweep
