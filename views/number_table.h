// SPDX-License-Identifier: MIT
// A table of weights with numbers, sorted by any column, that scrolls: what the views "spectra" and "changes" share.
#pragma once
#include <string>
#include <vector>

#include "views/weight_input.h"

namespace orrery::views {

struct TableColumn {
  std::string name, title; // as in `--set sort=name`; as it stands over the column
  bool whole = false;      // counts: no decimals
};
struct TableRow {
  const weights::Weight* weight = nullptr;
  std::vector<double> values; // one for each column; NaN: none. Empty: see `note`
  std::string note = {};      // in place of the numbers; empty: they are being computed
};
struct NumberTable {
  std::string name, heading; // of the panel; the line above
  std::vector<TableColumn> columns;
  std::vector<TableRow> rows;
};

// Parameters sort, order, columns, names, title; `columns` are those that one may sort by.
std::vector<Parameter> tableParameters(const std::vector<TableColumn>& columns);
// Sorts, draws, and gives the numbers as data. Pure.
Built buildTable(const Request& request, NumberTable table);

} // namespace orrery::views
