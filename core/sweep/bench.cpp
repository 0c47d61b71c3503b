// SPDX-License-Identifier: MIT
#include "core/sweep/bench.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "core/sweep/aligned_buffer.h"
#include "core/sweep/phase_clock.h"
#include "core/sweep/spec.h"
#include "core/sweep/transformer_kernel.h"

namespace orrery::sweep {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Model {
  const char *name, *json;
};

constexpr Model kModels[] = {
    {"tanh net, 272 parameters, 272 points, float64",
     R"({"model": {"kind": "mlp2", "n": 16}, "axes": {"x": {"parameter": "lr.input", "values": [0.1]},
         "y": {"parameter": "lr.output", "values": [0.1]}}, "steps": 100})"},
    {"transformer d 16, 1 layer, T 16, batch 16, float32",
     R"({"model": {"kind": "transformer", "layers": 1, "heads": 2, "d_model": 16, "context": 16, "vocab": 22, "ffn": 32},
         "data": {"kind": "grammar"}, "optimizer": {"kind": "adam", "batch": 16},
         "axes": {"x": {"parameter": "lr.attention", "values": [0.003]},
                  "y": {"parameter": "lr.other", "values": [0.003]}}, "steps": 100, "dtype": "float32"})"},
    {"transformer d 64, 2 layers, T 64, batch 32, float32",
     R"({"model": {"kind": "transformer", "layers": 2, "heads": 2, "d_model": 64, "context": 64, "vocab": 22, "ffn": 128},
         "data": {"kind": "grammar"}, "optimizer": {"kind": "adam", "batch": 32},
         "axes": {"x": {"parameter": "lr.attention", "values": [0.003]},
                  "y": {"parameter": "lr.other", "values": [0.003]}}, "steps": 10, "dtype": "float32"})"},
};

constexpr const char* kWindow =
    R"({"model": {"kind": "mlp2", "n": 16},
        "axes": {"x": {"parameter": "lr.input", "scale": "log10", "min": -3, "max": 6, "count": 64},
                 "y": {"parameter": "lr.output", "scale": "log10", "min": -3, "max": 6, "count": 64}}, "steps": 500})";

Result<SweepSpec> specOf(const char* json) { return parseSweepSpec(Json::parse(json), "bench sweep"); }

// work(thread) on `threads` threads; waits for all.
void onThreads(std::size_t threads, const std::function<void()>& work) {
  std::vector<std::jthread> workers;
  for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(work);
}

// Runs trained by all threads in about `seconds`, a second.
double runsPerSecond(const Trainer& trainer, const RunParameters& run, std::size_t threads, double seconds) {
  std::atomic<std::size_t> done{0};
  const auto start = Clock::now();
  onThreads(threads, [&] {
    const std::vector<RunParameters> runs(trainer.batch(), run);
    std::vector<Digest> digests(runs.size());
    while (since(start) < seconds)
      if (trainer.train(runs, digests, {})) done += runs.size();
  });
  return static_cast<double>(done) / since(start);
}

PhaseClock phasesOf(const Trainer& trainer, const RunParameters& run) {
  const std::vector<RunParameters> runs(std::min<std::size_t>(trainer.batch(), 32), run);
  std::vector<Digest> digests(runs.size());
  (void)trainer.train(runs, digests, {});
  PhaseClock clock;
  phaseClock() = &clock;
  (void)trainer.train(runs, digests, {});
  phaseClock() = nullptr;
  clock.enter(Phase::Rest);
  return clock;
}

} // namespace

double productPeak(double seconds) {
  // 60 x 64 x 64: the operands fill half of a first-level cache, the accumulators the registers.
  AlignedBuffer<float> a, b, c;
  std::fill_n(a.atLeast(60 * 64), 60 * 64, 0.5f);
  std::fill_n(b.atLeast(64 * 64), 64 * 64, 0.25f);
  float* out = c.atLeast(60 * 64);
  double flops = 0;
  const auto start = Clock::now();
  while (since(start) < seconds)
    for (int i = 0; i < 1000; ++i, flops += 2.0 * 60 * 64 * 64) peakProduct(a.get(), b.get(), out);
  return flops / since(start) / 1e9;
}

Status benchSweep(std::size_t threads, double seconds, const std::function<void(const BenchRow&)>& row) {
  for (const Model& model : kModels) {
    auto spec = specOf(model.json);
    if (!spec) return spec.error();
    auto trainer = makeTrainer(*spec);
    if (!trainer) return trainer.error();
    const RunParameters run = spec->run(spec->x.value(0), spec->y.value(0));
    BenchRow result;
    result.model = model.name;
    result.modelStepsPerSecond = runsPerSecond(**trainer, run, threads, seconds) * static_cast<double>(spec->steps);
    result.gflops = result.modelStepsPerSecond * (*trainer)->flopsPerStep() / 1e9;
    std::atomic<double> peak{0};
    onThreads(threads, [&] { peak += productPeak(std::min(seconds, 1.0)); });
    result.sgemmPeak = peak;
    const PhaseClock clock = phasesOf(**trainer, run);
    result.products = clock.share(Phase::Products);
    result.nonlinear = clock.share(Phase::Nonlinear);
    result.rest = clock.share(Phase::Rest);
    row(result);
  }
  return Done{};
}

Result<WindowRow> benchWindow(std::size_t threads) {
  auto spec = specOf(kWindow);
  if (!spec) return spec.error();
  auto trainer = makeTrainer(*spec);
  if (!trainer) return trainer.error();
  std::vector<RunParameters> runs;
  for (const double y : spec->y.values())
    for (const double x : spec->x.values()) runs.push_back(spec->run(x, y));
  std::vector<Digest> digests(runs.size());
  std::atomic<std::size_t> next{0};
  const std::size_t chunk = 64;
  const auto start = Clock::now();
  onThreads(threads, [&] {
    for (std::size_t first = next.fetch_add(chunk); first < runs.size(); first = next.fetch_add(chunk))
      (void)(*trainer)->train(std::span(runs).subspan(first, chunk), std::span(digests).subspan(first, chunk), {});
  });
  WindowRow row;
  row.seconds = since(start);
  row.modelStepsPerSecond = static_cast<double>(runs.size()) * static_cast<double>(spec->steps) / row.seconds;
  return row;
}

} // namespace orrery::sweep
