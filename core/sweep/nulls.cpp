// SPDX-License-Identifier: MIT
#include "core/sweep/nulls.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/random.h"
#include "core/sweep/measure.h"
#include "core/sweep/parameters.h"

namespace orrery::sweep {
namespace {

constexpr double kCoupling = 0.5;              // b of the loss u^2/2 + b u v + v^2/2 before scaling
constexpr double kScale = 2 / (1 + kCoupling); // largest eigenvalue 2 at rates (1, 1): the boundary
constexpr double kStartU = 1, kStartV = -0.3, kGiveUp = 1e100;

double middleOf(const AxisSpec& axis) {
  const double low = axis.value(0), high = axis.value(axis.size() - 1);
  return axis.log10 && low > 0 ? std::sqrt(low) * std::sqrt(high) : (low + high) / 2;
}

// The rates of the middle of the window; both are positive.
struct Middle {
  double first = 1, second = 1;
};

Middle middleOf(const SweepSpec& spec) {
  const RunParameters run = spec.run(middleOf(spec.x), middleOf(spec.y));
  return {run.rateFirst, run.rateSecond};
}

class QuadraticTrainer final : public Trainer {
public:
  QuadraticTrainer(Middle middle, std::size_t steps) : m_middle(middle), m_steps(steps) {}

  std::size_t batch() const override { return 64; }
  double flopsPerStep() const override { return 8; }

  Status train(std::span<const RunParameters> runs, std::span<Digest> digests, std::stop_token stop) const override {
    std::vector<double> losses;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (stop.stop_requested()) return cancelled();
      losses.clear();
      descend(runs[i], losses);
      digests[i] = digestOf(losses, m_steps);
    }
    return Done{};
  }

  Result<std::vector<double>> curve(const RunParameters& run, std::stop_token) const override {
    std::vector<double> losses;
    descend(run, losses);
    losses.resize(m_steps, std::nan(""));
    return losses;
  }

private:
  void descend(const RunParameters& run, std::vector<double>& losses) const {
    const double p = run.rateFirst / m_middle.first * kScale, q = run.rateSecond / m_middle.second * kScale;
    double u = kStartU, v = kStartV;
    for (std::size_t t = 0; t < m_steps; ++t) {
      losses.push_back(kScale * (u * u / 2 + kCoupling * u * v + v * v / 2));
      if (!(losses.back() < kGiveUp)) return;
      const double gradU = u + kCoupling * v, gradV = v + kCoupling * u;
      u -= p * gradU;
      v -= q * gradV;
    }
  }

  Middle m_middle;
  std::size_t m_steps;
};

} // namespace

const std::vector<std::string>& nullNames() {
  static const std::vector<std::string> names = {"quadratic", "labels", "order"};
  return names;
}

double quadraticRadius(const SweepSpec& spec, const RunParameters& run) {
  const Middle middle = middleOf(spec);
  const double p = run.rateFirst / middle.first * kScale, q = run.rateSecond / middle.second * kScale;
  // Step: [[1 - p, -p b], [-q b, 1 - q]]; its eigenvalues are real, since p q b^2 >= 0.
  const double trace = 2 - p - q, half = std::sqrt((p - q) * (p - q) + 4 * p * q * kCoupling * kCoupling) / 2;
  return std::max(std::abs(trace / 2 + half), std::abs(trace / 2 - half));
}

Result<std::unique_ptr<Trainer>> makeQuadraticTrainer(const SweepSpec& spec) {
  for (const AxisSpec* axis : {&spec.x, &spec.y}) {
    const AxisParameter* parameter = findAxisParameter(axis->parameter);
    if (!parameter || !(parameter->rateFirst || parameter->rateSecond))
      return unsupported("the quadratic null map needs two rates as axes, found " + axis->parameter);
  }
  const Middle middle = middleOf(spec);
  if (!(middle.first > 0) || !(middle.second > 0))
    return unsupported("the quadratic null map needs rates above 0 in the middle of the window");
  return std::unique_ptr<Trainer>(std::make_unique<QuadraticTrainer>(middle, static_cast<std::size_t>(spec.steps)));
}

MapLayer shuffledLabels(const MapLayer& pixels, std::uint64_t seed) {
  std::vector<std::size_t> from(pixels.classes.size());
  std::iota(from.begin(), from.end(), std::size_t{0});
  Random random(seed);
  for (std::size_t i = from.size(); i > 1; --i) std::swap(from[i - 1], from[random.below(i)]);
  MapLayer out;
  for (const std::size_t pixel : from) {
    out.classes.push_back(pixels.classes[pixel]);
    out.value.push_back(pixels.value[pixel]);
    out.state.push_back(pixels.state[pixel]);
  }
  return out;
}

} // namespace orrery::sweep
