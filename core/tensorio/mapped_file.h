// SPDX-License-Identifier: MIT
// MappedFile: a regular file mapped read-only. Copies share one mapping; it lives as long as any of them or of
// the views that hold owner(). Thread: all calls from any thread.
//
// Somebody may replace a checkpoint while it is open. A file renamed over it does no harm: mapping and descriptor
// keep the old one. A file cut short in place makes every touch of the lost pages a SIGBUS. Therefore:
//  - loading copies with copyOut(), which reads (pread) and reports a short file as an Error;
//  - it calls verifyUnchanged() before the first and after the last copy, so that a half-rewritten file is noticed;
//  - bytes() is for looking at a file that just passed verifyUnchanged(), and for files of this program.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/base/result.h"

namespace orrery::tensorio {

class MappedFile {
public:
  // Follows links (model caches use them). Errors: NotFound, Io, BadInput (folder, pipe, device).
  static Result<MappedFile> open(const std::string& path);

  const std::string& path() const;
  std::size_t size() const;
  std::span<const std::byte> bytes() const; // the mapping itself, see above
  std::shared_ptr<const void> owner() const;

  // Device, inode, size and modification time are what they were at open(), both of the file that is open and of
  // what the path names now.
  bool unchanged() const { return verifyUnchanged().ok(); }
  // Errors: Io, with what differs.
  Status verifyUnchanged() const;

  // Copies [offset, offset + length) to `to` without touching the mapping.
  // Errors: BadInput when the range lies outside the file or the file became shorter, Io.
  Status copyOut(std::size_t offset, std::size_t length, std::byte* to) const;

private:
  struct State;
  explicit MappedFile(std::shared_ptr<const State> state) : m_state(std::move(state)) {}
  std::shared_ptr<const State> m_state;
};

} // namespace orrery::tensorio
