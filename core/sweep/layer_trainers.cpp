// SPDX-License-Identifier: MIT
#include "core/sweep/layer_trainers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <thread>

#include "core/sweep/map_build.h"
#include "core/sweep/nulls.h"
#include "core/sweep/order_null.h"
#include "core/sweep/sweep_store.h"

namespace orrery::sweep {
namespace {

double nudged(double value, DType dtype) {
  if (dtype == DType::F64) return std::nextafter(value, std::numeric_limits<double>::infinity());
  return static_cast<double>(std::nextafter(static_cast<float>(value), std::numeric_limits<float>::infinity()));
}

} // namespace

int threadsOf(const SweepOptions& options) {
  if (options.threads > 0) return options.threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

Result<const Trainer*> LayerTrainers::get(std::uint32_t layer) {
  const std::string& name = layerNames()[layer];
  std::unique_ptr<Trainer>& kept = m_made[name == kRoundingLayer ? layerNames()[0] : name];
  if (!kept) {
    auto made = make(name);
    if (!made) return made.error();
    kept = std::move(*made);
  }
  return kept.get();
}

Result<std::unique_ptr<Trainer>> LayerTrainers::make(const std::string& layer) const {
  if (layer == "quadratic") return makeQuadraticTrainer(m_spec);
  if (layer == "order") return makeOrderTrainer(m_spec);
  return m_options.trainer ? m_options.trainer(m_spec) : makeTrainer(m_spec);
}

std::function<RunParameters(std::uint32_t)> runsOf(const SweepSpec& spec, std::uint32_t layer) {
  std::vector<double> x = spec.x.values(), y = spec.y.values();
  if (layerNames()[layer] == kRoundingLayer)
    for (std::vector<double>* values : {&x, &y})
      for (double& value : *values) value = nudged(value, spec.dtype);
  return [&spec, x, y](std::uint32_t pixel) { return spec.run(x[pixel % x.size()], y[pixel / x.size()]); };
}

Status workForSweep(const SweepSpec& spec, const SweepOptions& options, std::stop_token stop) {
  const auto text = specText(spec); // without one, rank 0 hears of a spec that is not its own
  LayerTrainers trainers(spec, options);
  std::mutex mutex;
  const auto trainerOf = [&](std::uint32_t layer) {
    std::lock_guard lock(mutex);
    return trainers.get(layer);
  };
  std::vector<std::function<RunParameters(std::uint32_t)>> runs;
  for (std::uint32_t layer = 0; layer < layerNames().size(); ++layer) runs.push_back(runsOf(spec, layer));
  return options.ranks->work(text ? *text : std::string(), threadsOf(options),
                             [&](const Tile& tile, std::vector<Digest>& digests) -> Status {
                               const Result<const Trainer*> trainer = trainerOf(tile.layer);
                               if (!trainer) return trainer.error();
                               std::vector<RunParameters> what;
                               for (const std::uint32_t pixel : tile.pixels) what.push_back(runs[tile.layer](pixel));
                               digests.resize(what.size());
                               return (*trainer)->train(what, digests, stop);
                             });
}

} // namespace orrery::sweep
