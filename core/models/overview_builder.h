// SPDX-License-Identifier: MIT
// Grows the pooled picture of one layer's attention while rows of P come by. Rows that a record has shown are copied
// before they change.
#pragma once
#include <map>
#include <memory>
#include <vector>

#include "core/hooks/attention_record.h"

namespace orrery::models {

// What one row block of one head adds: cells [firstRow, firstRow + rows) x [0, width).
struct BlockPool {
  std::int64_t head = 0, firstRow = 0, rows = 0, width = 0; // in cells
  std::vector<double> sum;                                  // [rows, width]
  std::vector<float> max;                                   // [rows, width]
};

class OverviewBuilder {
public:
  OverviewBuilder() = default;
  OverviewBuilder(std::int64_t heads, std::int64_t cells) : m_heads(heads), m_cells(cells) {}

  // Before positions up to `tokens` are added: widens the cells if the map would get too large.
  void prepare(std::int64_t tokens);
  std::int64_t cell() const { return m_overview.cell; }
  void add(const BlockPool& block);
  void setTokens(std::int64_t tokens) { m_overview.tokens = tokens; }
  hooks::Overview share(); // a copy to hand out
  // After a cut: rows beyond are dropped; the last one, if it is partly cut, is computed again from `record`
  // (q, k, lse of the remaining positions).
  Status truncate(const hooks::AttentionRecord& record);

private:
  hooks::OverviewRow& writable(std::int64_t row);

  std::int64_t m_heads = 0, m_cells = 256;
  hooks::Overview m_overview;
  std::map<std::int64_t, std::shared_ptr<hooks::OverviewRow>> m_open; // rows that nobody else has seen
};

} // namespace orrery::models
