// SPDX-License-Identifier: MIT
// A trainer whose map is known: the run (x, y) converges if z = (x - 1.5) + i (y - 1.5) stays bounded under z^2 + c.
// With c = -0.123 + 0.745 i ("Douady's rabbit") the boundary has dimension 1.39 (McMullen 1998, Hausdorff dimension and
// conformal dynamics III, table of quadratic polynomials).
#pragma once
#include <atomic>
#include <chrono>
#include <complex>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>

#include "core/sweep/measure.h"
#include "core/sweep/sweep.h"

namespace orrery::sweep {

inline constexpr int kJuliaSteps = 300;

class JuliaTrainer final : public Trainer {
public:
  explicit JuliaTrainer(double pauseSeconds = 0) : m_pause(pauseSeconds) {}
  std::size_t batch() const override { return 32; }
  double flopsPerStep() const override { return 1; }

  Status train(std::span<const RunParameters> runs, std::span<Digest> digests, std::stop_token stop) const override {
    if (m_pause > 0) std::this_thread::sleep_for(std::chrono::duration<double>(m_pause));
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (stop.stop_requested()) return cancelled();
      digests[i] = digestOf(losses(runs[i]), kJuliaSteps);
      ++trained;
    }
    return Done{};
  }
  Result<std::vector<double>> curve(const RunParameters& run, std::stop_token) const override {
    std::vector<double> curve = losses(run);
    curve.resize(kJuliaSteps, std::nan(""));
    return curve;
  }

  static std::vector<double> losses(const RunParameters& run) {
    std::complex<double> z(run.rateFirst - 1.5, run.rateSecond - 1.5);
    const std::complex<double> c(-0.123, 0.745);
    std::vector<double> curve = {4};
    for (int t = 1; t < kJuliaSteps && std::norm(z) < 1e100; ++t, z = z * z + c) curve.push_back(std::abs(z));
    return curve;
  }

  mutable std::atomic<std::int64_t> trained{0};

private:
  double m_pause;
};

inline SweepSpec juliaSpec(std::int64_t side, bool full, double low = 0, double high = 3) {
  SweepSpec spec;
  spec.x.parameter = "lr.input";
  spec.y.parameter = "lr.output";
  for (AxisSpec* axis : {&spec.x, &spec.y}) {
    axis->min = low;
    axis->max = high;
    axis->count = side;
  }
  spec.steps = kJuliaSteps;
  spec.refine.full = full;
  return spec;
}

inline SweepOptions juliaOptions(int threads = 2, double pauseSeconds = 0) {
  SweepOptions options;
  options.threads = threads;
  options.trainer = [pauseSeconds](const SweepSpec&) {
    return Result<std::unique_ptr<Trainer>>(std::make_unique<JuliaTrainer>(pauseSeconds));
  };
  return options;
}

// A folder that goes away with the test.
class Folder {
public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "orrery_sweep_XXXXXX").string();
    m_path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(m_path); }
  std::string file(const std::string& name) const { return (m_path / name).string(); }

private:
  std::filesystem::path m_path;
};

inline std::string bytesOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline bool sameDigest(const Digest& a, const Digest& b) {
  std::byte left[108], right[108];
  packDigest(a, left);
  packDigest(b, right);
  return std::equal(std::begin(left), std::end(left), right);
}

inline bool sameLayer(const MapLayer& a, const MapLayer& b) {
  return a.classes == b.classes && a.value == b.value && a.state == b.state && a.digests.size() == b.digests.size() &&
         std::equal(a.digests.begin(), a.digests.end(), b.digests.begin(), sameDigest);
}

} // namespace orrery::sweep
