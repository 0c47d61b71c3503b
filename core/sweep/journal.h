// SPDX-License-Identifier: MIT
// Journal: finished runs, appended beside the map file as MAP.h5.journal, so that they survive a kill at any moment.
// Folded into the map file (by whoever holds both) and removed when a sweep closes; else --resume finds it.
//
//   "orrery-journal 1"  16 bytes
//   u64 length, text [length], check     the header: JSON that says what the runs belong to
//   records: u32 layer, u32 count, count x (u32 pixel, digest 108 bytes), check
// Little-endian. check: the first 16 characters of the SHA-256 of the record from its first byte. A record that is cut
// short or whose check fails ends the journal: it and what follows is dropped.
//
// Every record is handed to the operating system before append() returns (a killed process loses nothing it appended);
// it reaches the disk within kFlushSeconds and when the journal is closed (a power cut loses that much).
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/sweep/digest.h"

namespace orrery::sweep {

struct FinishedRun {
  std::uint32_t pixel = 0;
  Digest digest;
};

inline constexpr double kFlushSeconds = 2;
inline constexpr std::size_t kDigestBytes = 108;

void packDigest(const Digest& digest, std::byte* to); // kDigestBytes
Digest unpackDigest(const std::byte* from);

// What a journal holds. `record` is called for each good record; it may refuse.
struct JournalContents {
  std::string header;
  std::size_t goodBytes = 0, badBytes = 0; // bad: after the last good record
};
using JournalRecord = std::function<Status(std::uint32_t layer, std::span<const FinishedRun> runs)>;
// Errors: BadInput (not a journal, or its header is damaged).
Result<JournalContents> parseJournal(std::span<const std::byte> bytes, const std::string& where,
                                     const JournalRecord& record);

// Thread: one at a time.
class Journal {
public:
  // Opens `path` and locks it: one writer at a time. An empty or new file gets `header`; of an existing one the header
  // is given to `accept`, then its records to `record`, and what is damaged at its end is cut off. When `existing` is
  // false, a journal with anything in it is refused. Errors: BadInput, Io.
  static Result<Journal> open(const std::string& path, const std::string& header, bool existing,
                              const std::function<Status(const std::string& header)>& accept,
                              const JournalRecord& record);
  Journal(Journal&& other) noexcept;
  Journal& operator=(Journal&& other) noexcept;
  ~Journal(); // unlocks; the file stays

  // The whole record or nothing of it. Errors: Io (disk full).
  Status append(std::uint32_t layer, std::span<const FinishedRun> runs);
  Status flush(); // to the disk
  void remove();  // what it held stands in the map file now
  std::size_t droppedBytes() const { return m_dropped; }
  bool isNew() const { return m_new; } // nothing stood in it when it was opened

private:
  Journal(std::string path, int descriptor) : m_path(std::move(path)), m_descriptor(descriptor) {}
  Status write(std::span<const std::byte> bytes);

  std::string m_path;
  int m_descriptor = -1;
  std::size_t m_size = 0, m_dropped = 0;
  bool m_new = true;
  std::vector<std::byte> m_buffer;
  std::chrono::steady_clock::time_point m_flushed = std::chrono::steady_clock::now();
};

} // namespace orrery::sweep
