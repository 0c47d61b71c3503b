// SPDX-License-Identifier: MIT
// No run, no tokens, not finite, cancelled, absurd: one sentence or a picture, never a crash.
#include <gtest/gtest.h>

#include <limits>

#include "tests/views/views/sample.h"

using namespace orrery;
using namespace orrery::views;
using namespace orrery::views::sample;

namespace {

const Registry& registry() {
  static const Registry all = builtInViews();
  return all;
}

TEST(Robust, NothingToShowIsOneSentence) {
  auto empty = std::make_shared<store::Snapshot>();
  auto tokensOnly = std::make_shared<store::Snapshot>();
  tokensOnly->tokens.push_back(3);
  for (const auto& view : registry().all()) {
    for (const store::SnapshotPtr& snapshot : {store::SnapshotPtr(), store::SnapshotPtr(empty)}) {
      Request request = requestOf(*view, snapshot);
      request.weights = nullptr;
      request.series.clear();
      const auto built = view->build(request, {});
      ASSERT_FALSE(built.ok()) << view->info().name;
      EXPECT_EQ(built.error().code, Code::NotFound) << view->info().name;
      EXPECT_GT(built.error().what.size(), 10u);
    }
    (void)view->build(requestOf(*view, tokensOnly), {}); // info, pieces, scores and attention are missing
  }
}

TEST(Robust, LayersThatLagBehindAreLeftEmpty) {
  auto snapshot = snapshotOf({20, 3, 2, 1});
  snapshot->attention[2] = hooks::AttentionRecord{};
  for (const char* name : {"heads", "scores", "tokens"}) {
    const View& view = *registry().find(name);
    const auto built = view.build(requestOf(view, snapshot), {});
    EXPECT_TRUE(built.ok()) << name << ": " << (built.ok() ? "" : built.error().what);
  }
}

TEST(Robust, NonFiniteCellsAreCounted) {
  const auto snapshot = snapshotOf({16, 1, 1, 1, 256, false});
  std::vector<double> lse = toDoubles(snapshot->attention[0].lse);
  lse[5] = std::numeric_limits<double>::quiet_NaN(); // row 5: 6 cells
  snapshot->attention[0].lse = viewOf(std::move(lse), Shape{1, 16});
  const View& view = *registry().find("head");
  const auto built = view.build(requestOf(view, snapshot), {});
  ASSERT_TRUE(built.ok());
  EXPECT_EQ(built->scene.nonFinite, 6);
  EXPECT_NE(built->caption.find("6 cells are not finite"), std::string::npos) << built->caption;
  for (const auto& other : registry().all()) {
    const auto any = other->build(requestOf(*other, snapshot), {});
    EXPECT_TRUE(any.ok()) << other->info().name << ": " << (any.ok() ? "" : any.error().what);
  }
}

TEST(Robust, AStopIsObeyed) {
  const auto snapshot = snapshotOf({64, 2, 2, 1});
  std::stop_source source;
  source.request_stop();
  const Registry fresh = builtInViews(); // nothing cached
  for (const auto& view : fresh.all()) {
    const auto built = view->build(requestOf(*view, snapshot), source.get_token());
    ASSERT_FALSE(built.ok()) << view->info().name;
    EXPECT_EQ(built.error().code, Code::Cancelled) << view->info().name << ": " << built.error().what;
  }
}

TEST(Robust, BadRangesAreRefusedByName) {
  const auto snapshot = snapshotOf({8, 1, 1, 1});
  const View& view = *registry().find("head");
  for (const Parameters& bad :
       {Parameters{{"low", "1"}, {"high", "1"}}, Parameters{{"scale", "log"}, {"high", "-1"}}}) {
    const auto built = view.build(requestOf(view, snapshot, bad), {});
    ASSERT_FALSE(built.ok());
    EXPECT_NE(built.error().what.find("high"), std::string::npos) << built.error().what;
  }
}

// Pure: the same request gives the same pictures, cache or not.
TEST(Robust, TheSameRequestGivesTheSamePicture) {
  const auto snapshot = snapshotOf({50, 2, 2, 1});
  for (const auto& view : registry().all()) {
    const Request request = requestOf(*view, snapshot);
    const auto first = view->build(request, {}), second = view->build(request, {});
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(first->caption, second->caption);
    ASSERT_EQ(first->scene.images.size(), second->scene.images.size());
    for (std::size_t i = 0; i < first->scene.images.size(); ++i)
      EXPECT_EQ(first->scene.images[i].id, second->scene.images[i].id);
    EXPECT_EQ(first->scene.texts.size(), second->scene.texts.size());
  }
}

std::string randomValue(const Parameter& parameter, std::mt19937& random) {
  if (parameter.kind == ParameterKind::Choice) return parameter.choices[random() % parameter.choices.size()];
  if (parameter.kind == ParameterKind::Boolean) return random() % 2 ? "true" : "false";
  if (parameter.kind == ParameterKind::Text) {
    const char* texts[] = {"selected", "layer", "all", "0.0,1.1", "9.9", "", ".", "1.", "99999999999999999999.1"};
    return texts[random() % 9];
  }
  const char* numbers[] = {"0", "1", "-1", "0.3", "1e-9", "1e300", "5"};
  const char* integers[] = {"0", "1", "-1", "20", "9223372036854775807"};
  if (parameter.kind == ParameterKind::Integer) return integers[random() % 5];
  return random() % 2 ? numbers[random() % 7] : parameter.kind == ParameterKind::NumberOrAuto ? "auto" : "0";
}

double randomSide(std::mt19937& random) {
  const double sides[] = {0, 1, 7, 33, 120, 241, 480, 800, 1600, -5, 1e9, std::nan("")};
  return sides[random() % 12];
}

Selection randomSelection(std::mt19937& random) {
  const auto pick = [&] { return std::int64_t(random() % 40) - 3; };
  Selection s{std::int64_t(random() % 5) - 1, std::int64_t(random() % 5) - 1, pick(), pick(), pick(), kNone};
  if (random() % 3 == 0) s.shownTokens = pick();
  return s;
}

Viewports randomViewports(std::mt19937& random) {
  const auto number = [&] {
    const double numbers[] = {0, 1, -3, 7.5, 1e-12, 1e12, std::nan(""), std::numeric_limits<double>::infinity(), 20};
    return numbers[random() % 9];
  };
  const scene::Rect rect{number(), number(), number(), number()};
  return {{"head", rect}, {"grid", rect}};
}

TEST(Robust, RandomRequestsNeverCrash) {
  std::mt19937 random(7);
  std::vector<store::SnapshotPtr> snapshots;
  for (const std::int64_t T : {1, 2, 9, 31, 70}) snapshots.push_back(snapshotOf({T, 3, 4, 2, 16, T % 2 == 1}));
  int drawn = 0, refused = 0;
  for (int i = 0; i < 1200; ++i) {
    const auto& view = registry().all()[random() % registry().all().size()];
    Parameters parameters;
    for (const Parameter& parameter : view->info().parameters)
      if (random() % 3 == 0) parameters[parameter.name] = randomValue(parameter, random);
    Request request =
        requestOf(*view, snapshots[random() % snapshots.size()], parameters, randomSide(random), randomSide(random));
    request.selection = randomSelection(random);
    if (random() % 2) request.viewports = randomViewports(random);
    request.theme = scene::ThemeKind(random() % 3);
    request.pixelRatio = random() % 4 == 0 ? randomSide(random) : 2;
    const auto built = view->build(request, {});
    built.ok() ? ++drawn : ++refused;
    EXPECT_TRUE(built.ok() || !built.error().what.empty());
    for (const scene::ImageLayer& image : built.ok() ? built->scene.images : std::vector<scene::ImageLayer>{})
      EXPECT_EQ(image.values->size(), std::size_t(image.width * image.height));
    for (const auto& action : {"head 1 2", "cell 3", "cell -1 2", "token 99999999999999999999", "", "head 1 2 3"})
      (void)view->onLink(action, request.selection);
  }
  std::printf("%d drawn, %d refused with a sentence\n", drawn, refused);
  EXPECT_GT(drawn, 400);
}

} // namespace
