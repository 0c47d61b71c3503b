// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "core/session/estimate.h"

namespace orrery::session {
namespace {

const hooks::Dims kDims{12, 12, 12, 64, 768, 3072, 50257, 1024};

TEST(Estimate, AttentionBytesAreQKVAndLogSumExp) {
  hooks::CapturePlan plan;
  plan.overviews = false;
  const CaptureBytes bytes = captureBytes(kDims, plan, 1000, DType::F32);
  EXPECT_EQ(bytes.attention, 12u * 1000 * 4 * (3 * 768 + 12));
  EXPECT_EQ(bytes.overviews, 0u);
  EXPECT_EQ(bytes.hooks, 0u);
}

TEST(Estimate, APatternCostsTSquared) {
  hooks::CapturePlan plan;
  plan.add({hooks::HookKind::Pattern, 3});
  plan.add({hooks::HookKind::ResidPre, 0});
  const CaptureBytes bytes = captureBytes(kDims, plan, 1000, DType::F64);
  EXPECT_EQ(bytes.hooks, 8u * (12u * 1000 * 1000 + 768u * 1000));
}

TEST(Estimate, WhatDoesNotFitSaysTheNumber) {
  hooks::CapturePlan plan;
  for (int layer = 0; layer < 12; ++layer) plan.add({hooks::HookKind::Pattern, layer});
  const CaptureBytes bytes = captureBytes(kDims, plan, 32768, DType::F32);
  const Estimate estimate = makeEstimate(bytes, {100, 10}, 32768, 10, std::uint64_t{16} << 30);
  EXPECT_FALSE(estimate.fits);
  EXPECT_NE(estimate.sentence.find("GB"), std::string::npos) << estimate.sentence;
  EXPECT_DOUBLE_EQ(estimate.seconds, 327.68 + 1);
}

TEST(Estimate, AbsurdSizesSaturate) {
  hooks::CapturePlan plan;
  plan.add({hooks::HookKind::Pattern, 0});
  const Estimate estimate =
      makeEstimate(captureBytes(kDims, plan, std::int64_t{1} << 40, DType::F64), {}, 1, 0, std::uint64_t{1} << 40);
  EXPECT_FALSE(estimate.fits);
}

} // namespace
} // namespace orrery::session
