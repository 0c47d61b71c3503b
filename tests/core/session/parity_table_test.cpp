// SPDX-License-Identifier: MIT
// Every checkpoint with numbers of other programs, in one table: the outside oracles where they are, the small ones
// beside the tests always. What is compared, and how, is what `orrery verify` does.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

#include "core/session/verify.h"

namespace orrery::session {
namespace {

namespace fs = std::filesystem;

const std::string kRoot = ORRERY_SOURCE_DIR;

struct Entry {
  std::string path;
  std::vector<std::string> references;
  models::Processing processing = {};
  std::string label = {};
};

// Folders below `home` that hold a reference; the checkpoint is `file` in it, or the folder.
void addFolder(const std::string& home, std::vector<Entry>& all) {
  if (!fs::exists(home)) return;
  for (const auto& folder : fs::directory_iterator(home)) {
    if (!fs::exists(folder.path() / "reference.safetensors")) continue;
    Entry entry{folder.path().string(), {}};
    for (const char* file : {"model.gguf", "ckpt.pt", "model.bin"})
      if (fs::exists(folder.path() / file)) entry.path = (folder.path() / file).string();
    entry.references = referencesBeside(entry.path);
    entry.label = folder.path().parent_path().filename().string() + "/" + folder.path().filename().string();
    all.push_back(entry);
    if (const fs::path processed = folder.path() / "processed.safetensors"; fs::exists(processed)) {
      entry.references = {processed.string()};
      entry.processing = {true, true, true};
      entry.label += " (processed)";
      all.push_back(entry);
    }
  }
}

std::vector<Entry> entries() {
  std::vector<Entry> all;
  for (const char* home :
       {"/tests/core/models/data", "/tests/core/session/data/models", "/../shared/oracles/models",
        "/../shared/oracles/gguf/models", "/../shared/oracles/nanogpt", "/../shared/oracles/llama2c"})
    addFolder(kRoot + home, all);
  std::ranges::sort(all, {}, &Entry::label);
  return all;
}

// Numbers stored as float32: of the long texts, and TransformerLens' own.
bool isRounded(const VerifyRow& row) { return row.name == row.source || row.source.find("_long") != std::string::npos; }

enum Group { Logits, Residuals, Patterns, Projections, Greedy, TransformerLens, Others, kGroups };

Group groupOf(const VerifyRow& row) {
  const auto has = [&](const char* part) { return row.name.find(part) != std::string::npos; };
  if (row.name == "greedy") return Greedy;
  if (row.name == row.source) return TransformerLens;
  if (row.name == "logits") return Logits;
  if (has("pattern")) return Patterns;
  if (has("hook_q") || has("hook_k") || has("hook_v")) return Projections;
  return has("resid") || has("unembed.hook_in") || has("_out") ? Residuals : Others;
}

struct Line {
  std::map<Group, double> worst;
  std::map<Group, int> count;
  double largest = 0, rounded = 0;
  std::string where;
  bool ok = true;
};

void addRows(const Verification& found, bool counts, Line& line) {
  for (const VerifyRow& row : found.rows) {
    const Group group = groupOf(row);
    const double value = group == Greedy ? row.maxAbs : row.scaled;
    line.worst[group] = std::max(line.worst[group], value);
    if (counts) ++line.count[group];
    line.ok = line.ok && row.ok;
    if (group != Greedy && isRounded(row)) line.rounded = std::max(line.rounded, row.scaled);
    if (group != Greedy && !isRounded(row) && row.scaled >= line.largest)
      line.largest = row.scaled, line.where = row.name;
  }
}

std::string cell(const Line& line, Group group) {
  if (!line.count.contains(group)) return "-";
  char text[40];
  if (group == Greedy)
    std::snprintf(text, sizeof text, line.worst.at(group) == 0 ? "equal" : "DIFFER");
  else if (group == TransformerLens)
    std::snprintf(text, sizeof text, "%.1e x%d", line.worst.at(group), line.count.at(group));
  else
    std::snprintf(text, sizeof text, "%.1e", line.worst.at(group));
  return text;
}

Line check(const Entry& entry, DType dtype) {
  Line line;
  models::LoadOptions load;
  load.dtype = dtype;
  load.processing = entry.processing;
  const auto decoder = models::loadDecoder(entry.path, load);
  EXPECT_TRUE(decoder) << decoder.error().message();
  if (!decoder) return line;
  for (const std::string& file : entry.references) {
    const auto reference = openReference(file, (*decoder)->config());
    EXPECT_TRUE(reference) << reference.error().message();
    if (!reference) continue;
    for (const std::int64_t chunk : {512, 7, 1}) {
      const auto found = verifyReference(**decoder, *reference, {}, chunk);
      EXPECT_TRUE(found) << found.error().message();
      if (!found) continue;
      addRows(*found, chunk == 512, line);
      for (const VerifyRow& row : found->rows)
        EXPECT_TRUE(row.ok) << entry.label << " " << row.name << " " << row.source << " chunk " << chunk << ": "
                            << row.maxAbs << " above " << row.tolerance << " " << row.note;
    }
  }
  return line;
}

TEST(Parity, Table) {
  std::printf("%-34s %-8s %8s %8s %8s %8s %7s %14s %8s %9s %9s\n", "checkpoint", "", "logits", "resid", "pattern",
              "q/k/v", "greedy", "hooks of TL", "largest", "tolerance", "rounded");
  int outside = 0;
  for (const Entry& entry : entries()) {
    for (const DType dtype : {DType::F32, DType::F64}) {
      const Line line = check(entry, dtype);
      std::printf("%-34s %-8s %8s %8s %8s %8s %7s %14s %8.1e %9.0e %9.1e %s (%s)\n", entry.label.c_str(),
                  dtype == DType::F64 ? "float64" : "float32", cell(line, Logits).c_str(),
                  cell(line, Residuals).c_str(), cell(line, Patterns).c_str(), cell(line, Projections).c_str(),
                  cell(line, Greedy).c_str(), cell(line, TransformerLens).c_str(), line.largest, toleranceOf(dtype),
                  line.rounded, line.ok ? "ok" : "OFF", line.where.c_str());
      EXPECT_GT(line.count.size(), 3u) << entry.label << ": too little was compared";
      if (dtype == DType::F32 && line.worst.contains(Patterns)) {
        EXPECT_LE(line.worst.at(Patterns), 1e-5) << entry.label;
      }
    }
    outside += entry.path.find("/shared/oracles/") != std::string::npos ? 1 : 0;
  }
  std::printf(
      "largest: of numbers stored as float64. rounded: of those stored as float32, allowed 5e-5, and 1e-6 where they "
      "were computed in float64 and the run is float64. %d checkpoints of ../shared/oracles\n",
      outside);
}

} // namespace
} // namespace orrery::session
