// SPDX-License-Identifier: MIT
#include "core/sweep/merge.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>

#include "core/sweep/map_build.h"
#include "core/sweep/map_file.h"
#include "core/sweep/sweep_store.h"

namespace orrery::sweep {
namespace {

bool same(const Digest& a, const Digest& b) {
  std::array<std::byte, kDigestBytes> left, right;
  packDigest(a, left.data());
  packDigest(b, right.data());
  return left == right;
}

class Merger {
public:
  Status add(const std::string& path);
  Result<Merged> merged() const;

private:
  Status join(const KnownLayer& layer, const std::string& path);
  Status begin(const Map& map, const std::string& path);

  SweepSpec m_spec;
  std::string m_text, m_first; // spec of the first file, and its path
  std::vector<KnownLayer> m_layers;
  std::set<std::pair<int, int>> m_parts; // shard, shards of complete files
};

Status Merger::begin(const Map& map, const std::string& path) {
  auto spec = specOfMap(map, path);
  if (!spec) return spec.error();
  m_spec = std::move(*spec);
  m_text = map.spec;
  m_first = path;
  m_layers.push_back(
      {layerNames()[0], std::vector<std::uint8_t>(map.size(), Lattice::kUnknown), std::vector<Digest>(map.size())});
  return Done{};
}

Status Merger::join(const KnownLayer& layer, const std::string& path) {
  auto mine = std::find_if(m_layers.begin(), m_layers.end(), [&](const auto& l) { return l.name == layer.name; });
  if (mine == m_layers.end()) {
    m_layers.push_back({layer.name, std::vector<std::uint8_t>(layer.classes.size(), Lattice::kUnknown),
                        std::vector<Digest>(layer.classes.size())});
    mine = m_layers.end() - 1;
  }
  const std::size_t width = m_spec.x.size();
  for (std::size_t pixel = 0; pixel < layer.classes.size(); ++pixel) {
    if (layer.classes[pixel] == Lattice::kUnknown) continue;
    if (mine->classes[pixel] != Lattice::kUnknown && !same(mine->digests[pixel], layer.digests[pixel]))
      return badInput(layer.name + ": pixel [" + std::to_string(pixel / width) + ", " + std::to_string(pixel % width) +
                          "] holds another run than in the files before",
                      path);
    mine->classes[pixel] = layer.classes[pixel];
    mine->digests[pixel] = layer.digests[pixel];
  }
  return Done{};
}

Status Merger::add(const std::string& path) {
  if (std::filesystem::exists(path + ".journal"))
    return badInput("its sweep is unfinished (there is a journal beside it): end it with sweep --resume first", path);
  auto map = readMap(path);
  if (!map) return map.error();
  if (m_layers.empty())
    if (Status status = begin(*map, path); !status) return status;
  if (const std::string difference = specDifference(map->spec, m_text); !difference.empty())
    return badInput("a map of another spec; " + difference + " in " + m_first, path);
  if (map->x != m_spec.x.values() || map->y != m_spec.y.values() || map->pixels.digests.empty())
    return badInput("its axis values are not those of its spec, or it holds no digests", path);
  if (map->complete) m_parts.emplace(map->shard, map->shards);
  for (const KnownLayer& layer : knownOf(*map, layerNames()))
    if (Status status = join(layer, path); !status) return status;
  return Done{};
}

Result<Merged> Merger::merged() const {
  Merged out;
  out.spec = m_spec;
  out.map = buildMap(m_spec, m_layers, {});
  out.map.spec = m_text;
  for (const auto& [shard, shards] : m_parts) {
    int there = 0;
    for (int i = 0; i < shards; ++i) there += m_parts.contains({i, shards}) ? 1 : 0;
    out.allParts = out.allParts || there == shards;
  }
  return out;
}

} // namespace

Result<Merged> mergeMaps(const std::vector<std::string>& paths) {
  Merger merger;
  for (const std::string& path : paths)
    if (Status status = merger.add(path); !status) return status.error();
  return merger.merged();
}

} // namespace orrery::sweep
