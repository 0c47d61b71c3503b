// SPDX-License-Identifier: MIT
#include "core/models/overview_builder.h"

#include <algorithm>

#include "core/hooks/overview.h"

namespace orrery::models {

void OverviewBuilder::prepare(std::int64_t tokens) {
  const std::int64_t cell = hooks::overviewCell(tokens, m_cells);
  if (m_overview.rows.empty()) m_overview.cell = cell;
  while (m_overview.cell < cell) {
    m_overview = hooks::coarserOverview(m_overview);
    m_open.clear();
  }
}

hooks::OverviewRow& OverviewBuilder::writable(std::int64_t row) {
  if (const auto open = m_open.find(row); open != m_open.end()) return *open->second;
  auto& rows = m_overview.rows;
  while (static_cast<std::int64_t>(rows.size()) <= row) {
    auto fresh = std::make_shared<hooks::OverviewRow>();
    fresh->heads = m_heads;
    fresh->cells = static_cast<std::int64_t>(rows.size()) + 1;
    fresh->sum.resize(static_cast<std::size_t>(m_heads * fresh->cells));
    fresh->max.resize(static_cast<std::size_t>(m_heads * fresh->cells));
    m_open[fresh->cells - 1] = fresh;
    rows.push_back(std::move(fresh));
  }
  if (!m_open.contains(row)) {
    auto& slot = rows[static_cast<std::size_t>(row)];
    m_open[row] = std::make_shared<hooks::OverviewRow>(*slot);
    slot = m_open[row];
  }
  return *m_open[row];
}

void OverviewBuilder::add(const BlockPool& block) {
  for (std::int64_t r = 0; r < block.rows; ++r) {
    hooks::OverviewRow& row = writable(block.firstRow + r);
    const auto width = static_cast<std::size_t>(std::min(row.cells, block.width));
    const auto to = static_cast<std::size_t>(block.head * row.cells), from = static_cast<std::size_t>(r * block.width);
    for (std::size_t c = 0; c < width; ++c) {
      row.sum[to + c] += block.sum[from + c];
      row.max[to + c] = std::max(row.max[to + c], block.max[from + c]);
    }
  }
}

hooks::Overview OverviewBuilder::share() {
  m_open.clear();
  return m_overview;
}

Status OverviewBuilder::truncate(const hooks::AttentionRecord& record) {
  m_overview.tokens = record.tokens;
  const std::int64_t cell = m_overview.cell, whole = record.tokens / cell;
  m_open.clear();
  m_overview.rows.resize(static_cast<std::size_t>(std::min<std::int64_t>(whole, m_overview.side())));
  if (record.tokens % cell == 0) return Done{};
  auto row = hooks::overviewRow(record, cell, whole);
  if (!row) return row.error();
  m_overview.rows.push_back(std::make_shared<const hooks::OverviewRow>(std::move(*row)));
  return Done{};
}

} // namespace orrery::models
