// SPDX-License-Identifier: MIT
#include "core/sweep/mlp_trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/sweep/aligned_buffer.h"
#include "core/sweep/measure.h"
#include "core/sweep/mlp_kernel.h"

namespace orrery::sweep {
namespace {

constexpr std::size_t kSegment = 25, kRuns = 256, kRunBytes = std::size_t{64} << 20;

template <class T> struct Workspace { // one per thread
  AlignedBuffer<T> lanes, rows, scratch, losses;
  std::vector<T> weights;     // [run][weights]
  std::vector<double> curves; // [run][steps]
  std::vector<std::size_t> living;
  std::vector<std::size_t> recorded; // [run]: losses before it was given up
};

template <class T> class MlpTrainer : public Trainer {
public:
  MlpTrainer(const SweepSpec& spec, MlpInput input)
      : m_input(std::move(input)), m_steps(static_cast<std::size_t>(spec.steps)),
        m_nonlinearity(spec.model.nonlinearity), m_width(mlpPadded(m_input.n)),
        m_weights(m_input.n * m_input.n + m_input.n) {
    m_x.resize(mlpPadded(m_input.points) * m_width);
    m_y.resize(mlpPadded(m_input.points));
    for (std::size_t p = 0; p < m_input.points; ++p) copyRow(p, m_x.data() + p * m_width, m_y[p]);
  }

  std::size_t batch() const override {
    const std::size_t bytes = m_steps * sizeof(double) + m_weights * sizeof(T);
    return std::clamp<std::size_t>(kRunBytes / bytes, 16, kRuns);
  }

  Status train(std::span<const RunParameters> runs, std::span<Digest> digests, std::stop_token stop) const override {
    Workspace<T>& space = workspace();
    for (std::size_t first = 0; first < runs.size(); first += batch()) {
      const auto part = runs.subspan(first, std::min(batch(), runs.size() - first));
      if (!trainPart(part, space, stop)) return cancelled();
      for (std::size_t r = 0; r < part.size(); ++r)
        digests[first + r] = digestOf({space.curves.data() + r * m_steps, space.recorded[r]}, m_steps);
    }
    return Done{};
  }

  Result<std::vector<double>> curve(const RunParameters& run, std::stop_token stop) const override {
    Workspace<T>& space = workspace();
    if (!trainPart({&run, 1}, space, stop)) return cancelled();
    std::vector<double> losses(space.curves.begin(), space.curves.begin() + static_cast<std::ptrdiff_t>(m_steps));
    std::fill(losses.begin() + static_cast<std::ptrdiff_t>(space.recorded[0]), losses.end(),
              std::numeric_limits<double>::quiet_NaN());
    return losses;
  }

  double flopsPerStep() const override {
    const auto n = static_cast<double>(m_input.n), points = static_cast<double>(m_input.points);
    const auto batch = static_cast<double>(m_input.batch);
    const double pass = 2 * (n * n + n); // of one point, in one direction
    return m_input.batch == 0 ? 2 * points * pass : (points + 2 * batch) * pass;
  }

private:
  static Workspace<T>& workspace() {
    thread_local Workspace<T> space;
    return space;
  }

  void copyRow(std::size_t point, T* x, T& y) const {
    for (std::size_t i = 0; i < m_input.n; ++i) x[i] = static_cast<T>(m_input.x[point * m_input.n + i]);
    y = static_cast<T>(m_input.y[point]);
  }

  void begin(std::span<const RunParameters> runs, Workspace<T>& space) const {
    space.weights.resize(runs.size() * m_weights);
    space.curves.resize(std::max(space.curves.size(), runs.size() * m_steps));
    space.recorded.assign(runs.size(), m_steps);
    space.living.resize(runs.size());
    std::iota(space.living.begin(), space.living.end(), std::size_t{0});
    T* out = space.weights.data();
    for (const RunParameters& run : runs) {
      for (const double w : m_input.w0)
        *out++ = static_cast<T>(static_cast<T>(run.initScale * w) + static_cast<T>(run.offsetInit));
      for (const double w : m_input.w1) *out++ = static_cast<T>(run.initScale * w);
    }
  }

  // The rows of the minibatches from step `first` on, side by side in memory.
  void packBatches(std::size_t first, std::size_t steps, Workspace<T>& space, MlpRows<T> (&batches)[kSegment]) const {
    const std::size_t rows = mlpPadded(m_input.batch), one = rows * (m_width + 1);
    T* to = space.rows.atLeast(kSegment * one);
    std::fill(to, to + steps * one, T(0));
    for (std::size_t t = 0; t < steps; ++t, to += one) {
      T* y = to + rows * m_width;
      for (std::size_t b = 0; b < m_input.batch; ++b)
        copyRow(static_cast<std::size_t>(m_input.order[(first + t) * m_input.batch + b]), to + b * m_width, y[b]);
      batches[t] = {to, y, m_input.batch};
    }
  }

  struct Lanes { // of one group of runs
    std::size_t count;
    T *w0, *w1, *rate0, *rate1, *drift;
  };

  Lanes lanesIn(Workspace<T>& space) const {
    const std::size_t count = mlpLanes(T()), matrix = m_width * m_width * count, vector = m_width * count;
    T* memory = space.lanes.atLeast(matrix + vector + 3 * count);
    return {count,
            memory,
            memory + matrix,
            memory + matrix + vector,
            memory + matrix + vector + count,
            memory + matrix + vector + 2 * count};
  }

  // copy(weight of the run, weight in the lane) for every weight.
  template <class Copy> void eachWeight(const Lanes& lanes, std::size_t lane, T* weights, const Copy& copy) const {
    for (std::size_t j = 0; j < m_input.n; ++j)
      for (std::size_t i = 0; i < m_input.n; ++i)
        copy(weights[j * m_input.n + i], lanes.w0[(j * m_width + i) * lanes.count + lane]);
    for (std::size_t j = 0; j < m_input.n; ++j)
      copy(weights[m_input.n * m_input.n + j], lanes.w1[j * lanes.count + lane]);
  }

  // Nothing finite can come any more: an output weight that is not finite makes every output so, an input weight that
  // is not a number every hidden unit behind it.
  bool lost(const T* weights) const {
    const T* output = weights + m_input.n * m_input.n;
    return std::any_of(weights, output, [](T w) { return std::isnan(w); }) ||
           std::any_of(output, weights + m_weights, [](T w) { return !std::isfinite(w); });
  }

  void runGroup(std::span<const RunParameters> runs, std::span<const std::size_t> group, MlpSegment<T>& job,
                std::size_t first, Workspace<T>& space) const {
    const Lanes lanes = lanesIn(space);
    std::fill(lanes.w0, lanes.rate0, T(0));
    for (std::size_t lane = 0; lane < lanes.count; ++lane) {
      const std::size_t run = group[std::min(lane, group.size() - 1)]; // lanes too many do the last run again
      eachWeight(lanes, lane, space.weights.data() + run * m_weights, [](T& from, T& to) { to = from; });
      lanes.rate0[lane] = static_cast<T>(runs[run].rateFirst);
      lanes.rate1[lane] = static_cast<T>(runs[run].rateSecond);
      lanes.drift[lane] = static_cast<T>(runs[run].offsetDrift);
    }
    job.w0 = lanes.w0;
    job.w1 = lanes.w1;
    job.rate0 = lanes.rate0;
    job.rate1 = lanes.rate1;
    job.drift = lanes.drift;
    job.scratch = space.scratch.atLeast(mlpScratch(m_input.n, lanes.count));
    job.losses = space.losses.atLeast(kSegment * lanes.count);
    job.clock = phaseClock();
    mlpSteps(job);
    for (std::size_t lane = 0; lane < group.size(); ++lane) {
      T* weights = space.weights.data() + group[lane] * m_weights;
      eachWeight(lanes, lane, weights, [](T& to, T& from) { to = from; });
      double* curve = space.curves.data() + group[lane] * m_steps + first;
      for (std::size_t t = 0; t < job.steps; ++t) curve[t] = static_cast<double>(job.losses[t * lanes.count + lane]);
      if (lost(weights)) space.recorded[group[lane]] = first + job.steps;
    }
  }

  // False if cancelled.
  bool trainPart(std::span<const RunParameters> runs, Workspace<T>& space, const std::stop_token& stop) const {
    begin(runs, space);
    MlpRows<T> batches[kSegment];
    MlpSegment<T> job;
    job.n = m_input.n;
    job.nonlinearity = m_nonlinearity;
    job.points = {m_x.data(), m_y.data(), m_input.points};
    job.batches = m_input.batch > 0 ? batches : nullptr;
    const std::size_t lanes = mlpLanes(T());
    for (std::size_t first = 0; first < m_steps && !space.living.empty(); first += kSegment) {
      job.steps = std::min(kSegment, m_steps - first);
      if (m_input.batch > 0) packBatches(first, job.steps, space, batches);
      const std::span<const std::size_t> living = space.living;
      for (std::size_t k = 0; k < living.size(); k += lanes) {
        if (stop.stop_requested()) return false;
        runGroup(runs, living.subspan(k, std::min(lanes, living.size() - k)), job, first, space);
      }
      std::erase_if(space.living, [&](std::size_t run) { return space.recorded[run] < m_steps; });
    }
    return true;
  }

  const MlpInput m_input;
  const std::size_t m_steps;
  const Nonlinearity m_nonlinearity;
  const std::size_t m_width, m_weights; // padded n; weights of one run
  std::vector<T> m_x, m_y;              // padded rows
};

} // namespace

std::unique_ptr<Trainer> makeMlpTrainer(const SweepSpec& spec, MlpInput input) {
  if (spec.dtype == DType::F32) return std::make_unique<MlpTrainer<float>>(spec, std::move(input));
  return std::make_unique<MlpTrainer<double>>(spec, std::move(input));
}

} // namespace orrery::sweep
