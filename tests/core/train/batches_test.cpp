// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>

#include "core/train/batches.h"

using namespace orrery;
using namespace orrery::train;

TEST(Batches, repeatedTokensRepeatAndHoldNoSpecialToken) {
  Random random(1);
  const Tokens tokens = repeatedTokens(random, 50, 7, 30);
  ASSERT_EQ(tokens.size(), 30u);
  EXPECT_EQ(tokens[0], 0);
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    EXPECT_GE(tokens[i], 2);
    EXPECT_LT(tokens[i], 50);
    EXPECT_EQ(tokens[i], tokens[i > 7 ? i - 7 : i]);
  }
}

TEST(Batches, documentsArePackedWithTheirMarks) {
  Batches batches({{10, 11, 12}}, 50, 0, 1);
  EXPECT_EQ(batches.row(12), (Tokens{0, 10, 11, 12, 1, 0, 10, 11, 12, 1, 0, 10}));
}

TEST(Batches, theShareOfRepeatedRowsIsKept) {
  Batches batches({Tokens(100, 10)}, 50, 0.25, 2);
  int repeated = 0;
  for (int i = 0; i < 4000; ++i) {
    const Tokens row = batches.row(64);
    ASSERT_EQ(row.size(), 64u);
    EXPECT_EQ(row[0], 0);
    repeated += std::count(row.begin(), row.end(), 10) < 60;
  }
  EXPECT_NEAR(repeated, 1000, 140); // 5 standard deviations
}

TEST(Batches, sameSeedSameRows) {
  const std::vector<Tokens> documents = {{10, 11}, {12}, {13, 14, 15}};
  Batches a(documents, 50, 0.5, 3), b(documents, 50, 0.5, 3), c(documents, 50, 0.5, 4);
  const auto first = a.next(8, 33);
  EXPECT_EQ(first.size(), 8u * 33u);
  EXPECT_EQ(first, b.next(8, 33));
  EXPECT_NE(first, c.next(8, 33));
  EXPECT_NE(first, a.next(8, 33));
}
