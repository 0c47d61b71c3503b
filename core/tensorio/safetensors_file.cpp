// SPDX-License-Identifier: MIT
// TensorFile from one safetensors file, or from the shards that an index names.
#include <filesystem>
#include <set>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/tensorio/safetensors.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::tensorio {
namespace {

// A shard must lie beside its index: no folder in its name, nothing that leads elsewhere.
bool isPlainFileName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

using WeightMap = std::map<std::string, std::string>; // tensor -> file name

class ShardJoiner {
public:
  ShardJoiner(const std::string& path, const WeightMap& map) : m_path(path), m_map(map) {}

  Result<TensorFile> join() {
    std::set<std::string> names;
    for (const auto& [tensor, shard] : m_map) names.insert(shard);
    for (const std::string& name : names)
      if (Status added = addShard(name); !added) return added.error();
    for (const auto& [tensor, shard] : m_map)
      if (!m_seen.contains(tensor))
        return badInput("the index places tensor " + inQuotes(tensor) + " in " + inQuotes(shard) +
                            ", which does not have it",
                        m_path);
    return TensorFile::make(std::move(m_parts));
  }

private:
  Status addShard(const std::string& name) {
    const std::string path = (std::filesystem::path(m_path).parent_path() / name).string();
    auto file = MappedFile::open(path);
    if (!file && file.error().code == Code::NotFound)
      return notFound("the index names the shard " + inQuotes(name) + ", which is not there", m_path);
    if (!file) return file.error();
    auto header = readSafetensorsHeader(*file);
    if (!header) return header.error();
    for (TensorInfo& info : header->tensors)
      if (Status added = addTensor(std::move(info), name); !added) return added;
    m_parts.shards.push_back(std::move(*file));
    for (const auto& [key, value] : header->metadata) m_parts.description.emplace(key, value);
    return Done{};
  }

  Status addTensor(TensorInfo info, const std::string& shard) {
    const auto listed = m_map.find(info.name);
    if (listed != m_map.end() && listed->second != shard) {
      m_parts.warnings.push_back("tensor " + inQuotes(info.name) + " also stands in " + inQuotes(shard) +
                                 "; the one in " + inQuotes(listed->second) + " counts, as the index says");
      return Done{};
    }
    if (!m_seen.insert(info.name).second)
      return badInput("tensor " + inQuotes(info.name) + " stands in two shards and the index does not list it", m_path);
    if (listed == m_map.end())
      m_parts.warnings.push_back("tensor " + inQuotes(info.name) + " of " + inQuotes(shard) + " is not in the index");
    info.file = m_parts.shards.size();
    m_parts.tensors.push_back(std::move(info));
    return Done{};
  }

  const std::string& m_path;
  const WeightMap& m_map;
  std::set<std::string> m_seen;
  TensorFile::Parts m_parts{"safetensors", {}, {}, Json::object(), {}};
};

} // namespace

Result<TensorFile> openSafetensors(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  auto header = readSafetensorsHeader(*file);
  if (!header) return header.error();
  return TensorFile::make({"safetensors", {std::move(*file)}, std::move(header->tensors), header->metadata, {}});
}

Result<WeightMap> parseSafetensorsIndex(std::string_view text, const std::string& where) {
  auto json = parseJson(text, where);
  if (!json) return json.error();
  const auto map = json->is_object() ? json->find("weight_map") : json->end();
  if (map == json->end() || !map->is_object() || map->empty())
    return badInput("the index has no \"weight_map\" from tensors to files", where);
  WeightMap out;
  for (const auto& [tensor, shard] : map->items()) {
    if (!shard.is_string()) return badInput("weight_map: no file name for tensor " + inQuotes(tensor), where);
    const auto& name = shard.get_ref<const std::string&>();
    if (!isPlainFileName(name))
      return badInput("weight_map: tensor " + inQuotes(tensor) + " lies in " + inQuotes(name) +
                          ", expected a plain file name beside the index",
                      where);
    out.emplace(tensor, name);
  }
  return out;
}

Result<TensorFile> openSafetensorsIndex(const std::string& path) {
  auto text = readFile(path, kMaxSafetensorsHeader);
  if (!text) return text.error();
  auto map = parseSafetensorsIndex(*text, path);
  if (!map) return map.error();
  return ShardJoiner(path, *map).join();
}

} // namespace orrery::tensorio
