// SPDX-License-Identifier: MIT
// How exact a model runs here: against numbers of another program, or its float32 run against its float64 run, hook by
// hook; and what other weights (a quantised file of the same model) do to its logits. Any one thread; libtorch runs.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/analysis/difference.h"
#include "core/session/in_step.h"
#include "core/session/reference.h"

namespace orrery::session {

// |a - ref| / size that is allowed of a run of this dtype, see Difference.
double toleranceOf(DType dtype);

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

  bool ok() const;
};
void sortWorstFirst(std::vector<VerifyRow>& rows);

// Runs the texts of the reference, `chunk` tokens at a time, and compares whatever it has. Errors: BadInput (a number
// of the reference is NaN, greedy tokens outside the vocabulary), and as Run::append.
Result<Verification> verifyReference(const models::Decoder& decoder, const Reference& reference, const Control& control,
                                     std::int64_t chunk = 512);

// Every hook point but those on request. Errors: as Run::append.
Result<Verification> verifyFloat64(const models::Decoder& float32, const models::Decoder& float64,
                                   std::span<const std::int32_t> tokens, const Control& control);

// Logits of `decoder` against those of `reference`. Errors: BadInput (vocabularies differ), and as Run::append.
Result<Verification> compareLogits(const models::Decoder& decoder, const models::Decoder& reference,
                                   std::span<const std::int32_t> tokens, const Control& control);

} // namespace orrery::session
