// SPDX-License-Identifier: MIT
// Loss and gradients of one batch by the kernel, by name and in the shapes of the files.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/sweep/aligned_buffer.h"
#include "core/sweep/transformer_input.h"
#include "core/sweep/transformer_kernel.h"
#include "core/sweep/transformer_trainer.h"

namespace orrery::sweep {

template <class T>
std::pair<double, std::map<std::string, std::vector<double>>>
gradientOf(const TransformerShape& shape, const TransformerInput& input, std::size_t step) {
  AlignedBuffer<T> weights, gradient, positions, memory;
  std::copy(input.weights.begin(), input.weights.end(), weights.atLeast(shape.size));
  const auto angles = sinusoidalPositions(shape);
  std::copy(angles.begin(), angles.end(), positions.atLeast(angles.size()));
  const std::size_t size = TransformerScratch<T>(shape, nullptr).size;
  std::fill_n(memory.atLeast(size), size, T(0));
  const TransformerScratch<T> scratch(shape, memory.atLeast(size));
  TransformerJob<T> job;
  job.shape = &shape;
  job.weights = weights.get();
  job.gradient = gradient.atLeast(shape.size);
  job.positions = positions.get();
  job.tokens = input.tokens.data();
  job.starts = input.starts.data() + step * shape.batch;
  job.scratch = &scratch;
  const double loss = transformerGradient(job);
  std::map<std::string, std::vector<double>> named;
  for (const MatrixPlace* place : shape.matrices())
    for (std::size_t i = 0; i < place->in; ++i)
      for (std::size_t o = 0; o < place->out; ++o)
        named[place->name].push_back(static_cast<double>(
            job.gradient[place->at + (place->outputRows ? o * toStrip(place->in) + i : i * toStrip(place->out) + o)]));
  for (const VectorPlace& place : shape.vectors)
    named[place.name].assign(job.gradient + place.at, job.gradient + place.at + place.size);
  return {loss, named};
}

} // namespace orrery::sweep
