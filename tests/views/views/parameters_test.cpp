// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <set>

#include "views/built_in.h"
#include "views/registry.h"

using namespace orrery;
using namespace orrery::views;

namespace {

ViewInfo sampleInfo() {
  return {"sample",
          "Sample",
          "trace",
          {{"flag", ParameterKind::Boolean, "true", {}, ""},
           {"count", ParameterKind::Integer, "3", {}, ""},
           {"size", ParameterKind::Number, "0.5", {}, ""},
           {"mode", ParameterKind::Choice, "a", {"a", "b"}, ""},
           {"low", ParameterKind::NumberOrAuto, "auto", {}, ""},
           {"note", ParameterKind::Text, "", {}, ""}}};
}

TEST(Parameters, DefaultsFillWhatIsMissing) {
  const auto complete = completeParameters(sampleInfo(), {{"count", "7"}, {"note", "x y"}});
  ASSERT_TRUE(complete.ok());
  EXPECT_EQ(complete->size(), 6u);
  EXPECT_EQ(integerOf(*complete, "count"), 7);
  EXPECT_EQ(numberOf(*complete, "size"), 0.5);
  EXPECT_TRUE(flagOf(*complete, "flag"));
  EXPECT_EQ(textOf(*complete, "note"), "x y");
  EXPECT_FALSE(numberOrAuto(*complete, "low").has_value());
}

TEST(Parameters, WrongOnesAreRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"nope", "1"}, {"flag", "yes"}, {"count", "1.5"}, {"count", ""},   {"size", "1e999"},
      {"size", "a"}, {"size", "nan"}, {"mode", "c"},    {"low", "Auto"}, {"low", "inf"}};
  for (const auto& [name, value] : wrong) {
    const auto complete = completeParameters(sampleInfo(), {{name, value}});
    ASSERT_FALSE(complete.ok()) << name << "=" << value;
    EXPECT_EQ(complete.error().code, Code::BadInput);
    EXPECT_NE(complete.error().what.find(name), std::string::npos) << complete.error().what;
  }
}

TEST(Registry, NamesAreUniqueAndDefaultsValid) {
  const Registry registry = builtInViews();
  std::set<std::string> names;
  for (const auto& view : registry.all()) {
    EXPECT_TRUE(names.insert(view->info().name).second);
    EXPECT_TRUE(completeParameters(view->info(), {}).ok()) << view->info().name;
    EXPECT_EQ(registry.find(view->info().name), view.get());
    for (const Parameter& parameter : view->info().parameters) EXPECT_FALSE(parameter.help.empty()) << parameter.name;
  }
  for (const char* name : {"heads", "head", "cell", "text", "tokens", "next", "scores", "surprisal", "map", "map-curve",
                           "map-profile", "map-dimension"})
    EXPECT_TRUE(names.contains(name)) << name;
  EXPECT_EQ(registry.find("none"), nullptr);
}

TEST(Links, WordsBecomeSelections) {
  Selection s;
  EXPECT_EQ(selectionOf("head 3 5", s), (Selection{3, 5, kNone, kNone, kNone, kNone}));
  EXPECT_EQ(selectionOf("cell 7 2", s), (Selection{0, 0, 7, 2, kNone, kNone}));
  s.key = 6;
  EXPECT_EQ(selectionOf("token 4", s).query, 4);
  EXPECT_EQ(selectionOf("token 4", s).key, kNone) << "a key after the query is masked";
  EXPECT_EQ(selectionOf("channel 9", s).channel, 9);
  for (const char* odd : {"", "head", "head 1", "head 1 2 3", "head -1 2", "cell a b", "cell 1  2", "token 1x", "cell"})
    EXPECT_EQ(selectionOf(odd, s), s) << odd;
}

TEST(Links, SomeNameAToken) {
  EXPECT_EQ(tokenOf("token 4"), 4);
  EXPECT_EQ(tokenOf("key 0"), 0);
  EXPECT_EQ(tokenOf("cell 7 2"), 2);
  for (const char* none : {"", "query 3", "head 1 2", "channel 3", "tensor 3 name", "token", "token x", "cell 3"})
    EXPECT_EQ(tokenOf(none), kNone) << none;
}

} // namespace
