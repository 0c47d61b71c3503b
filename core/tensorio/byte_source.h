// SPDX-License-Identifier: MIT
// Where a reader takes the bytes of a file from: an open file (pread, so that a file cut short meanwhile is an Error)
// or memory (tests, fuzzers). Both outlive the source. Thread: any.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/tensorio/mapped_file.h"

namespace orrery::tensorio {

class ByteSource {
public:
  explicit ByteSource(const MappedFile& file) : m_file(&file), m_size(file.size()), m_where(file.path()) {}
  ByteSource(std::span<const std::byte> memory, std::string where)
      : m_memory(memory), m_size(memory.size()), m_where(std::move(where)) {}

  std::size_t size() const { return m_size; }
  const std::string& where() const { return m_where; } // names the file in errors

  // Errors: BadInput (the range lies outside; checked before memory is taken), Io.
  Result<std::string> read(std::size_t offset, std::size_t length) const;

private:
  const MappedFile* m_file = nullptr;
  std::span<const std::byte> m_memory;
  std::size_t m_size = 0;
  std::string m_where;
};

// The unsigned little-endian number of `size` (1 to 8) bytes at `at`, which must lie inside `bytes`.
std::uint64_t littleEndian(std::string_view bytes, std::size_t at, std::size_t size);

} // namespace orrery::tensorio
