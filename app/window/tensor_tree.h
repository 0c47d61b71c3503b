// SPDX-License-Identifier: MIT
// The tensors of a checkpoint as a tree over the parts of their names. GUI thread.
#pragma once
#include <QAbstractItemModel>
#include <QSortFilterProxyModel>
#include <memory>
#include <vector>

#include "core/session/checkpoint.h"

namespace orrery::app {

class TensorTree : public QAbstractItemModel {
  Q_OBJECT
public:
  enum Column { Name, ShapeColumn, Type, Size, Mean, Std, ColumnCount };
  static constexpr int kLayerRole = Qt::UserRole + 1; // layer that a row belongs to, or -1

  static constexpr int kTensorRole = Qt::UserRole + 2; // full name of a tensor, empty for a group

  explicit TensorTree(QObject* parent = nullptr);
  ~TensorTree() override;
  // The same tensors with more statistics keep the tree as it is.
  void setModel(std::shared_ptr<const session::ModelInfo> info);

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
  struct Node;
  void insert(const std::string& name, int tensor);
  void announceStatistics(const QModelIndex& parent);
  QVariant text(const Node& node, int column) const;
  QString tooltip(const Node& node) const;

  std::shared_ptr<const session::ModelInfo> m_info;
  std::unique_ptr<Node> m_root;
};

// "24.1 kB"; "[128, 64]".
QString bytesText(double bytes);
QString shapeText(const Shape& shape);

} // namespace orrery::app
