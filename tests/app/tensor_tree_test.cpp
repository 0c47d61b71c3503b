// SPDX-License-Identifier: MIT
#include "app/window/tensor_tree.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>

namespace orrery::app {
namespace {

session::TensorRow tensor(std::string name, Shape shape) {
  session::TensorRow row;
  row.name = std::move(name);
  row.bytes = 4;
  for (const std::int64_t side : shape) row.bytes *= static_cast<std::uint64_t>(side);
  row.shape = std::move(shape);
  return row;
}

std::shared_ptr<session::ModelInfo> model() {
  auto info = std::make_shared<session::ModelInfo>();
  info->path = "m";
  info->tensors = {tensor("model.embed.weight", {8, 4}), tensor("model.layers.0.q.weight", {4, 4}),
                   tensor("model.layers.1.q.weight", {4, 4}), tensor("model.layers.1.k.weight", {2, 4})};
  return info;
}

QModelIndex at(const QAbstractItemModel& tree, std::initializer_list<const char*> path) {
  QModelIndex here;
  for (const char* part : path) {
    QModelIndex next;
    for (int row = 0; row < tree.rowCount(here); ++row)
      if (tree.index(row, 0, here).data().toString() == QLatin1String(part)) next = tree.index(row, 0, here);
    here = next;
    if (!here.isValid()) return {};
  }
  return here;
}

TEST(TensorTree, GroupsByTheParts) {
  TensorTree tree;
  QAbstractItemModelTester tester(&tree, QAbstractItemModelTester::FailureReportingMode::Fatal);
  tree.setModel(model());
  ASSERT_TRUE(at(tree, {"model", "layers", "1", "k", "weight"}).isValid());
  EXPECT_EQ(tree.rowCount(at(tree, {"model", "layers"})), 2);
  EXPECT_EQ(
      at(tree, {"model", "layers", "1", "k", "weight"}).siblingAtColumn(TensorTree::ShapeColumn).data().toString(),
      "[2, 4]");
  EXPECT_EQ(at(tree, {"model", "layers", "1"}).data(TensorTree::kLayerRole).toInt(), 1);
  EXPECT_EQ(at(tree, {"model", "embed"}).data(TensorTree::kLayerRole).toInt(), -1);
  EXPECT_EQ(at(tree, {"model", "layers", "1"}).siblingAtColumn(TensorTree::Size).data().toString(), "96 B");
}

TEST(TensorTree, StatisticsComeWithoutAReset) {
  TensorTree tree;
  tree.setModel(model());
  int resets = 0, changes = 0;
  QObject::connect(&tree, &TensorTree::modelReset, [&] { ++resets; });
  QObject::connect(&tree, &TensorTree::dataChanged, [&] { ++changes; });
  auto more = model();
  more->tensors[0].stats = session::TensorStatsRow{0.25, 2, -1, 1, 0};
  tree.setModel(more);
  EXPECT_EQ(resets, 0);
  EXPECT_GT(changes, 0);
  EXPECT_EQ(at(tree, {"model", "embed", "weight"}).siblingAtColumn(TensorTree::Mean).data().toString(), "0.25");
}

} // namespace
} // namespace orrery::app
