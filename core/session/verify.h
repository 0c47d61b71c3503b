// SPDX-License-Identifier: MIT
// How exact a model runs here: against numbers of another program, or its float32 run against its float64 run, hook by
// hook; and what other weights (a quantised file of the same model) do to its logits. Any one thread; libtorch runs.
#pragma once
#include <cstdint>
#include <span>

#include "core/session/in_step.h"
#include "core/session/reference.h"
#include "core/session/verification.h"

namespace orrery::session {

// |a - ref| / size that is allowed of a run of this dtype, see Difference.
double toleranceOf(DType dtype);

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
