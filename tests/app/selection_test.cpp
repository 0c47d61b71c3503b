// SPDX-License-Identifier: MIT
#include "app/window/selection_model.h"

#include <gtest/gtest.h>

namespace orrery::app {
namespace {

hooks::Dims dims() {
  hooks::Dims d;
  d.layers = 3;
  d.heads = 4;
  d.headDim = 8;
  return d;
}

TEST(Selection, IsCutToWhatExists) {
  SelectionModel model;
  model.setLimits(dims(), 10);
  views::Selection wish;
  wish.layer = 9;
  wish.head = 9;
  wish.query = 99;
  wish.key = 3;
  model.set(wish);
  EXPECT_EQ(model.selection().layer, 2);
  EXPECT_EQ(model.selection().head, 3);
  EXPECT_EQ(model.selection().query, 9);
  EXPECT_EQ(model.selection().key, 3);
}

TEST(Selection, ChangesAreToldOnce) {
  SelectionModel model;
  model.setLimits(dims(), 10);
  int told = 0;
  QObject::connect(&model, &SelectionModel::changed, [&] { ++told; });
  views::Selection wish = model.selection();
  wish.head = 2;
  model.set(wish);
  model.set(wish);
  EXPECT_EQ(told, 1);
}

TEST(Selection, KeysStopAtTheEnds) {
  SelectionModel model;
  model.setLimits(dims(), 5);
  EXPECT_EQ(model.layerMoved(-1).layer, 0);
  EXPECT_EQ(model.layerMoved(1).layer, 1);
  EXPECT_EQ(model.headMoved(9).head, 3);
  EXPECT_EQ(model.tokenMoved(1).query, 4) << "the first key press selects the last token";
  EXPECT_EQ(model.tokenMoved(-1).query, 4);
  views::Selection at = model.selection();
  at.query = 4;
  at.key = 4;
  model.set(at);
  EXPECT_EQ(model.tokenMoved(1).query, 4);
  EXPECT_EQ(model.tokenMoved(-1).query, 3);
  EXPECT_EQ(model.tokenMoved(-1).key, views::kNone) << "a key behind the query is masked";
}

TEST(Selection, ScrubbingBoundsTheTokens) {
  SelectionModel model;
  model.setLimits(dims(), 10);
  views::Selection wish;
  wish.shownTokens = 4;
  wish.query = 8;
  model.set(wish);
  EXPECT_EQ(model.shownTokens(), 4);
  EXPECT_EQ(model.selection().query, 3);
  model.setLimits(dims(), 4); // the run was cut to what is shown: live again
  EXPECT_EQ(model.selection().shownTokens, views::kNone);
}

} // namespace
} // namespace orrery::app
