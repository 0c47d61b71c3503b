// SPDX-License-Identifier: MIT
// TensorFile from one GGUF file, or from all parts of a split model.
#include <cstdio>
#include <filesystem>
#include <optional>

#include "core/base/text.h"
#include "core/tensorio/gguf.h"

namespace orrery::tensorio {
namespace {

std::int64_t integerAt(const Json& values, const char* key, std::int64_t fallback) {
  const auto found = values.find(key);
  if (found == values.end() || !found->is_number_integer()) return fallback;
  return found->get<std::int64_t>();
}

std::string ending(std::int64_t number, std::int64_t count) {
  char text[64];
  std::snprintf(text, sizeof text, "-%05lld-of-%05lld.gguf", static_cast<long long>(number),
                static_cast<long long>(count));
  return text;
}

class PartJoiner {
public:
  explicit PartJoiner(const std::string& path) : m_path(path) {}

  Result<TensorFile> join() {
    auto file = MappedFile::open(m_path);
    if (!file) return file.error();
    auto header = readGgufHeader(*file);
    if (!header) return header.error();
    const std::int64_t count = integerAt(header->values, "split.count", 1);
    if (count > 1) return joinParts(integerAt(header->values, "split.no", -1), count);
    add(std::move(*file), std::move(*header));
    return TensorFile::make(std::move(m_parts));
  }

private:
  Result<TensorFile> joinParts(std::int64_t number, std::int64_t count) {
    const std::string expected = ending(number + 1, count);
    if (number < 0 || number >= count || !m_path.ends_with(expected))
      return badInput("says that it is part " + std::to_string(number + 1) + " of " + std::to_string(count) +
                          ", but its name does not end in " + inQuotes(expected),
                      m_path);
    const std::string stem = m_path.substr(0, m_path.size() - expected.size());
    for (std::int64_t i = 0; i < count; ++i)
      if (Status added = addPart(stem + ending(i + 1, count), i, count); !added) return added.error();
    const auto promised = integerAt(m_parts.description, "split.tensors.count", -1);
    if (const auto found = static_cast<std::int64_t>(m_parts.tensors.size()); promised >= 0 && promised != found)
      return badInput("split.tensors.count promises " + std::to_string(promised) + " tensors, the parts have " +
                          std::to_string(found),
                      m_path);
    return TensorFile::make(std::move(m_parts));
  }

  Status addPart(const std::string& path, std::int64_t number, std::int64_t count) {
    auto file = MappedFile::open(path);
    if (!file && file.error().code == Code::NotFound)
      return notFound("is split into " + std::to_string(count) + " parts, and " +
                          inQuotes(std::filesystem::path(path).filename().string()) + " is not there",
                      m_path);
    if (!file) return file.error();
    auto header = readGgufHeader(*file);
    if (!header) return header.error();
    if (integerAt(header->values, "split.no", -1) != number || integerAt(header->values, "split.count", -1) != count)
      return badInput("expected part " + std::to_string(number + 1) + " of " + std::to_string(count) +
                          " (split.no, split.count)",
                      path);
    add(std::move(*file), std::move(*header));
    return Done{};
  }

  // A key of a later part counts where no earlier one has it.
  void add(MappedFile file, GgufHeader header) {
    for (TensorInfo& info : header.tensors) {
      info.file = m_parts.shards.size();
      m_parts.tensors.push_back(std::move(info));
    }
    m_parts.shards.push_back(std::move(file));
    if (m_parts.shards.size() == 1)
      m_parts.description = std::move(header.values);
    else
      for (auto& [key, value] : header.values.items()) m_parts.description.emplace(key, value);
  }

  const std::string& m_path;
  TensorFile::Parts m_parts{"gguf", {}, {}, Json::object(), {}};
};

} // namespace

Result<TensorFile> openGguf(const std::string& path) { return PartJoiner(path).join(); }

} // namespace orrery::tensorio
