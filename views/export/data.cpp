// SPDX-License-Identifier: MIT
#include "views/export/data.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "core/base/text.h"
#include "core/tensorio/csv.h"
#include "core/tensorio/npy.h"
#include "core/trace/array_file.h"

namespace orrery::exports {
namespace {

namespace fs = std::filesystem;

std::string extensionOf(const std::string& path) {
  std::string extension = fs::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

// A name of a table as a part of a file name.
std::string filePart(const std::string& name) {
  std::string out;
  for (const char c : name.substr(0, 60)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain || c == '-' || c == '_' ? c : '_';
  }
  return out.empty() ? "table" : out;
}

// CSV knows matrices only: a vector [N] stands as a column [N, 1].
TensorView asMatrix(const TensorView& values) {
  if (values.shape.size() != 1) return values;
  TensorView column = values;
  column.shape = {values.shape[0], 1};
  column.strides = {values.strides.empty() ? 1 : values.strides[0], 1};
  return column;
}

Status writeTable(const views::DataTable& table, const std::string& path, bool csv) {
  if (!csv) return tensorio::writeNpy(path, table.values);
  tensorio::CsvLabels labels{table.columnLabels, table.rowLabels, {}};
  if (table.values.shape.size() == 1 && labels.columns.empty())
    labels.columns = {table.unit.empty() ? table.name : table.name + " (" + table.unit + ")"};
  return tensorio::writeCsv(path, asMatrix(table.values), labels);
}

Status writeHdf5(const std::vector<views::DataTable>& tables, const std::string& path) {
  std::vector<trace::NamedArray> arrays;
  for (const views::DataTable& t : tables) arrays.push_back({t.name, t.unit, t.values, t.rowLabels, t.columnLabels});
  return trace::writeArrays(path, arrays);
}

Status checkTables(const std::vector<views::DataTable>& tables, const std::string& path) {
  if (tables.empty()) return badInput("this view has no numbers to write", path);
  for (const views::DataTable& table : tables)
    if (table.values.shape.size() != 1 && table.values.shape.size() != 2)
      return badInput("table " + inQuotes(table.name) + " has shape " + shapeText(table.values.shape) +
                          ", expected one or two dimensions",
                      path);
  return Done{};
}

} // namespace

std::vector<std::string> dataPaths(const std::vector<views::DataTable>& tables, const std::string& path) {
  std::vector<std::string> paths;
  std::set<std::string> taken;
  const fs::path base(path);
  if (extensionOf(path) == ".h5" || extensionOf(path) == ".hdf5") return {path};
  for (const views::DataTable& table : tables) {
    if (paths.empty()) {
      paths.push_back(path);
      continue;
    }
    std::string part = filePart(table.name);
    for (int n = 2; !taken.insert(part).second; ++n) part = filePart(table.name) + "-" + std::to_string(n);
    const std::string name = base.stem().string() + "." + part + base.extension().string();
    paths.push_back((base.parent_path() / name).string());
  }
  return paths;
}

Status exportData(const std::vector<views::DataTable>& tables, const std::string& path) {
  const std::string extension = extensionOf(path);
  const bool hdf5 = extension == ".h5" || extension == ".hdf5";
  if (!hdf5 && extension != ".csv" && extension != ".npy")
    return unsupported("data is written as .csv, .npy or .h5, found extension " + inQuotes(extension), path);
  if (Status status = checkTables(tables, path); !status) return status;
  if (hdf5) return writeHdf5(tables, path);
  const std::vector<std::string> paths = dataPaths(tables, path);
  for (std::size_t i = tables.size(); i-- > 0;)
    if (Status status = writeTable(tables[i], paths[i], extension == ".csv"); !status) return status;
  return Done{};
}

} // namespace orrery::exports
