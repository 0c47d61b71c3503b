// SPDX-License-Identifier: MIT
// AtomicFile: a file written piece by piece that appears under its name whole, with commit(), or not at all.
// Thread: one thread at a time.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace orrery {

class AtomicFile {
public:
  // Creates temporaryName(path). Errors: NotFound (no such folder), Io.
  static Result<AtomicFile> create(const std::string& path);
  ~AtomicFile(); // without commit() the temporary is removed, and what stood at `path` stays
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;

  // Errors: Io (disk full). After one, write() and commit() repeat it.
  Status write(std::string_view bytes);
  Status write(std::span<const std::byte> bytes) {
    return write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  // Flushes to disk and renames into place. Errors: Io.
  Status commit();

private:
  AtomicFile(std::string path, std::string temporary, int descriptor);
  Status fail(Error error);
  Status writeOut(std::string_view bytes);

  std::string m_path, m_temporary; // m_temporary is empty once there is nothing to remove
  int m_descriptor = -1;
  std::string m_buffer;
  Status m_status = Done{};
};

} // namespace orrery
