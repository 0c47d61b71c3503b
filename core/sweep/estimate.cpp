// SPDX-License-Identifier: MIT
#include "core/sweep/estimate.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/sweep/map_build.h"

namespace orrery::sweep {
namespace {

constexpr double kMeasureSeconds = 0.2;

double secondsOf(const Trainer& trainer, std::span<const RunParameters> runs) {
  std::vector<Digest> digests(runs.size());
  const auto begin = std::chrono::steady_clock::now();
  if (!trainer.train(runs, digests, {})) return 0;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Of one run of one thread: a few steps at the smallest values of the axes, which diverge last; more until they take
// long enough to be measured.
Result<double> secondsPerRun(const SweepSpec& spec, const SweepOptions& options) {
  for (std::int64_t steps = 2;; steps *= 4) {
    SweepSpec shorter = spec;
    shorter.steps = std::min(steps, spec.steps);
    auto trainer = options.trainer ? options.trainer(shorter) : makeTrainer(shorter);
    if (!trainer) return trainer.error();
    const std::size_t batch = std::max<std::size_t>(1, (*trainer)->batch());
    const std::vector<RunParameters> runs(batch, spec.run(spec.x.value(0), spec.y.value(0)));
    (void)secondsOf(**trainer, runs); // memory of the first call
    const double seconds = secondsOf(**trainer, runs);
    if (seconds >= kMeasureSeconds || shorter.steps == spec.steps)
      return seconds / static_cast<double>(batch) * static_cast<double>(spec.steps) /
             static_cast<double>(shorter.steps);
  }
}

} // namespace

Result<SweepEstimate> estimateSweep(const SweepSpec& spec, const SweepOptions& options) {
  const auto height = static_cast<std::int64_t>(spec.y.size()), width = static_cast<std::int64_t>(spec.x.size());
  if (height > kMaxPixels / width)
    return tooLarge("a map of " + std::to_string(height) + " x " + std::to_string(width) + " pixels, at most " +
                    std::to_string(kMaxPixels) + " are computed");
  SweepEstimate estimate;
  auto each = secondsPerRun(spec, options);
  if (!each) return each.error();
  const std::int64_t layers = 1 + (options.rounding ? 1 : 0); // null maps of a formula cost next to nothing
  estimate.secondsPerRun = *each;
  estimate.threads =
      options.threads > 0 ? options.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  estimate.runs = height * width * layers / options.shards;
  estimate.runsLeast =
      static_cast<std::int64_t>(Lattice(height, width, refinementOf(spec)).begin().size()) * layers / options.shards;
  estimate.seconds = *each * static_cast<double>(estimate.runs) / estimate.threads;
  constexpr std::uint64_t kBytesAPixel = sizeof(Digest) + 16;
  estimate.bytes = static_cast<std::uint64_t>(height * width) * kBytesAPixel *
                   static_cast<std::uint64_t>(layers + static_cast<std::int64_t>(options.nulls.size()));
  return estimate;
}

} // namespace orrery::sweep
