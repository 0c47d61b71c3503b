// SPDX-License-Identifier: MIT
#include "core/sweep/transformer_trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/sweep/aligned_buffer.h"
#include "core/sweep/measure.h"
#include "core/sweep/transformer_kernel.h"

namespace orrery::sweep {
namespace {

template <class T> class TransformerTrainer : public Trainer {
public:
  TransformerTrainer(const SweepSpec& spec, TransformerShape shape, TransformerInput input)
      : m_shape(std::move(shape)), m_input(std::move(input)), m_steps(static_cast<std::size_t>(spec.steps)),
        m_kind(spec.optimizer.kind), m_scratchSize(TransformerScratch<T>(m_shape, nullptr).size),
        m_scaled(m_shape.size, false) {
    const std::vector<double> positions = sinusoidalPositions(m_shape);
    std::copy(positions.begin(), positions.end(), m_positions.atLeast(positions.size()));
    for (const MatrixPlace* place : m_shape.matrices()) {
      const std::size_t rows = place->outputRows ? place->out : place->in;
      const std::size_t row = toStrip(place->outputRows ? place->in : place->out);
      std::fill_n(m_scaled.begin() + static_cast<std::ptrdiff_t>(place->at), rows * row, true);
    }
  }

  std::size_t batch() const override { return 1; }

  Status train(std::span<const RunParameters> runs, std::span<Digest> digests, std::stop_token stop) const override {
    for (std::size_t r = 0; r < runs.size(); ++r) {
      Workspace& space = workspace();
      const auto recorded = trainOne(runs[r], space, stop);
      if (!recorded) return cancelled();
      digests[r] = digestOf({space.curve.data(), *recorded}, m_steps);
    }
    return Done{};
  }

  Result<std::vector<double>> curve(const RunParameters& run, std::stop_token stop) const override {
    Workspace& space = workspace();
    const auto recorded = trainOne(run, space, stop);
    if (!recorded) return cancelled();
    std::vector<double> losses(m_steps, std::numeric_limits<double>::quiet_NaN());
    std::copy_n(space.curve.begin(), *recorded, losses.begin());
    return losses;
  }

  double flopsPerStep() const override {
    const auto real = [](std::size_t count) { return static_cast<double>(count); };
    const double d = real(m_shape.d), tokens = real(m_shape.context);
    const double linear = real(m_shape.layers) * (4 * d * d + 2 * d * real(m_shape.ffn)) + d * real(m_shape.vocab);
    const double seen = (tokens + 1) / 2; // keys of a query
    const double attention = real(m_shape.layers) * 2 * d * seen;
    return 2 * 3 * real(m_shape.batch) * tokens * (linear + attention);
  }

private:
  struct Workspace { // of one thread; belongs to the trainer that used it last
    const void* owner = nullptr;
    AlignedBuffer<T> numbers;
    std::optional<TransformerScratch<T>> scratch;
    T *weights, *gradient, *first, *second;
    std::vector<double> curve;
  };

  Workspace& workspace() const {
    thread_local Workspace space;
    T* at = space.numbers.atLeast(4 * m_shape.size + m_scratchSize);
    if (space.owner != this || space.weights != at) {
      std::fill_n(at, 4 * m_shape.size + m_scratchSize, T(0));
      space.owner = this;
      space.weights = at;
      space.gradient = at + m_shape.size;
      space.first = at + 2 * m_shape.size;
      space.second = at + 3 * m_shape.size;
      space.scratch.emplace(m_shape, at + 4 * m_shape.size);
      space.curve.resize(m_steps);
    }
    return space;
  }

  void begin(const RunParameters& run, Workspace& space) const {
    for (std::size_t i = 0; i < m_shape.size; ++i)
      space.weights[i] = static_cast<T>(m_scaled[i] ? run.initScale * m_input.weights[i] : m_input.weights[i]);
    std::fill_n(space.first, 2 * m_shape.size, T(0));
  }

  void step(const RunParameters& run, std::size_t t, Workspace& space) const {
    UpdateJob<T> job;
    job.kind = m_kind;
    job.beta1 = run.beta1;
    job.beta2 = run.beta2;
    job.eps = run.eps;
    job.weightDecay = run.weightDecay;
    job.step = t + 1;
    const auto part = [&](std::size_t at, std::size_t count, double rate) {
      job.weights = space.weights + at;
      job.gradient = space.gradient + at;
      job.first = space.first + at;
      job.second = space.second + at;
      job.count = count;
      job.rate = rate;
      update(job);
    };
    part(0, m_shape.attention, run.rateFirst);
    part(m_shape.attention, m_shape.size - m_shape.attention, run.rateSecond);
  }

  // How many losses it recorded: all, or those up to the first that is not a number, since the gradient of the output
  // biases, and so every later loss, is then none either. Nothing if cancelled.
  std::optional<std::size_t> trainOne(const RunParameters& run, Workspace& space, const std::stop_token& stop) const {
    begin(run, space);
    TransformerJob<T> job;
    job.shape = &m_shape;
    job.weights = space.weights;
    job.gradient = space.gradient;
    job.positions = m_positions.get();
    job.tokens = m_input.tokens.data();
    job.scratch = &*space.scratch;
    job.clock = phaseClock();
    for (std::size_t t = 0; t < m_steps; ++t) {
      if (stop.stop_requested()) return std::nullopt;
      job.starts = m_input.starts.data() + t * m_shape.batch;
      space.curve[t] = transformerGradient(job);
      if (std::isnan(space.curve[t])) return t;
      step(run, t, space);
    }
    return m_steps;
  }

  const TransformerShape m_shape;
  const TransformerInput m_input;
  const std::size_t m_steps;
  const OptimizerKind m_kind;
  const std::size_t m_scratchSize;
  std::vector<bool> m_scaled; // which weights init.scale multiplies: the matrices
  AlignedBuffer<T> m_positions;
};

} // namespace

std::vector<double> sinusoidalPositions(const TransformerShape& shape) {
  std::vector<double> positions(shape.context * shape.wide);
  for (std::size_t p = 0; p < shape.context; ++p)
    for (std::size_t i = 0; i < shape.d; i += 2) {
      const double angle =
          static_cast<double>(p) / std::pow(10000.0, static_cast<double>(i) / static_cast<double>(shape.d));
      positions[p * shape.wide + i] = std::sin(angle);
      positions[p * shape.wide + i + 1] = std::cos(angle);
    }
  return positions;
}

std::unique_ptr<Trainer> makeTransformerTrainer(const SweepSpec& spec, TransformerShape shape, TransformerInput input) {
  if (spec.dtype == DType::F32)
    return std::make_unique<TransformerTrainer<float>>(spec, std::move(shape), std::move(input));
  return std::make_unique<TransformerTrainer<double>>(spec, std::move(shape), std::move(input));
}

} // namespace orrery::sweep
