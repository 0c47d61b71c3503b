// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/sweep/journal.h"
#include "core/sweep/map_file.h"
#include "julia.h"

namespace orrery::sweep {
namespace {

MapLayer randomLayer(std::size_t size, Random& random) {
  MapLayer layer;
  for (std::size_t i = 0; i < size; ++i) {
    layer.classes.push_back(static_cast<std::uint8_t>(random.below(4)));
    layer.value.push_back(random.normal());
    layer.state.push_back(static_cast<std::uint8_t>(random.below(4)));
    Digest digest;
    for (double* value : {&digest.first, &digest.last, &digest.min, &digest.sohlDickstein.meanFirst,
                          &digest.sohlDickstein.sumInverse, &digest.torkamandi.varLast, &digest.torkamandi.sum})
      *value = random.normal();
    digest.divergedStep = static_cast<std::int32_t>(random.below(100));
    layer.digests.push_back(digest);
  }
  return layer;
}

Map randomMap() {
  Random random(4);
  Map map;
  map.spec = sweepSpecJson(juliaSpec(7, true)).dump();
  for (int i = 0; i < 7; ++i) map.x.push_back(i * 0.5);
  for (int i = 0; i < 5; ++i) map.y.push_back(1 + i);
  map.pixels = randomLayer(35, random);
  map.nulls["quadratic"] = randomLayer(35, random);
  map.rounding = RoundingLayer{std::vector<std::uint8_t>(35, 1), randomLayer(35, random)};
  map.audits = 12;
  map.failedAudits = 1;
  map.shard = 2;
  map.shards = 3;
  return map;
}

TEST(MapFile, ComesBackAsItWas) {
  const Folder folder;
  const Map map = randomMap();
  for (const Measure measure : {Measure::SohlDickstein, Measure::Torkamandi}) {
    Map written = map;
    Json spec = *parseJson(map.spec, "");
    spec["measure"] = measure == Measure::Torkamandi ? "torkamandi" : "sohl-dickstein";
    written.spec = spec.dump();
    ASSERT_TRUE(writeMap(folder.file("m.h5"), written, measure));
    auto read = readMap(folder.file("m.h5"));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->spec, written.spec);
    EXPECT_EQ(read->x, map.x);
    EXPECT_EQ(read->y, map.y);
    EXPECT_TRUE(sameLayer(read->pixels, map.pixels));
    EXPECT_TRUE(sameLayer(read->nulls["quadratic"], map.nulls.at("quadratic")));
    EXPECT_EQ(read->rounding->differs, map.rounding->differs);
    EXPECT_TRUE(sameLayer(read->rounding->second, map.rounding->second));
    EXPECT_EQ(read->audits, 12);
    EXPECT_EQ(read->failedAudits, 1);
    EXPECT_EQ(read->shard, 2);
    EXPECT_EQ(read->shards, 3);
    EXPECT_TRUE(isMapFile(folder.file("m.h5")));
  }
}

TEST(MapFile, TheSameMapMakesTheSameBytes) {
  const Folder folder;
  const Map map = randomMap();
  ASSERT_TRUE(writeMap(folder.file("a.h5"), map, Measure::SohlDickstein));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100)); // a date in the file would be another second
  ASSERT_TRUE(writeMap(folder.file("b.h5"), map, Measure::SohlDickstein));
  EXPECT_EQ(bytesOf(folder.file("a.h5")), bytesOf(folder.file("b.h5")));
}

TEST(MapFile, ReadsWithoutDigests) {
  const Folder folder;
  ASSERT_TRUE(writeMap(folder.file("m.h5"), randomMap(), Measure::SohlDickstein));
  auto read = readMap(folder.file("m.h5"), {false, false});
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->pixels.digests.empty());
  EXPECT_TRUE(read->nulls.empty());
  EXPECT_EQ(read->pixels.classes, randomMap().pixels.classes);
}

// Bytes turned over or cut off anywhere: an error in a sentence or a map of the right shape, never a crash.
TEST(MapFile, DamageIsRefusedOrHarmless) {
  const Folder folder;
  ASSERT_TRUE(writeMap(folder.file("m.h5"), randomMap(), Measure::SohlDickstein));
  const std::string whole = bytesOf(folder.file("m.h5"));
  Random random(9);
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string bytes = whole;
    if (round % 4 == 0) bytes.resize(random.below(bytes.size()));
    for (int n = 0; n < 3 && !bytes.empty() && round % 4 != 0; ++n)
      bytes[random.below(std::min<std::size_t>(bytes.size(), 12000))] ^= static_cast<char>(1 << random.below(8));
    ASSERT_TRUE(writeFileAtomically(folder.file("bad.h5"), bytes));
    auto read = readMap(folder.file("bad.h5"));
    if (!read) {
      EXPECT_FALSE(read.error().message().empty());
      ++refused;
      continue;
    }
    EXPECT_EQ(read->pixels.classes.size(), read->size());
    EXPECT_EQ(read->pixels.value.size(), read->size());
  }
  std::printf("%d of 400 damaged files refused\n", refused);
  EXPECT_GT(refused, 100);
}

TEST(MapFile, OtherFilesAreRefused) {
  const Folder folder;
  ASSERT_TRUE(writeFileAtomically(folder.file("x.h5"), "no HDF5 at all"));
  EXPECT_FALSE(readMap(folder.file("x.h5")));
  EXPECT_FALSE(readMap(folder.file("missing.h5")));
  EXPECT_FALSE(isMapFile(folder.file("x.h5")));
}

TEST(MapFile, StatesAreCounted) {
  const MapCounts counts = countStates({0, 1, 1, 2, 3, 2});
  EXPECT_EQ(counts.none, 1);
  EXPECT_EQ(counts.guessed, 2);
  EXPECT_EQ(counts.computed, 3);
  EXPECT_EQ(counts.audited, 1);
}

} // namespace
} // namespace orrery::sweep
