// SPDX-License-Identifier: MIT
// Loss and gradients of one small pre-LN transformer on one batch, and the update of its parameters. Vectors run along
// tokens, which share the weights, so that no sum depends on the width of the vector unit: the same bits on every one.
// Source of the model: arXiv 2501.04286.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/sweep/phase_clock.h"
#include "core/sweep/transformer_scratch.h"

namespace orrery::sweep {

template <class T> struct TransformerJob {
  const TransformerShape* shape = nullptr;
  const T* weights = nullptr;            // [shape->size]
  T* gradient = nullptr;                 // out: [shape->size], of the mean loss
  const T* positions = nullptr;          // [context][wide]
  const std::uint16_t* tokens = nullptr; // a window s: inputs tokens[s .. s + context), targets one further
  const std::int32_t* starts = nullptr;  // [batch]: the windows
  const TransformerScratch<T>* scratch = nullptr;
  PhaseClock* clock = nullptr;
};

// The mean cross-entropy over the batch, in nats.
double transformerGradient(const TransformerJob<float>& job);
double transformerGradient(const TransformerJob<double>& job);

template <class T> struct UpdateJob {
  OptimizerKind kind = OptimizerKind::Sgd;
  T *weights = nullptr, *first = nullptr, *second = nullptr; // [count]; the moments: Adam and AdamW only
  const T* gradient = nullptr;
  std::size_t count = 0; // a multiple of kStrip
  double rate = 0, beta1 = 0, beta2 = 0, eps = 0, weightDecay = 0;
  std::size_t step = 1; // from 1
};

// p -= rate g, or p -= rate (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) [+ weightDecay p]).
void update(const UpdateJob<float>& job);
void update(const UpdateJob<double>& job);

} // namespace orrery::sweep
