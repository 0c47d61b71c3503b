// SPDX-License-Identifier: MIT
#include "app/window/tensor_tree.h"

#include <QFont>
#include <array>

#include "views/paint/painter.h"

namespace orrery::app {

struct TensorTree::Node {
  QString name; // one part
  Node* parent = nullptr;
  int row = 0, tensor = -1; // tensor: index into ModelInfo::tensors, or -1 for a group
  int layer = -1;
  std::uint64_t bytes = 0; // with all below
  std::vector<std::unique_ptr<Node>> children;

  Node* child(const QString& part) {
    for (const auto& c : children)
      if (c->name == part && c->tensor < 0) return c.get();
    return nullptr;
  }
};

QString bytesText(double bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < kUnits.size()) bytes /= 1000, ++unit;
  return QString::number(bytes, 'f', unit ? 1 : 0) + QLatin1Char(' ') + QLatin1String(kUnits[unit]);
}

QString shapeText(const Shape& shape) {
  QStringList sides;
  for (const std::int64_t side : shape) sides << QString::number(side);
  return QLatin1Char('[') + sides.join(QStringLiteral(", ")) + QLatin1Char(']');
}

TensorTree::TensorTree(QObject* parent) : QAbstractItemModel(parent), m_root(std::make_unique<Node>()) {}
TensorTree::~TensorTree() = default;

namespace {

bool sameTensors(const session::ModelInfo& a, const session::ModelInfo& b) {
  return a.path == b.path && a.contentHash.empty() && a.tensors.size() == b.tensors.size();
}

} // namespace

void TensorTree::setModel(std::shared_ptr<const session::ModelInfo> info) {
  if (info && m_info && sameTensors(*m_info, *info)) {
    m_info = std::move(info);
    announceStatistics({});
    return;
  }
  beginResetModel();
  m_info = std::move(info);
  m_root = std::make_unique<Node>();
  for (std::size_t i = 0; m_info && i < m_info->tensors.size(); ++i)
    insert(m_info->tensors[i].name, static_cast<int>(i));
  endResetModel();
}

void TensorTree::insert(const std::string& name, int tensor) {
  const QStringList parts = QString::fromStdString(name).split(QLatin1Char('.'));
  const std::uint64_t bytes = m_info->tensors[static_cast<std::size_t>(tensor)].bytes;
  Node* node = m_root.get();
  for (int i = 0; i < parts.size(); ++i) {
    const bool leaf = i + 1 == parts.size();
    Node* next = leaf ? nullptr : node->child(parts[i]);
    if (!next) {
      auto made = std::make_unique<Node>();
      made->name = parts[i];
      made->parent = node;
      made->row = static_cast<int>(node->children.size());
      bool number = false;
      const int index = parts[i].toInt(&number);
      made->layer = number && node->layer < 0 ? index : node->layer;
      made->tensor = leaf ? tensor : -1;
      next = made.get();
      node->children.push_back(std::move(made));
    }
    node = next;
    node->bytes += bytes;
  }
}

void TensorTree::announceStatistics(const QModelIndex& parent) {
  const int rows = rowCount(parent);
  if (rows == 0) return;
  Q_EMIT dataChanged(index(0, Mean, parent), index(rows - 1, Std, parent));
  for (int row = 0; row < rows; ++row) announceStatistics(index(row, 0, parent));
}

QModelIndex TensorTree::index(int row, int column, const QModelIndex& parent) const {
  const Node* node = parent.isValid() ? static_cast<Node*>(parent.internalPointer()) : m_root.get();
  if (row < 0 || row >= static_cast<int>(node->children.size()) || column < 0 || column >= ColumnCount) return {};
  return createIndex(row, column, node->children[static_cast<std::size_t>(row)].get());
}

QModelIndex TensorTree::parent(const QModelIndex& child) const {
  if (!child.isValid()) return {};
  Node* above = static_cast<Node*>(child.internalPointer())->parent;
  return above == m_root.get() || !above ? QModelIndex() : createIndex(above->row, 0, above);
}

int TensorTree::rowCount(const QModelIndex& parent) const {
  if (parent.column() > 0) return 0;
  const Node* node = parent.isValid() ? static_cast<Node*>(parent.internalPointer()) : m_root.get();
  return static_cast<int>(node->children.size());
}

int TensorTree::columnCount(const QModelIndex&) const { return ColumnCount; }

QVariant TensorTree::text(const Node& node, int column) const {
  if (column == Name) return node.name;
  if (column == Size) return bytesText(static_cast<double>(node.bytes));
  if (node.tensor < 0) return {};
  const session::TensorRow& row = m_info->tensors[static_cast<std::size_t>(node.tensor)];
  if (column == ShapeColumn) return shapeText(row.shape);
  if (column == Type) return QString::fromStdString(row.type);
  if (!row.stats) return QStringLiteral("\u2026");
  return QString::number(column == Mean ? row.stats->mean : row.stats->std, 'g', 3);
}

QString TensorTree::tooltip(const Node& node) const {
  if (node.tensor < 0) return {};
  const session::TensorRow& row = m_info->tensors[static_cast<std::size_t>(node.tensor)];
  QString lines = QString::fromStdString(row.name) + QLatin1Char('\n') + shapeText(row.shape);
  if (row.stats)
    lines += tr("\nmean %1\nstd %2\nmin %3\nmax %4\nnon-finite %5")
                 .arg(row.stats->mean, 0, 'g', 9)
                 .arg(row.stats->std, 0, 'g', 9)
                 .arg(row.stats->min, 0, 'g', 9)
                 .arg(row.stats->max, 0, 'g', 9)
                 .arg(row.stats->nonFinite);
  return lines;
}

QVariant TensorTree::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Node& node = *static_cast<Node*>(index.internalPointer());
  if (role == Qt::DisplayRole) return text(node, index.column());
  if (role == Qt::ToolTipRole) return tooltip(node);
  if (role == kLayerRole) return node.layer;
  if (role == kTensorRole && node.tensor >= 0)
    return QString::fromStdString(m_info->tensors[static_cast<std::size_t>(node.tensor)].name);
  if (role == Qt::TextAlignmentRole && index.column() >= Size) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role == Qt::FontRole && index.column() > Name) {
    QFont font = paint::monoFont();
    font.setPixelSize(11);
    return font;
  }
  return {};
}

QVariant TensorTree::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole && section >= Size) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const QStringList titles = {tr("tensor"), tr("shape"), tr("type"), tr("size"), tr("mean"), tr("std")};
  return titles.value(section);
}

} // namespace orrery::app
