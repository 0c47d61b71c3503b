// SPDX-License-Identifier: MIT
#include "core/weights/spectra.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <numeric>
#include <thread>

#include "core/analysis/lapack.h"
#include "core/analysis/singular_values.h"

namespace orrery::weights {
namespace {

// Mean and squared deviations of what is read, gathered on the way (rows may be read more than once: only the first
// pass counts). Chan, Golub and LeVeque's update.
struct Deviation {
  double count = 0, mean = 0, squares = 0;
  std::int64_t next = 0; // row

  void add(std::int64_t first, std::int64_t rows, std::int64_t cols, const double* values) {
    if (first != next) return;
    next += rows;
    const std::int64_t n = rows * cols;
    const double sum = std::accumulate(values, values + n, 0.0), m = sum / static_cast<double>(n);
    double s = 0;
    for (std::int64_t i = 0; i < n; ++i) s += (values[i] - m) * (values[i] - m);
    const double all = count + static_cast<double>(n), delta = m - mean;
    squares += s + delta * delta * count * static_cast<double>(n) / all;
    mean += delta * static_cast<double>(n) / all;
    count = all;
  }
  double std() const { return count > 0 ? std::sqrt(squares / count) : 0; }
};

Result<analysis::Spectrum> spectrumFrom(analysis::MatrixSource source, std::uint64_t memory,
                                        const SpectraOptions& options, const std::stop_token& stop,
                                        const std::function<void(double)>& progress) {
  auto deviation = std::make_shared<Deviation>();
  source.read = [read = std::move(source.read), deviation, cols = source.cols](std::int64_t first, std::int64_t count,
                                                                               double* out) -> Status {
    if (Status done = read(first, count, out); !done) return done;
    deviation->add(first, count, cols, out);
    return Done{};
  };
  const int threads =
      std::max(1, options.threads == 0 ? static_cast<int>(std::thread::hardware_concurrency()) : options.threads);
  const std::uint64_t share = memory / static_cast<std::uint64_t>(threads);
  auto values = analysis::singularValues(source, {.maxBytes = share, .progress = progress}, stop);
  if (values) return analysis::summarise(std::move(*values), source.rows, source.cols, deviation->std());
  if (values.error().code != Code::TooLarge || options.estimate <= 0) return values.error();
  *deviation = {};
  auto estimate =
      analysis::estimateSpectrum(source, {.count = options.estimate, .maxBytes = share, .progress = progress}, stop);
  if (!estimate) return estimate.error();
  return analysis::summariseEstimate(std::move(estimate->values), estimate->residual, estimate->frobenius, source.rows,
                                     source.cols, deviation->std());
}

} // namespace

Result<analysis::Spectrum> spectrumOf(const WeightsPtr& set, const Weight& weight, const SpectraOptions& options,
                                      const std::stop_token& stop, const std::function<void(double)>& progress) {
  if (!weight.matrix())
    return badInput(weight.name + " " + shapeText(weight.shape) + " is no matrix: it has no singular values");
  return spectrumFrom(sourceOf(set, weight), set->memory(), options, stop, progress);
}

Result<analysis::Spectrum> spectrumOfChange(const WeightsPtr& a, const Weight& from, const WeightsPtr& b,
                                            const Weight& to, const SpectraOptions& options,
                                            const std::stop_token& stop) {
  if (!from.matrix())
    return badInput(from.name + " " + shapeText(from.shape) + " is no matrix: it has no singular values");
  auto left = canonicalSource(a, from), right = canonicalSource(b, to);
  if (!left) return left.error();
  if (!right) return right.error();
  analysis::MatrixSource difference{left->rows, left->cols, {}};
  difference.read = [l = *left, r = *right](std::int64_t first, std::int64_t count, double* out) -> Status {
    std::vector<double> before(static_cast<std::size_t>(count * l.cols));
    if (Status read = l.read(first, count, before.data()); !read) return read;
    if (Status read = r.read(first, count, out); !read) return read;
    for (std::size_t i = 0; i < before.size(); ++i) out[i] -= before[i];
    return Done{};
  };
  return spectrumFrom(std::move(difference), a->memory(), options, stop, {});
}

double spectrumCost(const Weight& weight) {
  if (!weight.matrix()) return 0;
  const auto small = static_cast<double>(std::min(weight.shape[0], weight.shape[1]));
  const auto large = static_cast<double>(std::max(weight.shape[0], weight.shape[1]));
  return small * small * (large + 4 * small);
}

void eachByCost(const std::vector<double>& cost, int threads, const std::stop_token& stop,
                const std::function<void(std::size_t)>& work) {
  std::vector<std::size_t> order(cost.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return cost[a] > cost[b]; });
  std::atomic<std::size_t> next{0};
  const analysis::SerialLapack serial; // once, not back and forth with every matrix
  const auto loop = [&] {
    for (std::size_t i = next++; i < order.size() && !stop.stop_requested(); i = next++) work(order[i]);
  };
  const auto count =
      static_cast<std::size_t>(threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<std::jthread> others;
  for (std::size_t t = 1; t < std::min(count, order.size()); ++t) others.emplace_back(loop);
  loop();
}

} // namespace orrery::weights
