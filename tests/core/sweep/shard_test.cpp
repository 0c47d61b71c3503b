// SPDX-License-Identifier: MIT
// Parts of a map computed apart and joined.
#include <gtest/gtest.h>

#include "core/sweep/journal.h"
#include "core/sweep/map_file.h"
#include "core/sweep/merge.h"
#include "julia.h"

namespace orrery::sweep {
namespace {

std::string computePart(const Folder& folder, const SweepSpec& spec, int shard, int shards) {
  const std::string out = folder.file("part" + std::to_string(shard) + ".h5");
  SweepOptions options = juliaOptions();
  options.out = out;
  options.shard = shard;
  options.shards = shards;
  options.rounding = true;
  Sweep sweep(spec, options);
  const Status status = sweep.wait();
  EXPECT_TRUE(status) << status.error().message();
  EXPECT_TRUE(sweep.snapshot()->map->complete);
  return out;
}

std::string wholeMap(const Folder& folder, const SweepSpec& spec) {
  SweepOptions options = juliaOptions();
  options.out = folder.file("whole.h5");
  options.rounding = true;
  Sweep sweep(spec, options);
  EXPECT_TRUE(sweep.wait());
  return options.out;
}

TEST(Shards, PartsOfAFullMapJoinToTheSameFile) {
  const Folder folder;
  const SweepSpec spec = juliaSpec(50, true);
  std::vector<std::string> parts;
  std::int64_t runs = 0;
  for (int shard = 0; shard < 3; ++shard) {
    parts.push_back(computePart(folder, spec, shard, 3));
    const std::int64_t mine = countStates(readMap(parts.back())->pixels.state).computed;
    EXPECT_NEAR(static_cast<double>(mine), 2500.0 / 3, 200);
    runs += mine;
  }
  EXPECT_EQ(runs, 2500);
  auto merged = mergeMaps({parts[2], parts[0], parts[1]});
  ASSERT_TRUE(merged) << merged.error().message();
  EXPECT_TRUE(merged->map.complete);
  EXPECT_TRUE(merged->allParts);
  ASSERT_TRUE(writeMap(folder.file("merged.h5"), merged->map, spec.measure));
  EXPECT_EQ(bytesOf(folder.file("merged.h5")), bytesOf(wholeMap(folder, spec)));
}

TEST(Shards, PartsOfARefinedMapJoinOnceTheirSeamsAreDone) {
  const Folder folder;
  const SweepSpec spec = juliaSpec(128, false);
  std::vector<std::string> parts;
  for (int shard = 0; shard < 4; ++shard) parts.push_back(computePart(folder, spec, shard, 4));
  auto merged = mergeMaps(parts);
  ASSERT_TRUE(merged) << merged.error().message();
  EXPECT_TRUE(merged->allParts);
  const std::string out = folder.file("merged.h5");
  ASSERT_TRUE(writeMap(out, merged->map, spec.measure));
  SweepOptions options = juliaOptions();
  options.out = out;
  options.resume = true;
  Sweep finish(spec, options);
  ASSERT_TRUE(finish.wait());
  const std::int64_t runs = finish.progress().runs, seams = finish.progress().trained;
  std::printf("refined map in 4 parts: %lld runs, %lld runs (with those of rounding) where parts meet\n",
              static_cast<long long>(runs), static_cast<long long>(seams));
  EXPECT_EQ(bytesOf(out), bytesOf(wholeMap(folder, spec)));
}

TEST(Shards, ContradictionsAreRefused) {
  const Folder folder;
  const SweepSpec spec = juliaSpec(32, true);
  const std::string first = computePart(folder, spec, 0, 2);
  Map changed = *readMap(first);
  const auto pixel = static_cast<std::size_t>(
      std::find(changed.pixels.state.begin(), changed.pixels.state.end(), kComputed) - changed.pixels.state.begin());
  changed.pixels.digests[pixel].first = 77;
  ASSERT_TRUE(writeMap(folder.file("changed.h5"), changed, spec.measure));
  const auto conflict = mergeMaps({first, folder.file("changed.h5")});
  ASSERT_FALSE(conflict);
  EXPECT_NE(conflict.error().message().find("changed.h5: map: pixel ["), std::string::npos);
  SweepSpec other = spec;
  other.steps = 55;
  changed.spec = sweepSpecJson(other).dump();
  ASSERT_TRUE(writeMap(folder.file("other.h5"), changed, spec.measure));
  const auto another = mergeMaps({first, folder.file("other.h5")});
  ASSERT_FALSE(another);
  EXPECT_NE(another.error().message().find("steps: 55, here 300"), std::string::npos) << another.error().message();
  const auto alone = mergeMaps({first});
  ASSERT_TRUE(alone);
  EXPECT_FALSE(alone->allParts);
  EXPECT_FALSE(alone->map.complete);
}

} // namespace
} // namespace orrery::sweep
