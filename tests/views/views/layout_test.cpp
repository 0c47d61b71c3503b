// SPDX-License-Identifier: MIT
// Labels: inside the scene, readable in print, and never one over another, at any size and length of text.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/views/views/sample.h"
#include "views/scene/text_metrics.h"

using namespace orrery;
using namespace orrery::views;
using namespace orrery::views::sample;
using scene::Rect;

namespace {

const Registry& registry() {
  static const Registry all = builtInViews();
  return all;
}

struct Label {
  Rect box;
  std::string text;
};

// Texts as a painter draws them: cut at the frame of their panel; those of a panel that clips nothing are left out if
// anchored outside its frame.
std::vector<Label> labelsOf(const scene::Scene& s) {
  std::vector<Label> labels;
  for (const scene::Text& text : s.texts) {
    scene::Point at = text.at;
    Rect clip{-1e9, -1e9, 2e9, 2e9};
    if (text.panel >= 0) {
      const scene::Panel& panel = s.panels[size_t(text.panel)];
      at = scene::toScene(panel, at);
      const Rect f = panel.frame;
      if (panel.clip)
        clip = f;
      else if (at.x < f.x - 1e-6 || at.y < f.y - 1e-6 || at.x > f.x + f.w + 1e-6 || at.y > f.y + f.h + 1e-6)
        continue;
    }
    const Rect box = scene::textBox(text, at);
    const double x = std::max(box.x, clip.x), y = std::max(box.y, clip.y);
    labels.push_back(
        {{x, y, std::min(box.x + box.w, clip.x + clip.w) - x, std::min(box.y + box.h, clip.y + clip.h) - y},
         text.text});
  }
  return labels;
}

// Ink of two boxes: the metrics are upper bounds with line gaps, so a share of the line height may touch.
bool overlap(const Rect& a, const Rect& b) {
  const double w = std::min(a.x + a.w, b.x + b.w) - std::max(a.x, b.x);
  const double h = std::min(a.y + a.h, b.y + b.h) - std::max(a.y, b.y);
  if (std::min({a.w, a.h, b.w, b.h}) <= 0) return false; // cut away
  const double slack = 0.2 * std::min(std::min(a.w, a.h), std::min(b.w, b.h));
  return w > slack && h > slack;
}

std::string firstOverlap(const scene::Scene& s) {
  const std::vector<Label> labels = labelsOf(s);
  for (std::size_t i = 0; i < labels.size(); ++i)
    for (std::size_t j = i + 1; j < labels.size(); ++j)
      if (overlap(labels[i].box, labels[j].box)) return "'" + labels[i].text + "' and '" + labels[j].text + "'";
  return {};
}

std::string firstOutside(const scene::Scene& s) {
  for (const Label& label : labelsOf(s)) {
    const Rect& b = label.box;
    if (b.w <= 0 || b.h <= 0) continue; // cut away
    const double slack = 3;             // of the metrics, which are upper bounds
    if (b.x < -slack || b.y < -slack || b.x + b.w > s.width + slack || b.y + b.h > s.height + slack) return label.text;
  }
  return {};
}

struct Size {
  double width, height;
};

void checkAll(const store::SnapshotPtr& snapshot, const Selection& selection, std::int64_t T) {
  for (const auto& view : registry().all())
    for (const Size size : {Size{241, 241}, Size{300, 220}, Size{640, 480}, Size{1000, 300}, Size{1600, 1200}})
      for (const auto kind : {scene::ThemeKind::Dark, scene::ThemeKind::Print}) {
        Request request = requestOf(*view, snapshot, {}, size.width, size.height);
        request.selection = selection;
        request.theme = kind;
        const auto built = view->build(request, {});
        ASSERT_TRUE(built.ok()) << view->info().name << ": " << built.error().what;
        const std::string place = view->info().name + " " + std::to_string(size.width) + " x " +
                                  std::to_string(size.height) + ", T = " + std::to_string(T) +
                                  (kind == scene::ThemeKind::Print ? ", print" : "");
        EXPECT_EQ(firstOverlap(built->scene), "") << place;
        EXPECT_EQ(firstOutside(built->scene), "") << place;
        for (const scene::Text& text : built->scene.texts) EXPECT_GE(text.size, 6) << place << ": " << text.text;
      }
}

TEST(Layout, LabelsNeverOverlapAndStayInside) {
  for (const std::int64_t T : {1, 2, 3, 5, 17, 60, 200}) {
    const auto snapshot = snapshotOf({T, 3, 4, 2});
    Selection selection;
    selection.layer = 1;
    checkAll(snapshot, selection, T);
    selection.query = T - 1;
    selection.key = T / 2;
    checkAll(snapshot, selection, T);
  }
}

TEST(Layout, LongTextsToo) {
  const auto snapshot = snapshotOf({1200, 1, 1, 1});
  checkAll(snapshot, {0, 0, 777, 31, kNone, kNone}, 1200);
}

TEST(Layout, ManyHeadsToo) {
  for (const auto& [layers, heads, kvHeads] : {std::tuple{12, 12, 12}, std::tuple{30, 9, 3}, std::tuple{1, 32, 8}}) {
    const auto snapshot = snapshotOf({8, layers, heads, kvHeads});
    Selection selection;
    for (const char* name : {"heads", "scores"})
      for (const Size size : {Size{241, 200}, Size{640, 480}, Size{1600, 400}})
        for (const char* score : {"entropy", "mean-distance"}) {
          const View& view = *registry().find(name);
          Request request = requestOf(view, snapshot, {{"score", score}}, size.width, size.height);
          const auto built = view.build(request, {});
          ASSERT_TRUE(built.ok());
          EXPECT_EQ(firstOverlap(built->scene), "") << name << " " << layers << " x " << heads << " " << size.width;
          EXPECT_EQ(firstOutside(built->scene), "") << name << " " << layers << " x " << heads << " " << size.width;
          std::int64_t links = 0;
          for (const scene::Link& link : built->scene.links) links += link.action.starts_with("head ");
          EXPECT_EQ(links, std::int64_t(layers) * heads);
        }
  }
}

// Every zoom from the whole to one cell.
TEST(Layout, HeadAtEveryZoom) {
  const auto snapshot = snapshotOf({300, 1, 2, 1});
  const View& view = *registry().find("head");
  for (double side = 300; side >= 1; side /= 1.7) {
    Request request = requestOf(view, snapshot, {}, 700, 520);
    request.selection = {0, 1, 120, 100, kNone, kNone};
    request.viewports["head"] = {100.3, 118.7, side, side};
    const auto built = view.build(request, {});
    ASSERT_TRUE(built.ok());
    EXPECT_EQ(firstOverlap(built->scene), "") << side;
    for (const scene::ImageLayer& image : built->scene.images) EXPECT_LE(image.width * image.height, 1 << 20);
  }
}

} // namespace
