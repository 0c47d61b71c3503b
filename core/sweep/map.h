// SPDX-License-Identifier: MIT
// A map in memory: what was found at every pixel. Row i stands for y[i], column j for x[j]; pixel = i * width + j.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/sweep/digest.h"
#include "core/sweep/lattice.h"

namespace orrery::sweep {

// One value for every pixel, [H * W] each. A guessed pixel shows the numbers of the computed pixel it was guessed from.
struct MapLayer {
  std::vector<std::uint8_t> classes; // bit 0 stable (all losses finite), bit 1 trainable (the chosen criterion)
  std::vector<double> value;         // finite magnitude of the chosen measure; 0 where state is kNone
  std::vector<std::uint8_t> state;   // PixelState
  std::vector<Digest> digests;       // empty if the layer has none (a null map of labels alone)
};

// A second computation of every computed pixel, each axis value moved by one ulp: where it gives another class, the
// class is decided by rounding.
struct RoundingLayer {
  std::vector<std::uint8_t> differs; // [H * W] 1: other class; 0 also where nothing was computed twice
  MapLayer second;                   // state kComputed or kNone
};

struct Map {
  std::string spec;         // the whole spec, JSON; empty: the file holds none that can be read
  std::vector<double> x, y; // [W], [H], ascending
  MapLayer pixels;
  std::map<std::string, MapLayer> nulls; // by name: "quadratic", "labels", "order" ...
  std::optional<RoundingLayer> rounding;
  std::int64_t audits = 0, failedAudits = 0; // guesses that were computed after all, and those found wrong
  bool complete = false;                     // nothing that the spec asks for (of this part) is missing
  int shard = 0, shards = 1;                 // which part of the pixels this file answers for

  std::int64_t width() const { return static_cast<std::int64_t>(x.size()); }
  std::int64_t height() const { return static_cast<std::int64_t>(y.size()); }
  std::size_t size() const { return x.size() * y.size(); }
};

inline constexpr std::uint8_t kStable = 1, kTrainable = 2; // bits of a class

struct MapCounts {
  std::int64_t none = 0, guessed = 0, computed = 0, audited = 0; // computed includes audited
};
MapCounts countStates(const std::vector<std::uint8_t>& state);

} // namespace orrery::sweep
