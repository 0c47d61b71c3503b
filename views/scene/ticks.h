// SPDX-License-Identifier: MIT
// Where an axis has its ticks, what they are called, and which labels have room. Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace orrery::scene {

struct Tick {
  double value = 0;
  std::string label;
};

// Multiples of 1, 2 or 5 times a power of ten inside [low, high], at most `most` (>= 2) of them, with just enough
// decimals to tell them apart. Ends may stand in either order. Empty if an end is not finite or both are equal.
std::vector<Tick> linearTicks(double low, double high, int most);
// Powers of ten inside [low, high] (0 < low < high), thinned to `most`; 1, 2, 5 of each decade where fewer than two
// powers fit; linear ticks where even those do not.
std::vector<Tick> logTicks(double low, double high, int most);

// "0.0123", "1.2e-07": at most `digits` significant figures, trailing zeros dropped; "nan", "inf", "-inf".
std::string numberText(double value, int digits = 3);

// The smallest of 1, 2, 5, 10, 20, 50 ... such that every step-th of labels `spacing` apart has room for `extent`.
// 0 if spacing or extent is not finite or spacing <= 0.
std::int64_t labelStep(double spacing, double extent);

// Of intervals [begin, end) on one line, in order, those that keep `gap` from the last one kept. Indices.
struct Interval {
  double begin = 0, end = 0;
};
std::vector<std::size_t> keepApart(const std::vector<Interval>& intervals, double gap);

} // namespace orrery::scene
