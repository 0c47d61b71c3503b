// SPDX-License-Identifier: MIT
// What views of boundary maps are given: a map, from a file or being computed, and what was found out about its pixels.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/sweep/spec.h"
#include "core/sweep/sweep.h"

namespace orrery::views {

struct MapInput {
  std::string name;                                   // of the file or preset, for captions
  std::shared_ptr<const sweep::MapSnapshot> snapshot; // never null; nor is its map
  std::optional<sweep::SweepSpec> spec;               // of the map; none: the file holds none that can be read
  std::map<std::int64_t, std::vector<double>> curves; // loss curves by pixel (row * width + column), [steps], retrained
};
using MapInputPtr = std::shared_ptr<const MapInput>;

// Of a map that is not being computed.
MapInputPtr mapInputOf(std::string name, sweep::Map map);

} // namespace orrery::views
