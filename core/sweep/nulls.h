// SPDX-License-Identifier: MIT
// Null maps: what a map looks like whose boundary is known, to stand beside a real one.
//   quadratic  gradient descent on a quadratic loss of two numbers, one rate each; its boundary is a smooth curve
//   labels     the pixels of the map itself, in seeded random order: same share of every class, no neighbourhood left
//   order      every run sees its data in an order of its own (order_null.h)
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/sweep/map.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

const std::vector<std::string>& nullNames();

// Loss u^2 a / 2 + b u v + v^2 c / 2 with the rates of the run for u and v, so scaled that the boundary goes through
// the middle of the spec's window. Both axes must be rates. Errors: Unsupported.
Result<std::unique_ptr<Trainer>> makeQuadraticTrainer(const SweepSpec& spec);
// The largest |eigenvalue| of one step of it: below 1 it converges, above it diverges.
double quadraticRadius(const SweepSpec& spec, const RunParameters& run);

MapLayer shuffledLabels(const MapLayer& pixels, std::uint64_t seed);

} // namespace orrery::sweep
