// SPDX-License-Identifier: MIT
// What a measurement of exactness found. Immutable once made; any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/analysis/difference.h"
#include "core/base/dtype.h"

namespace orrery::session {

struct VerifyRow {
  std::string name;     // hook point; "logits" (behind a final soft-cap), "greedy"
  std::string source;   // tensor of the reference; "float64"
  std::string note;     // "before RoPE", "behind a final soft-cap"; empty: nothing to say
  double maxAbs = 0;    // largest |a - ref|; of "greedy": tokens that differ
  double tolerance = 0; // what is allowed where it stands; ok says the same as maxAbs <= tolerance
  double scaled = 0;    // largest |a - ref| / size, see Difference
  bool ok = true;
};

struct Verification {
  DType dtype = DType::F32;
  std::string against;                          // "float64", or the files
  std::int64_t tokens = 0;                      // of the texts that ran
  std::vector<VerifyRow> rows;                  // worst first: by scaled difference over tolerance
  std::vector<std::string> unused;              // tensors of the reference that were not compared
  std::optional<analysis::LogitsChange> logits; // only with another checkpoint: `against` is its path, rows is empty

  // A sentence why (too large for a measurement nobody asked for); empty: it was measured.
  std::string notMeasured = {};
  bool ok() const;
};
void sortWorstFirst(std::vector<VerifyRow>& rows);

} // namespace orrery::session
