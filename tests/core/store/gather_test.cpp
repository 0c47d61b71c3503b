// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <limits>

#include "core/store/hook_blocks.h"
#include "core/store/recorder.h"
#include "run_pieces.h"

namespace orrery::store {
namespace {

using hooks::HookId;
using hooks::HookKind;

constexpr double kInf = std::numeric_limits<double>::infinity();

// The same positions in pieces of the given sizes.
template <class T> SnapshotPtr inPieces(const std::vector<std::int64_t>& sizes) {
  Recorder recorder;
  recorder.begin(1, std::make_shared<const RunInfo>(testkit::runInfo()));
  std::int64_t at = 0;
  for (const std::int64_t size : sizes) {
    for (std::int64_t i = 0; i < size; ++i) recorder.addToken(static_cast<std::int32_t>(at + i), "x");
    recorder.onTensor({HookKind::ResidPost, 0}, at, testkit::residual<T>(0, at, size));
    recorder.onTensor({HookKind::Pattern, 1}, at, testkit::pattern<T>(1, at, size));
    recorder.onTensor({HookKind::AttnScores, 1}, at, testkit::pattern<T>(1, at, size, -kInf));
    at += size;
  }
  return recorder.publish();
}

template <class T> void piecesEqualTheWhole() {
  const SnapshotPtr whole = inPieces<T>({13}), pieces = inPieces<T>({5, 1, 1, 4, 2});
  for (const char* name :
       {"blocks.0.hook_resid_post", "blocks.1.attn.hook_pattern", "blocks.1.attn.hook_attn_scores"}) {
    const auto a = gatherHook(*whole, name), b = gatherHook(*pieces, name);
    ASSERT_TRUE(a.ok() && b.ok()) << name;
    EXPECT_EQ(a->dtype, sizeof(T) == 4 ? DType::F32 : DType::F64);
    EXPECT_EQ(a->shape, b->shape);
    EXPECT_EQ(toDoubles(*a), toDoubles(*b)) << name;
  }
  EXPECT_EQ(gatherHook(*pieces, "blocks.0.hook_resid_post")->shape, (Shape{1, 13, 24}));
}

TEST(GatherHook, PiecesEqualTheWholeInFloat) { piecesEqualTheWhole<float>(); }
TEST(GatherHook, PiecesEqualTheWholeInDouble) { piecesEqualTheWhole<double>(); }

TEST(GatherHook, PadsThePatternWithZeroAndTheScoresWithMinusInfinity) {
  const SnapshotPtr snapshot = inPieces<double>({3, 2, 1});
  const auto pattern = gatherHook(*snapshot, "blocks.1.attn.hook_pattern");
  const auto scores = gatherHook(*snapshot, "blocks.1.attn.hook_attn_scores");
  ASSERT_TRUE(pattern.ok() && scores.ok());
  ASSERT_EQ(pattern->shape, (Shape{1, 4, 6, 6}));
  for (std::int64_t h = 0; h < 4; ++h)
    for (std::int64_t i = 0; i < 6; ++i)
      for (std::int64_t j = 0; j < 6; ++j) {
        const double cell = testkit::valueAt(401 + h, i, j, 0);
        EXPECT_EQ(elementAt(*pattern, (h * 6 + i) * 6 + j), j <= i ? cell : 0);
        EXPECT_EQ(elementAt(*scores, (h * 6 + i) * 6 + j), j <= i ? cell : -kInf);
      }
}

TEST(GatherHook, StridedPiecesAreReadByTheirStrides) {
  // [T, D] written as [D, T]
  std::vector<float> values;
  for (std::int64_t d = 0; d < 24; ++d)
    for (std::int64_t t = 0; t < 5; ++t) values.push_back(static_cast<float>(testkit::valueAt(300, 0, t, d)));
  TensorView view = viewOf(values, {1, 24, 5});
  view.shape = {1, 5, 24};
  view.strides = {120, 1, 5};
  Recorder recorder;
  recorder.onTensor({HookKind::ResidPost, 0}, 0, view);
  const auto gathered = gatherHook(*recorder.publish(), "blocks.0.hook_resid_post");
  ASSERT_TRUE(gathered.ok());
  EXPECT_EQ(toFloats(*gathered), toFloats(testkit::residual<float>(0, 0, 5)));
}

TEST(GatherHook, RefusesWhatIsNotThereOrTooLargeOrHasAGap) {
  const SnapshotPtr snapshot = inPieces<float>({4});
  EXPECT_EQ(gatherHook(*snapshot, "blocks.0.hook_resid_pre").error().code, Code::NotFound);
  EXPECT_EQ(gatherHook(*snapshot, "blocks.0.hook_resid_post", 4 * 24 * 4 - 1).error().code, Code::TooLarge);
  EXPECT_TRUE(gatherHook(*snapshot, "blocks.0.hook_resid_post", 4 * 24 * 4).ok());

  Recorder gap;
  gap.onTensor({HookKind::ResidPost, 0}, 0, testkit::residual<float>(0, 0, 3));
  gap.onTensor({HookKind::ResidPost, 0}, 4, testkit::residual<float>(0, 4, 1));
  EXPECT_EQ(gatherHook(*gap.publish(), "blocks.0.hook_resid_post").error().code, Code::BadInput);
  Recorder mixed;
  mixed.onTensor({HookKind::ResidPost, 0}, 0, testkit::residual<float>(0, 0, 3));
  mixed.onTensor({HookKind::ResidPost, 0}, 3, testkit::residual<double>(0, 3, 1));
  EXPECT_EQ(gatherHook(*mixed.publish(), "blocks.0.hook_resid_post").error().code, Code::BadInput);
}

} // namespace
} // namespace orrery::store
