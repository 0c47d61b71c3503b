// SPDX-License-Identifier: MIT
#include "core/sweep/arrays.h"

#include <cmath>
#include <filesystem>

#include "core/base/elements.h"
#include "core/hdf5/dataset.h"
#include "core/hdf5/file.h"

namespace orrery::sweep {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{4} << 30;

bool fits(const Shape& found, const Shape& expected) {
  if (found.size() != expected.size()) return false;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (expected[i] >= 0 && found[i] != expected[i]) return false;
  return true;
}

std::string wanted(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text.append(i ? ", " : "").append(shape[i] < 0 ? "any" : std::to_string(shape[i]));
  return text + "]";
}

// Opens groups along the path, so that each step is looked at: no link leads out of the file.
Result<h5::Dataset> openDataset(hid_t file, const std::string& name, const std::string& path) {
  const auto slash = name.rfind('/');
  if (slash == std::string::npos) return h5::Dataset::open(file, name, path);
  auto group = h5::openGroup(file, name.substr(0, slash), path);
  if (!group) return badInput("expected an array " + name + ", found no group " + name.substr(0, slash), path);
  return h5::Dataset::open(group->get(), name.substr(slash + 1), path);
}

} // namespace

Result<Arrays> Arrays::open(const std::string& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return notFound("no such file", file);
  const h5::LibraryLock lock;
  auto handle = h5::openFile(file);
  if (!handle) return handle.error();
  Arrays arrays;
  arrays.m_file = std::move(*handle);
  arrays.m_name = file;
  return arrays;
}

Result<Shape> Arrays::shapeOf(const std::string& name) const {
  const h5::LibraryLock lock;
  auto dataset = openDataset(m_file.get(), name, m_name);
  if (!dataset) return dataset.error();
  return dataset->shape();
}

Result<TensorView> Arrays::read(const std::string& name, const Shape& shape) const {
  const h5::LibraryLock lock;
  auto dataset = openDataset(m_file.get(), name, m_name);
  if (!dataset) return dataset.error();
  if (!fits(dataset->shape(), shape))
    return badInput(name + ": expected shape " + wanted(shape) + ", found " + shapeText(dataset->shape()), m_name);
  if (dataset->bytes() > kMaxBytes)
    return tooLarge(name + ": expected at most " + std::to_string(kMaxBytes) + " bytes, found " +
                        std::to_string(dataset->bytes()),
                    m_name);
  return dataset->readAll();
}

Result<std::vector<double>> Arrays::numbers(const std::string& name, const Shape& shape) const {
  auto view = read(name, shape);
  if (!view) return view.error();
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(view->elements()));
  withElements(view->dtype, [&](auto load) {
    forEachElement(*view, [&](const std::byte* p) { values.push_back(static_cast<double>(load(p))); });
  });
  return values;
}

Result<std::vector<double>> Arrays::reals(const std::string& name, const Shape& shape) const {
  auto values = numbers(name, shape);
  if (!values) return values;
  for (const double value : *values)
    if (!std::isfinite(value)) return badInput(name + ": expected finite numbers, found one that is not", m_name);
  return values;
}

Result<std::vector<std::int32_t>> Arrays::indices(const std::string& name, const Shape& shape,
                                                  std::int64_t below) const {
  auto values = reals(name, shape);
  if (!values) return values.error();
  std::vector<std::int32_t> integers;
  integers.reserve(values->size());
  for (const double value : *values) {
    if (!(value >= 0 && value < static_cast<double>(below) && value == std::floor(value)))
      return badInput(name + ": expected integers from 0 to " + std::to_string(below - 1) + ", found " +
                          std::to_string(value),
                      m_name);
    integers.push_back(static_cast<std::int32_t>(value));
  }
  return integers;
}

} // namespace orrery::sweep
