// SPDX-License-Identifier: MIT
// From what a schedule knows to a map. Pure.
#pragma once
#include <string>
#include <vector>

#include "core/sweep/map.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

// What is known of one layer: class (Lattice::kUnknown where nothing) and digest of every pixel.
struct KnownLayer {
  std::string name;
  std::vector<std::uint8_t> classes;
  std::vector<Digest> digests;
};

inline constexpr const char* kRoundingLayer = "rounding";

Refinement refinementOf(const SweepSpec& spec);
std::uint8_t classOf(const SweepSpec& spec, const Digest& digest);

struct BuildOptions {
  bool preview = false; // see settle()
  bool labels = false;  // add the null map of shuffled labels, if the map is complete
  int shard = 0, shards = 1;
  bool over = false; // a part: nothing of it is left to train
};
// layers[0] is the map, the others null maps or kRoundingLayer. A part (shards > 1) holds computed pixels only, since
// what may be guessed depends on the other parts.
Map buildMap(const SweepSpec& spec, const std::vector<KnownLayer>& layers, const BuildOptions& options);

// What a map file knows, as buildMap() takes it: the map and those of its further layers named in `names`.
std::vector<KnownLayer> knownOf(const Map& map, const std::vector<std::string>& names);

} // namespace orrery::sweep
