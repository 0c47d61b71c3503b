// SPDX-License-Identifier: MIT
// Every view as text, against tests/views/views/golden. ORRERY_WRITE_GOLDEN=1 writes them anew: look at the difference.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/views/views/sample.h"
#include "views/paint/text_painter.h"

using namespace orrery;
using namespace orrery::views;
using namespace orrery::views::sample;

namespace {

std::string readFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string firstDifference(const std::string& a, const std::string& b) {
  std::istringstream left(a), right(b);
  std::string x, y;
  for (int line = 1;; ++line) {
    const bool more = bool(std::getline(left, x)), moreToo = bool(std::getline(right, y));
    if (!more && !moreToo) return {};
    if (more != moreToo || x != y) return "line " + std::to_string(line) + "\n  found:    " + x + "\n  expected: " + y;
  }
}

TEST(Golden, EveryViewAsText) {
  const auto snapshot = snapshotOf({6, 2, 4, 2});
  const Registry registry = builtInViews();
  for (const auto& view : registry.all()) {
    Request request = requestOf(*view, snapshot, {}, 320, 240);
    request.selection = {1, 2, 4, 3, kNone, kNone};
    request.theme = scene::ThemeKind::Light;
    const auto built = view->build(request, {});
    ASSERT_TRUE(built.ok()) << view->info().name;
    std::string text = "caption: " + built->caption + "\n" + paint::toText(built->scene);
    const std::string path = ORRERY_SOURCE_DIR "/tests/views/views/golden/" + view->info().name + ".txt";
    if (std::getenv("ORRERY_WRITE_GOLDEN")) std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(firstDifference(text, readFile(path)), "") << path;
  }
}

} // namespace
