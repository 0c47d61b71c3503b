// SPDX-License-Identifier: MIT
// First byte: even a map file, odd a journal. Whatever the rest: no crash; an accepted map has one value for each of
// its pixels, an accepted journal only records that lie inside the bytes.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "core/sweep/journal.h"
#include "core/sweep/map_file.h"

namespace {

using namespace orrery;

void require(bool holds) {
  if (!holds) std::abort();
}

void checkLayer(const sweep::Map& map, const sweep::MapLayer& layer) {
  require(layer.classes.size() == map.size() && layer.value.size() == map.size() && layer.state.size() == map.size());
  require(layer.digests.empty() || layer.digests.size() == map.size());
}

void readMap(const unsigned char* data, std::size_t size) {
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("orrery_map_fuzz." + std::to_string(::getpid()))).string();
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto map = sweep::readMap(path);
  if (!map) return require(!map.error().what.empty());
  checkLayer(*map, map->pixels);
  for (const auto& [name, null] : map->nulls) checkLayer(*map, null);
  if (map->rounding) require(map->rounding->differs.size() == map->size());
}

void readJournal(const unsigned char* data, std::size_t size) {
  std::size_t runs = 0;
  const auto contents =
      sweep::parseJournal(std::as_bytes(std::span(data, size)), "fuzz", [&](std::uint32_t, auto record) {
        runs += record.size();
        return Status(Done{});
      });
  if (!contents) return require(!contents.error().what.empty());
  require(contents->goodBytes + contents->badBytes == size && runs * sweep::kDigestBytes <= size);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  (data[0] % 2 == 0 ? readMap : readJournal)(data + 1, size - 1);
  return 0;
}
