// SPDX-License-Identifier: MIT
#include "app/verbs/dimension_pairs.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unistd.h>

#include "core/analysis/verdict.h"
#include "core/sweep/measure.h"
#include "core/sweep/sample_cache.h"

namespace orrery::app {
namespace {

std::atomic<std::stop_source*> g_stop{nullptr};
void onInterrupt(int) {
  if (std::stop_source* stop = g_stop) stop->request_stop();
}

// From a share of the window to the value of an axis.
struct AxisWindow {
  bool log = false;
  double low = 0, high = 1; // values, or their log10
  AxisWindow(const sweep::AxisSpec& axis, const std::vector<double>& values) : log(axis.log10 && values.front() > 0) {
    low = log ? std::log10(values.front()) : values.front();
    high = log ? std::log10(values.back()) : values.back();
  }
  double value(double share) const {
    const double at = low + share * (high - low);
    return log ? std::pow(10.0, at) : at;
  }
  // The share of the window that is kLeastPitchUlp units in the last place wide where these are widest.
  double floor(DType dtype) const {
    const double top = value(1), step = analysis::kLeastPitchUlp * sweep::ulpOf(top, dtype);
    return log ? step / top / std::log(10.0) / (high - low) : step / (high - low);
  }
};

// Trains runs in batches on several threads; the first error stops all.
Status trainAll(const sweep::Trainer& trainer, std::span<const sweep::RunParameters> runs,
                std::span<sweep::Digest> digests, int threads, std::stop_token stop) {
  const std::size_t batch = std::max<std::size_t>(1, trainer.batch());
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::optional<Error> failure; // guarded by mutex
  const auto work = [&] {
    for (std::size_t begin = next.fetch_add(batch); begin < runs.size(); begin = next.fetch_add(batch)) {
      const std::size_t count = std::min(batch, runs.size() - begin);
      const Status done = trainer.train(runs.subspan(begin, count), digests.subspan(begin, count), stop);
      if (done) continue;
      const std::lock_guard lock(mutex);
      failure = done.error();
      next = runs.size();
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (int i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
  }
  if (failure) return *failure;
  return Done{};
}

void showProgress(std::int64_t done, std::int64_t all) {
  if (!::isatty(STDERR_FILENO)) return;
  std::fprintf(stderr, "\r\033[Kpairs: %lld of %lld runs", static_cast<long long>(done), static_cast<long long>(all));
  if (done >= all) std::fprintf(stderr, "\r\033[K");
}

} // namespace

Result<analysis::PairDimension> trainPairs(const sweep::SweepSpec& spec, const sweep::Map& map, const PairRuns& how) {
  auto trainer = sweep::makeTrainer(spec);
  if (!trainer) return trainer.error();
  const AxisWindow x(spec.x, map.x), y(spec.y, map.y);
  const int threads =
      how.threads > 0 ? how.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const auto classOf = [&](std::span<const analysis::PlanePoint> points, std::span<std::uint8_t> classes,
                           std::stop_token stop) -> Status {
    std::vector<sweep::RunParameters> runs;
    for (const analysis::PlanePoint& point : points) runs.push_back(spec.run(x.value(point.x), y.value(point.y)));
    std::vector<sweep::Digest> digests(runs.size());
    if (Status done = trainAll(**trainer, runs, digests, threads, stop); !done) return done;
    for (std::size_t k = 0; k < runs.size(); ++k) {
      const auto outcome = sweep::outcomeOf(spec.measure, digests[k], static_cast<std::size_t>(spec.steps));
      classes[k] = how.bit == sweep::kStable ? outcome.stable : outcome.trainable;
    }
    return Done{};
  };
  analysis::PairOptions options;
  options.pairs = how.pairs;
  options.seed = how.seed;
  options.smallest = std::max({options.smallest, x.floor(spec.dtype), y.floor(spec.dtype)});
  if (!(options.smallest < options.largest / 4))
    return badInput("the window is too small for pairs of runs: they would lie below the precision floor");
  std::stop_source stop;
  g_stop = &stop;
  const auto before = std::signal(SIGINT, onInterrupt);
  auto found = analysis::pairDimension(classOf, options, stop.get_token(), showProgress);
  std::signal(SIGINT, before);
  g_stop = nullptr;
  return found;
}

} // namespace orrery::app
