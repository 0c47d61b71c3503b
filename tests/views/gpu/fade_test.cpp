// SPDX-License-Identifier: MIT
#include "views/gpu/fade.h"

#include <gtest/gtest.h>

namespace orrery::gpu {
namespace {

// A square map of `cells` in a frame of 100 x 100 units, of which `shown` are seen.
std::vector<scene::Panel> map(double cells, double shown, double from = 0) {
  scene::Panel panel;
  panel.name = "head";
  panel.frame = {10, 20, 100, 100};
  panel.limits = {0, 0, cells, cells};
  panel.data = {from, from, shown, shown};
  panel.zoomable = true;
  return {panel};
}

void expectRect(const scene::Rect& r, const scene::Rect& e) {
  EXPECT_NEAR(r.x, e.x, 1e-9);
  EXPECT_NEAR(r.y, e.y, 1e-9);
  EXPECT_NEAR(r.w, e.w, 1e-9);
  EXPECT_NEAR(r.h, e.h, 1e-9);
}

TEST(Fade, VeilsTheNewRowAndColumnAndIsGoneAfterItsTime) {
  Fade fade;
  fade.replaced(map(9, 9), map(10, 10), 1000);
  const auto veils = fade.veils(map(10, 10), 1000);
  ASSERT_EQ(veils.size(), 2u);
  expectRect(veils[0], {10, 110, 100, 10}); // the last of ten rows
  expectRect(veils[1], {100, 20, 10, 90});  // the last column, without the corner that they share
  EXPECT_NEAR(fade.opacity(1000), 1, 1e-12);
  EXPECT_NEAR(fade.opacity(1075), 0.5, 1e-12);
  EXPECT_TRUE(fade.active(1149));
  EXPECT_FALSE(fade.active(1150));
  EXPECT_TRUE(fade.veils(map(10, 10), 1150).empty());
}

TEST(Fade, StaysInTheFrameOfAZoomedMap) {
  Fade fade;
  fade.replaced(map(9, 5, 0), map(10, 5, 0), 0);
  EXPECT_TRUE(fade.veils(map(10, 5, 0), 10).empty()) << "what is new is out of sight";
  const auto veils = fade.veils(map(10, 5, 5), 10); // the lower right quarter
  ASSERT_EQ(veils.size(), 2u);
  expectRect(veils[0], {10, 100, 100, 20});
  expectRect(veils[1], {90, 20, 20, 80});
}

TEST(Fade, FastGrowthAndOtherPicturesAreShownAtOnce) {
  Fade fade;
  fade.replaced(map(9, 9), map(9, 5), 0); // a zoom
  EXPECT_FALSE(fade.active(1));
  fade.replaced(map(9, 9), map(4, 4), 10); // another run
  EXPECT_FALSE(fade.active(11));
  fade.replaced(map(9, 9), map(10, 10), 20);
  EXPECT_TRUE(fade.active(21));
  fade.replaced(map(10, 10), map(11, 11), 60);
  EXPECT_FALSE(fade.active(61));
  fade.replaced(map(11, 11), map(12, 12), 100);
  EXPECT_FALSE(fade.active(101)) << "still fast";
  fade.replaced(map(12, 12), map(13, 13), 300);
  EXPECT_TRUE(fade.active(301));
}

} // namespace
} // namespace orrery::gpu
