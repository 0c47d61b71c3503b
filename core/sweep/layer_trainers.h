// SPDX-License-Identifier: MIT
// What trains the layers of a sweep: the map, its second computation, null maps. Layers go by their places in
// layerNames().
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/sweep/sweep.h"

namespace orrery::sweep {

// Made when they are needed. Thread: one at a time; `spec` and `options` outlive it.
class LayerTrainers {
public:
  LayerTrainers(const SweepSpec& spec, const SweepOptions& options) : m_spec(spec), m_options(options) {}
  Result<const Trainer*> get(std::uint32_t layer);

private:
  Result<std::unique_ptr<Trainer>> make(const std::string& layer) const;

  const SweepSpec& m_spec;
  const SweepOptions& m_options;
  std::map<std::string, std::unique_ptr<Trainer>> m_made;
};

// The run of a pixel; `spec` outlives it.
std::function<RunParameters(std::uint32_t pixel)> runsOf(const SweepSpec& spec, std::uint32_t layer);

int threadsOf(const SweepOptions& options);

} // namespace orrery::sweep
