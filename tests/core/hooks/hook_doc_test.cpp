// SPDX-License-Identifier: MIT
// docs/hooks.md and the table of hooks say the same.
#include <fstream>
#include <gtest/gtest.h>
#include <map>

#include "core/hooks/hook_spec.h"

namespace orrery::hooks {
namespace {

struct DocRow {
  std::string dims, unit, meaning;
  bool onRequest = false;
};

// "| `blocks.{i}.attn.hook_q` | B T H Dh | 1 | queries ... | always |" by name.
std::map<std::string, DocRow> documentedHooks() {
  std::ifstream in(ORRERY_SOURCE_DIR "/docs/hooks.md");
  std::map<std::string, DocRow> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) break; // other tables follow
    if (!line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    for (std::size_t at = 2, end = 0; (end = line.find(" |", at)) != std::string::npos; at = end + 3)
      cells.push_back(line.substr(at, end - at));
    if (cells.size() != 5 || !rows.emplace(cells[0].substr(1, cells[0].size() - 2),
                                           DocRow{cells[1], cells[2], cells[3], cells[4] == "on request"})
                                  .second)
      ADD_FAILURE() << "not five cells, or twice: " << line;
  }
  return rows;
}

TEST(HookDoc, ThePageListsTheHooksOfTheTableAndNoOther) {
  auto documented = documentedHooks();
  for (const HookKindRow& entry : hookTable()) {
    const std::string name = (isPerLayer(entry.kind) ? "blocks.{i}." : "") + std::string(entry.suffix);
    const auto row = documented.find(name);
    ASSERT_NE(row, documented.end()) << name << " is missing in docs/hooks.md";
    EXPECT_EQ(row->second.dims, entry.dims) << name;
    EXPECT_EQ(row->second.unit, entry.unit) << name;
    EXPECT_EQ(row->second.meaning, entry.meaning) << name;
    EXPECT_EQ(row->second.onRequest, entry.onRequest) << name;
    documented.erase(row);
  }
  for (const auto& [name, row] : documented) ADD_FAILURE() << name << " of docs/hooks.md is no hook of the table";
}

} // namespace
} // namespace orrery::hooks
