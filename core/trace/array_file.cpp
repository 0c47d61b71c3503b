// SPDX-License-Identifier: MIT
#include "core/trace/array_file.h"

#include <algorithm>
#include <set>
#include <unistd.h>

#include "core/base/file.h"
#include "core/hdf5/attribute.h"
#include "core/hdf5/dataset.h"
#include "core/hdf5/file.h"

namespace orrery::trace {
namespace {

constexpr std::int64_t kChunkSide = 256;

bool storable(DType dtype) {
  return dtype == DType::F64 || dtype == DType::F32 || dtype == DType::I64 || dtype == DType::I32 || dtype == DType::U8;
}

std::string linkName(const std::string& name, std::set<std::string>& taken) {
  std::string base = name.empty() || name == "." ? "table" : name;
  std::replace_if(
      base.begin(), base.end(), [](char c) { return c == '/' || c == '\0'; }, '_');
  std::string out = base;
  for (int n = 2; !taken.insert(out).second; ++n) out = base + "-" + std::to_string(n);
  return out;
}

Status writeLabels(hid_t file, const std::string& name, const std::vector<std::string>& labels,
                   const std::string& path) {
  return labels.empty() ? Status(Done{}) : h5::writeStrings(file, name, labels, path);
}

Status writeArray(hid_t file, const std::string& name, const NamedArray& array, const std::string& path) {
  const TensorView values =
      storable(array.values.dtype) ? array.values : viewOf(toFloats(array.values), array.values.shape);
  h5::DatasetOptions options;
  options.compress = true;
  for (const std::int64_t side : values.shape) options.chunk.push_back(std::clamp<std::int64_t>(side, 1, kChunkSide));
  auto dataset = h5::Dataset::create(file, name, values.dtype, options, path);
  if (!dataset) return dataset.error();
  if (Status status = dataset->resize(values.shape); !status) return status;
  if (values.elements() > 0)
    if (Status status = dataset->write(values, Shape(values.shape.size(), 0)); !status) return status;
  if (Status status = h5::setAttribute(dataset->id(), "unit", array.unit, path); !status) return status;
  if (Status status = writeLabels(file, name + "_rows", array.rowLabels, path); !status) return status;
  return writeLabels(file, name + "_columns", array.columnLabels, path);
}

Status writeAll(hid_t file, const std::vector<NamedArray>& arrays, const std::string& path) {
  std::set<std::string> taken;
  for (const NamedArray& array : arrays)
    if (Status status = writeArray(file, linkName(array.name, taken), array, path); !status) return status;
  return Done{};
}

} // namespace

Status writeArrays(const std::string& path, const std::vector<NamedArray>& arrays) {
  h5::LibraryLock lock;
  const std::string temporary = temporaryName(path);
  auto file = h5::createFile(temporary);
  Status status = file ? writeAll(file->get(), arrays, path) : Status(file.error());
  if (file && !status) h5::discardWrites(file->get());
  if (file && !file->close() && status) status = ioError("cannot finish the file");
  if (status) return renameInto(temporary, path);
  ::unlink(temporary.c_str());
  status.error().where = path;
  return status;
}

} // namespace orrery::trace
