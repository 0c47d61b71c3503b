// SPDX-License-Identifier: MIT
#include "core/base/result.h"

#include <gtest/gtest.h>
#include <memory>

#include "core/base/text.h"

namespace orrery {
namespace {

TEST(Result, HoldsAValueOrAnErrorAndMovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> good(std::make_unique<int>(7));
  ASSERT_TRUE(good);
  EXPECT_EQ(**good, 7);
  std::unique_ptr<int> moved = *std::move(good);
  EXPECT_EQ(*moved, 7);
  const Result<int> bad = notFound("no tensor \"x\"", "model.safetensors");
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, Code::NotFound);
  EXPECT_EQ(bad.error().message(), "model.safetensors: no tensor \"x\"");
  EXPECT_EQ(tooLarge("5 bytes").message(), "5 bytes");
}

TEST(Result, AnErrorTypeAsValueIsStillTold) {
  const Result<std::string> text(std::string("fine"));
  EXPECT_EQ(text.value(), "fine");
  EXPECT_EQ(text->size(), 4u);
}

TEST(Text, QuotesControlBytesAndLongNames) {
  EXPECT_EQ(inQuotes("wte.weight"), "\"wte.weight\"");
  EXPECT_EQ(inQuotes("a\nb\x7f"), "\"a?b?\"");
  EXPECT_EQ(inQuotes("abcdef", 3), "\"abc...\"");
  EXPECT_EQ(inQuotes("aü", 2), "\"a...\""); // the two bytes of ü are not cut apart
  EXPECT_EQ(inQuotes(""), "\"\"");
}

} // namespace
} // namespace orrery
