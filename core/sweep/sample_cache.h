// SPDX-License-Identifier: MIT
// Runs that were trained already, found again by what they were told: zooming by two asks for every sample of the
// parent again and trains none of them. Any thread.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

class SampleCache {
public:
  // Beyond `most` runs (about 250 bytes each) the kinds that were used longest ago are dropped.
  explicit SampleCache(std::size_t most = 2000000);
  ~SampleCache();

  // Runs of one kind: everything of a spec but axes, fixed values, measure and refinement.
  class Kind;
  std::shared_ptr<Kind> kind(const SweepSpec& spec);
  static std::optional<Digest> find(const Kind& kind, const RunParameters& run);
  void keep(Kind& kind, const RunParameters& run, const Digest& digest);

private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

// The axis between values `first` and `last` of `axis` (places, first < last), every second value one of `axis`, bit
// for bit: 2 (last - first) + 1 values. Errors: BadInput, where two neighbours leave no room: the precision floor.
Result<AxisSpec> zoomedAxis(const AxisSpec& axis, std::size_t first, std::size_t last, DType dtype);
// The distance from |value| to the next larger number of the arithmetic, F64 or F32.
double ulpOf(double value, DType dtype);
// The smallest distance of neighbours, in units in the last place of the arithmetic.
double pitchInUlp(const std::vector<double>& values, DType dtype);

} // namespace orrery::sweep
