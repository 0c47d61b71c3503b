// SPDX-License-Identifier: MIT
// A sweep as the window uses it: pictures while it goes on, pause, view, curves, zoom.
#include <gtest/gtest.h>

#include <future>

#include "core/sweep/journal.h"
#include "core/sweep/map_build.h"
#include "core/sweep/nulls.h"
#include "julia.h"

namespace orrery::sweep {
namespace {

using namespace std::chrono_literals;

template <class Condition> bool eventually(const Condition& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

TEST(Live, PicturesGetFullerAndAreNeverTakenBack) {
  Sweep sweep(juliaSpec(64, false), juliaOptions(2, 0.01));
  std::uint64_t revision = 0;
  std::int64_t runs = 0;
  int pictures = 0;
  for (bool over = false; !over;) {
    const auto snapshot = sweep.snapshot();
    over = snapshot->progress.state == SweepState::Done;
    ASSERT_GE(snapshot->revision, revision);
    ASSERT_EQ(snapshot->map->pixels.classes.size(), 64u * 64u);
    const std::int64_t now = countStates(snapshot->map->pixels.state).computed;
    ASSERT_GE(now, runs);
    pictures += snapshot->revision != revision ? 1 : 0;
    revision = snapshot->revision;
    runs = now;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_GT(pictures, 2);
  EXPECT_TRUE(sweep.snapshot()->map->complete);
}

TEST(Live, ThePreviewLeavesNoPixelOpenOnceTheLatticeIsThere) {
  Sweep sweep(juliaSpec(128, true), juliaOptions(2, 0.01));
  ASSERT_TRUE(eventually([&] { return sweep.snapshot()->progress.runs > 200; }));
  const MapCounts counts = countStates(sweep.snapshot()->map->pixels.state);
  EXPECT_GT(counts.guessed, 0);
  EXPECT_EQ(counts.none, 0);
  sweep.cancel();
  ASSERT_TRUE(sweep.wait());
  EXPECT_EQ(sweep.progress().state, SweepState::Cancelled);
  EXPECT_EQ(countStates(sweep.snapshot()->map->pixels.state).guessed, 0); // a full map holds no guesses
}

TEST(Live, PauseAndResume) {
  Sweep sweep(juliaSpec(64, true), juliaOptions(2, 0.002));
  ASSERT_TRUE(eventually([&] { return sweep.progress().runs > 0; }));
  sweep.pause();
  std::this_thread::sleep_for(100ms); // what is being trained comes to its end
  const std::int64_t runs = sweep.progress().runs;
  EXPECT_EQ(sweep.progress().state, SweepState::Paused);
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(sweep.progress().runs, runs);
  sweep.resume();
  ASSERT_TRUE(sweep.wait());
  EXPECT_EQ(sweep.progress().runs, 64 * 64);
}

TEST(Live, ThePartInViewComesFirst) {
  Sweep sweep(juliaSpec(64, true), juliaOptions(2, 0.004));
  sweep.setView({16, 16, 16, 16});
  ASSERT_TRUE(eventually([&] { return sweep.snapshot()->progress.runs > 300; }));
  sweep.cancel();
  ASSERT_TRUE(sweep.wait());
  const auto map = sweep.snapshot()->map;
  int inside = 0;
  for (std::size_t row = 16; row < 32; ++row)
    for (std::size_t column = 16; column < 32; ++column)
      inside += map->pixels.state[row * 64 + column] == kComputed ? 1 : 0;
  EXPECT_EQ(inside, 256);
}

TEST(Live, ACurveIsWhatItsDigestWasMadeOf) {
  const SweepSpec spec = juliaSpec(16, true);
  Sweep sweep(spec, juliaOptions());
  ASSERT_TRUE(sweep.wait());
  for (const std::uint32_t pixel : {0u, 100u, 136u}) {
    std::promise<Result<std::vector<double>>> answer;
    sweep.curve(pixel, [&](Result<std::vector<double>> curve) { answer.set_value(std::move(curve)); });
    const Result<std::vector<double>> curve = answer.get_future().get();
    ASSERT_TRUE(curve);
    EXPECT_EQ(curve->size(), static_cast<std::size_t>(kJuliaSteps));
    EXPECT_TRUE(sameDigest(digestOf(*curve, kJuliaSteps), sweep.snapshot()->map->pixels.digests[pixel]));
  }
  std::promise<Result<std::vector<double>>> answer;
  sweep.curve(16 * 16, [&](Result<std::vector<double>> curve) { answer.set_value(std::move(curve)); });
  EXPECT_FALSE(answer.get_future().get());
}

TEST(Live, TwoSweepsAtOnceAndOneThrownAway) {
  const SweepSpec spec = juliaSpec(48, false);
  Sweep alone(spec, juliaOptions(1));
  ASSERT_TRUE(alone.wait());
  Sweep one(spec, juliaOptions(2)), two(spec, juliaOptions(3));
  { Sweep gone(juliaSpec(512, true), juliaOptions(2, 0.01)); }
  ASSERT_TRUE(one.wait());
  ASSERT_TRUE(two.wait());
  EXPECT_TRUE(sameLayer(one.snapshot()->map->pixels, alone.snapshot()->map->pixels));
  EXPECT_TRUE(sameLayer(two.snapshot()->map->pixels, alone.snapshot()->map->pixels));
}

std::shared_ptr<const Map> mapOf(const SweepSpec& spec, const std::shared_ptr<SampleCache>& cache,
                                 std::int64_t& trained) {
  SweepOptions options = juliaOptions();
  options.cache = cache;
  Sweep sweep(spec, options);
  EXPECT_TRUE(sweep.wait());
  trained = sweep.progress().trained;
  return sweep.snapshot()->map;
}

// Zoom by two: of the child's samples a quarter are the parent's; none of those is trained, and no byte differs.
TEST(Live, AZoomReusesEverySample) {
  const auto cache = std::make_shared<SampleCache>();
  const SweepSpec parent = juliaSpec(33, true);
  std::int64_t trained = 0;
  (void)mapOf(parent, cache, trained);
  EXPECT_EQ(trained, 33 * 33);
  SweepSpec child = parent;
  child.x = *zoomedAxis(parent.x, 8, 24, DType::F64);
  child.y = *zoomedAxis(parent.y, 4, 20, DType::F64);
  ASSERT_EQ(child.x.size(), 33u);
  for (std::size_t k = 0; k <= 16; ++k) EXPECT_EQ(child.x.given[2 * k], parent.x.value(8 + k));
  const auto zoomed = mapOf(child, cache, trained);
  EXPECT_EQ(trained, 33 * 33 - 17 * 17);
  const auto again = mapOf(child, cache, trained);
  EXPECT_EQ(trained, 0);
  const auto fresh = mapOf(child, nullptr, trained);
  EXPECT_EQ(trained, 33 * 33);
  EXPECT_TRUE(sameLayer(zoomed->pixels, fresh->pixels));
  EXPECT_TRUE(sameLayer(again->pixels, fresh->pixels));
  SweepSpec longer = child;
  longer.steps = kJuliaSteps - 1; // another kind of run: nothing may be reused
  (void)mapOf(longer, cache, trained);
  EXPECT_EQ(trained, 33 * 33);
}

TEST(Live, TheZoomEndsAtThePrecisionFloor) {
  AxisSpec axis;
  axis.parameter = "lr.input";
  axis.min = 1;
  axis.max = 2;
  axis.count = 3;
  int zooms = 0;
  for (auto next = zoomedAxis(axis, 0, 1, DType::F64); next; next = zoomedAxis(axis, 0, 1, DType::F64), ++zooms) {
    axis = *next;
    ASSERT_LT(zooms, 60);
  }
  EXPECT_EQ(zooms, 51); // from 0.5 to 2^-52, an ulp of 1
  EXPECT_EQ(pitchInUlp(axis.given, DType::F64), 1);
  EXPECT_LT(pitchInUlp(axis.given, DType::F32), 1);
}

// Every pixel of the quadratic null map against the spectral radius of its step.
TEST(Live, TheQuadraticNullHasItsAnalyticEdge) {
  SweepSpec spec = juliaSpec(65, true, 0.01, 0.03);
  spec.measure = Measure::FinalLoss;
  SweepOptions options = juliaOptions();
  options.nulls = {"quadratic"};
  Sweep sweep(spec, options);
  ASSERT_TRUE(sweep.wait());
  const auto map = sweep.snapshot()->map;
  const MapLayer& null = map->nulls.at("quadratic");
  int checked = 0, wrong = 0;
  for (std::size_t pixel = 0; pixel < map->size(); ++pixel) {
    const double radius = quadraticRadius(spec, spec.run(map->x[pixel % 65], map->y[pixel / 65]));
    if (std::abs(std::log(radius)) * kJuliaSteps < 3) continue; // decided by where it starts
    ++checked;
    wrong += ((null.classes[pixel] & kTrainable) != 0) != (radius < 1) ? 1 : 0;
  }
  std::printf("quadratic null: %d of %d pixels on the wrong side of the analytic edge\n", wrong, checked);
  EXPECT_GT(checked, 65 * 65 * 9 / 10);
  EXPECT_EQ(wrong, 0);
}

TEST(Live, ShuffledLabelsKeepTheShares) {
  SweepOptions options = juliaOptions();
  options.nulls = {"labels"};
  Sweep sweep(juliaSpec(65, false), options);
  ASSERT_TRUE(sweep.wait());
  const auto map = sweep.snapshot()->map;
  std::array<int, 4> share{}, shuffled{};
  int neighbours = 0, unlike = 0;
  const std::vector<std::uint8_t>& labels = map->nulls.at("labels").classes;
  for (std::size_t pixel = 0; pixel < map->size(); ++pixel) {
    ++share[map->pixels.classes[pixel]];
    ++shuffled[labels[pixel]];
    if (pixel == 0) continue;
    ++neighbours;
    unlike += labels[pixel] != labels[pixel - 1] ? 1 : 0;
  }
  EXPECT_EQ(share, shuffled);
  const double p = share[3] / 4225.0, expected = 2 * p * (1 - p); // of independent neighbours
  EXPECT_NEAR(static_cast<double>(unlike) / neighbours, expected, 4 * std::sqrt(expected / neighbours));
}

// The null map of data order: the network's own runs where the order does not matter, others where it does.
TEST(Live, TheOrderNullDiffersOnlyByTheOrder) {
  SweepSpec spec;
  spec.x = {"lr.input", true, -1, 2, 12, {}};
  spec.y = {"lr.output", true, -1, 2, 12, {}};
  spec.steps = 40;
  spec.model.n = 4;
  spec.data.points = 8;
  spec.optimizer.batch = 2;
  SweepOptions options;
  options.threads = 2;
  options.nulls = {"order"};
  Sweep sweep(spec, options), again(spec, options);
  ASSERT_TRUE(sweep.wait());
  ASSERT_TRUE(again.wait());
  const auto map = sweep.snapshot()->map;
  const MapLayer& null = map->nulls.at("order");
  EXPECT_TRUE(sameLayer(null, again.snapshot()->map->nulls.at("order")));
  int other = 0;
  for (std::size_t pixel = 0; pixel < map->size(); ++pixel) {
    ASSERT_EQ(null.digests[pixel].first,
              map->pixels.digests[pixel].first); // before the first update: same weights, data
    other += null.digests[pixel].last != map->pixels.digests[pixel].last ? 1 : 0;
  }
  EXPECT_GT(other, 100);
  spec.optimizer.batch = 0;
  Sweep full(spec, options);
  const Status refused = full.wait();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("minibatches"), std::string::npos);
}

// The second computation against a naive one.
TEST(Live, RoundingIsFoundWhereOneUlpDecides) {
  const SweepSpec spec = juliaSpec(65, true, 1.2, 1.8);
  SweepOptions options = juliaOptions();
  options.rounding = true;
  Sweep sweep(spec, options);
  ASSERT_TRUE(sweep.wait());
  const auto map = sweep.snapshot()->map;
  ASSERT_TRUE(map->rounding);
  for (std::size_t pixel = 0; pixel < map->size(); ++pixel) {
    const double x = std::nextafter(map->x[pixel % 65], 1e300), y = std::nextafter(map->y[pixel / 65], 1e300);
    const std::uint8_t second = classOf(spec, digestOf(JuliaTrainer::losses(spec.run(x, y)), kJuliaSteps));
    ASSERT_EQ(map->rounding->second.classes[pixel], second);
    ASSERT_EQ(map->rounding->differs[pixel], second != map->pixels.classes[pixel] ? 1 : 0);
  }
}

} // namespace
} // namespace orrery::sweep
