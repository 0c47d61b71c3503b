// SPDX-License-Identifier: MIT
#include "core/base/json.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

std::string nested(int depth) {
  const auto n = static_cast<std::size_t>(depth);
  return std::string(n, '[') + std::string(n, ']');
}

std::string problem(const std::string& text) {
  auto json = parseJson(text, "f.json");
  return json ? "accepted" : json.error().message();
}

TEST(Json, AcceptsOrdinaryFiles) {
  auto json = parseJson(R"({"a":[1,-2,3.5,true,null,"ü\u00e9"],"b":{"a":{}}})", "f");
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["a"][5], "üé");
  EXPECT_TRUE((*json)["a"][0].is_number_unsigned());
}

TEST(Json, DepthIsBoundedExactly) {
  EXPECT_EQ(problem(nested(kMaxJsonDepth)), "accepted");
  EXPECT_EQ(problem(nested(kMaxJsonDepth + 1)), "f.json: JSON nested deeper than 64 levels");
  EXPECT_EQ(problem(std::string(10'000'000, '[')), "f.json: JSON nested deeper than 64 levels");
}

TEST(Json, AKeyThatStandsTwiceInOneObjectIsRefused) {
  EXPECT_EQ(problem(R"({"a":1,"b":2,"a":3})"), "f.json: key \"a\" stands twice in one object");
  EXPECT_EQ(problem(R"({"x":{"a":1},"y":[{"a":2},{"a":3}],"a":4})"), "accepted");
  EXPECT_EQ(problem(R"({"a":1,"\u0061":2})"), "f.json: key \"a\" stands twice in one object");
}

TEST(Json, MalformedTextIsRefusedWithThePlace) {
  for (const char* text : {"", "{", "[1,]", "{\"a\"}", "[1] x", "nul", "\"\xff\"", "[1e999]", "{\"a\":1,}", "// c\n{}"})
    EXPECT_TRUE(problem(text).starts_with("f.json: not valid JSON at byte")) << text << " -> " << problem(text);
}

TEST(Json, AZeroByteIsNotTheEndOfTheText) {
  EXPECT_EQ(problem(std::string("{}\0 anything", 12)), "f.json: not valid JSON at byte 3");
  EXPECT_EQ(problem(std::string("[1]\0", 4)), "f.json: not valid JSON at byte 4");
}

TEST(Json, MissingFileIsNotFound) { EXPECT_EQ(readJsonFile("/nonexistent/config.json").error().code, Code::NotFound); }

} // namespace
} // namespace orrery
