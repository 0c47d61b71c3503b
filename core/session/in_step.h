// SPDX-License-Identifier: MIT
// Two models on the same tokens, piece by piece in step: hooks of both can be compared without either being kept whole.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

#include "core/models/decoder.h"

namespace orrery::session {

struct Control {
  std::stop_token stop;
  std::function<void(double fraction)> progress; // on the calling thread
};

// Positions [begin, begin + T of the views) of one hook, in the order of the forward pass; shapes as a CaptureSink has
// them.
using PairVisit =
    std::function<void(hooks::HookId, std::int64_t begin, const TensorView& first, const TensorView& second)>;

inline constexpr std::uint64_t kPieceBytes = 64'000'000;
// Tokens that go through at once, so that the hooks of one piece take about kPieceBytes; all of them where RoPE depends
// on the length of the whole text.
std::int64_t pieceTokens(const models::Decoder& decoder, const hooks::CapturePlan& plan, std::int64_t tokens);

// Errors: as Decoder::startRun and Run::append.
Status runInStep(const models::Decoder& first, const models::Decoder& second, std::span<const std::int32_t> tokens,
                 const hooks::CapturePlan& plan, const PairVisit& visit, const Control& control);

} // namespace orrery::session
