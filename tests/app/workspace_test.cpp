// SPDX-License-Identifier: MIT
#include "app/window/workspace.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace orrery::app {
namespace {

Workspace sample() {
  Workspace w;
  w.file = QStringLiteral("/models/tiny");
  w.prompt.text = QStringLiteral("Grüße, \"quoted\"\nline");
  w.prompt.generate = 12;
  w.prompt.sampler = {0.7, 40, 0.95, 17, false};
  w.selection = {3, 5, 7, 2, views::kNone, 9};
  w.views["head"].parameters = {{"scale", "log"}, {"high", "0.25"}};
  w.views["head"].viewports["head"] = {1.5, 2, 30, 40.25};
  w.mode = QStringLiteral("text");
  w.theme = QStringLiteral("light");
  w.layout = QByteArray("\x00\xff layout", 9);
  w.splitters = QByteArray("split");
  return w;
}

Result<Workspace> parse(const std::string& text) {
  auto json = parseJson(text, "w.json");
  if (!json) return json.error();
  return workspaceFromJson(*json, "w.json");
}

TEST(Workspace, ComesBackAsItWas) {
  const Workspace w = sample();
  const std::string text = toJson(w);
  const auto back = parse(text);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->file, w.file);
  EXPECT_EQ(back->prompt, w.prompt);
  EXPECT_EQ(back->selection, w.selection);
  EXPECT_EQ(back->views.at("head").parameters, w.views.at("head").parameters);
  EXPECT_EQ(back->views.at("head").viewports.at("head").h, 40.25);
  EXPECT_EQ(back->layout, w.layout);
  EXPECT_EQ(toJson(*back), text);
}

TEST(Workspace, UnknownKeysAreRefusedByName) {
  for (const auto& [from, to, name] : {std::tuple{"\"mode\"", "\"moed\"", "moed"},
                                       {"\"top_k\"", "\"topk\"", "topk"},
                                       {"\"viewports\"", "\"ports\"", "ports"}}) {
    std::string text = toJson(sample());
    text.replace(text.find(from), std::string(from).size(), to);
    const auto back = parse(text);
    ASSERT_FALSE(back) << name;
    EXPECT_NE(back.error().what.find(name), std::string::npos) << back.error().what;
  }
}

TEST(Workspace, WrongValuesAreRefused) {
  for (const auto& [from, to] : {std::pair{"\"generate\": 12", "\"generate\": -1"},
                                 {"\"generate\": 12", "\"generate\": \"many\""},
                                 {"\"top_p\": 0.95", "\"top_p\": 1.5"},
                                 {"\"stop_at_end\": false", "\"stop_at_end\": 0"},
                                 {"\"version\": 1", "\"version\": 2"},
                                 {"\"log\"", "7"}}) {
    std::string text = toJson(sample());
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), std::string(from).size(), to);
    EXPECT_FALSE(parse(text)) << to;
  }
  EXPECT_FALSE(parse("{\"format\": \"orrery-recipe\"}"));
  EXPECT_FALSE(parse("[]"));
}

TEST(Workspace, FileIsWrittenAndReadBack) {
  const auto path = (std::filesystem::temp_directory_path() / "orrery_workspace_test.json").string();
  ASSERT_TRUE(writeWorkspace(sample(), path));
  const auto back = readWorkspace(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(toJson(*back), toJson(sample()));
  EXPECT_FALSE(readWorkspace(path));
}

} // namespace
} // namespace orrery::app
