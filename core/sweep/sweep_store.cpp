// SPDX-License-Identifier: MIT
#include "core/sweep/sweep_store.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/sweep/map_file.h"
#include "core/tensorio/sha256.h"

namespace orrery::sweep {
namespace {

constexpr const char* kHashes = "sha256";
constexpr std::array kFileKeys = {"init", "data"}; // objects of a spec that may name a file

std::string journalPath(const std::string& out) { return out + ".journal"; }

Json* fileOf(Json& spec, const std::string& key) {
  Json& object = spec[key];
  const auto found = object.is_object() ? object.find("file") : object.end();
  return found == object.end() ? nullptr : &*found;
}

// "/axes/x/count" as people write it.
std::string dotted(std::string pointer) {
  if (!pointer.empty()) pointer.erase(0, 1);
  std::replace(pointer.begin(), pointer.end(), '/', '.');
  return pointer;
}

Json comparable(const std::string& text) {
  auto parsed = parseJson(text, "spec");
  Json spec = parsed && parsed->is_object() ? *parsed : Json::object();
  const bool hashed = spec.contains(kHashes);
  for (const char* key : kFileKeys)
    if (Json* file = spec.contains(key) ? fileOf(spec, key) : nullptr; file && hashed) *file = "";
  return spec.flatten();
}

} // namespace

const std::vector<std::string>& layerNames() {
  static const std::vector<std::string> names = {"map", kRoundingLayer, "quadratic", "order"};
  return names;
}

Result<std::string> specText(const SweepSpec& spec) {
  Json json = sweepSpecJson(spec);
  Json hashes = Json::object();
  for (const auto& [key, file] : {std::pair{"init.file", &spec.init.file}, std::pair{"data.file", &spec.data.file}}) {
    if (file->empty()) continue;
    auto hash = tensorio::sha256OfFile(*file);
    if (!hash) return hash.error();
    hashes[key] = *hash;
  }
  if (!hashes.empty()) json[kHashes] = hashes;
  return json.dump();
}

Result<SweepSpec> specOfMap(const Map& map, const std::string& where) {
  if (map.spec.empty()) return badInput("the map file holds no spec", where);
  auto json = parseJson(map.spec, where);
  if (!json) return json.error();
  if (json->is_object()) json->erase(kHashes);
  return parseSweepSpec(*json, where);
}

std::string specDifference(const std::string& there, const std::string& here) {
  const Json a = comparable(there), b = comparable(here);
  const auto shown = [](const Json& json, const std::string& key) {
    const auto found = json.find(key);
    return found == json.end() ? std::string("nothing") : found->dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  for (const Json* side : {&a, &b})
    for (const auto& [key, value] : side->items())
      if (shown(a, key) != shown(b, key)) return dotted(key) + ": " + shown(a, key) + ", here " + shown(b, key);
  return {};
}

Result<std::unique_ptr<SweepStore>> SweepStore::open(const std::string& out, const SweepSpec& spec, bool resume,
                                                     int shard, int shards) {
  std::unique_ptr<SweepStore> store(new SweepStore);
  store->m_out = out;
  store->m_found.resize(layerNames().size());
  auto text = specText(spec);
  if (!text) return text.error();
  store->m_spec = *text;
  // The journal first: whoever holds its lock is the only one to touch the map file.
  if (Status status = store->openJournal(resume, shard, shards); !status) return status.error();
  if (resume && std::filesystem::exists(out))
    if (Status status = store->readMapFile(spec, shard, shards); !status) {
      if (store->m_journal->isNew()) store->m_journal->remove();
      return status.error();
    }
  return store;
}

Status SweepStore::openJournal(bool resume, int shard, int shards) {
  const std::string path = journalPath(m_out);
  const Json header = {{"spec", m_spec}, {"shard", shard}, {"shards", shards}};
  const auto accept = [&](const std::string& found) -> Status {
    auto json = parseJson(found, path);
    if (!json) return json.error();
    if (!json->is_object() || !json->contains("spec") || !(*json)["spec"].is_string())
      return badInput("the head of the journal is damaged", path);
    if (const std::string difference = specDifference((*json)["spec"], m_spec); !difference.empty())
      return badInput("belongs to another sweep; " + difference, path);
    if (json->value("shard", Json()) != header["shard"] || json->value("shards", Json()) != header["shards"])
      return badInput("belongs to another shard", path);
    return Done{};
  };
  const auto record = [&](std::uint32_t layer, std::span<const FinishedRun> runs) -> Status {
    if (layer >= m_found.size()) return badInput("a record of layer " + std::to_string(layer), path);
    m_found[layer].insert(m_found[layer].end(), runs.begin(), runs.end());
    return Done{};
  };
  auto journal = Journal::open(path, header.dump(), resume, accept, record);
  if (!journal) return journal.error();
  m_journal.emplace(std::move(*journal));
  return Done{};
}

Status SweepStore::readMapFile(const SweepSpec& spec, int shard, int shards) {
  auto map = readMap(m_out);
  if (!map) return map.error();
  if (const std::string difference = specDifference(map->spec, m_spec); !difference.empty())
    return badInput("a map of another spec; " + difference, m_out);
  if (map->shard != shard || map->shards != shards)
    return badInput("shard " + std::to_string(map->shard) + "/" + std::to_string(map->shards) + ", here " +
                        std::to_string(shard) + "/" + std::to_string(shards),
                    m_out);
  if (map->x != spec.x.values() || map->y != spec.y.values())
    return badInput("its axis values are not those of its spec", m_out);
  if (map->pixels.digests.empty()) return badInput("the map holds no digests to go on from", m_out);
  const std::vector<std::string>& names = layerNames();
  for (const KnownLayer& known : knownOf(*map, names)) {
    const auto at = std::find(names.begin(), names.end(), known.name) - names.begin();
    std::vector<FinishedRun>& found = m_found[static_cast<std::size_t>(at)];
    for (std::uint32_t pixel = 0; pixel < known.classes.size(); ++pixel)
      if (known.classes[pixel] != Lattice::kUnknown) found.push_back({pixel, known.digests[pixel]});
  }
  m_kept = std::move(map->nulls);
  return Done{};
}

Status SweepStore::append(std::uint32_t layer, std::span<const FinishedRun> runs) {
  std::lock_guard lock(m_mutex);
  return m_journal->append(layer, runs);
}

Status SweepStore::close(Map& map, Measure measure) {
  std::lock_guard lock(m_mutex);
  if (Status status = m_journal->flush(); !status) return status;
  map.nulls.insert(m_kept.begin(), m_kept.end());
  if (Status status = writeMap(m_out, map, measure); !status) return status;
  m_journal->remove();
  m_journal.reset();
  return Done{};
}

} // namespace orrery::sweep
