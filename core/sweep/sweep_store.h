// SPDX-License-Identifier: MIT
// SweepStore: map file and journal of a sweep on the disk. Thread: append() from any, the rest one at a time.
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/sweep/journal.h"
#include "core/sweep/map.h"
#include "core/sweep/map_build.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

// The spec as it stands in a map file: every key, and "sha256" {"init.file": ..., "data.file": ...} of the files it
// names. Errors: NotFound, Io.
Result<std::string> specText(const SweepSpec& spec);
// Back from a map file's spec. Errors: BadInput, also if the map holds none.
Result<SweepSpec> specOfMap(const Map& map, const std::string& where);
// The first key in which two such texts differ, as "axes.x.count: 512, here 256"; "" if they describe the same map.
// Where files lie does not matter, their hashes do.
std::string specDifference(const std::string& there, const std::string& here);

// What is trained: the map, its second computation, null maps. The place is the number of the layer in a journal.
const std::vector<std::string>& layerNames();

class SweepStore {
public:
  // Locks the journal of `out`, and reads with `resume` what stands in map file and journal.
  // Errors: BadInput (another spec, an unfinished sweep without `resume`), Io.
  static Result<std::unique_ptr<SweepStore>> open(const std::string& out, const SweepSpec& spec, bool resume, int shard,
                                                  int shards);

  const std::string& spec() const { return m_spec; }
  // What was there already, by the places of layerNames(); a run may be given more often than once.
  std::vector<std::vector<FinishedRun>> takeFound() { return std::move(m_found); }
  bool hasLabels() const { return m_kept.contains("labels"); }
  std::size_t droppedBytes() const { return m_journal ? m_journal->droppedBytes() : 0; }

  Status append(std::uint32_t layer, std::span<const FinishedRun> runs);
  // Writes the map file and removes the journal; null maps of the file as it was that `map` does not have are added to
  // it. On an error the journal stays.
  Status close(Map& map, Measure measure);

private:
  SweepStore() = default;
  Status readMapFile(const SweepSpec& spec, int shard, int shards);
  Status openJournal(bool resume, int shard, int shards);

  std::string m_out, m_spec;
  std::vector<std::vector<FinishedRun>> m_found;
  std::map<std::string, MapLayer> m_kept; // null maps of the file as it was
  std::mutex m_mutex;
  std::optional<Journal> m_journal; // guarded by m_mutex once open() has returned
};

} // namespace orrery::sweep
