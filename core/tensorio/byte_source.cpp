// SPDX-License-Identifier: MIT
#include "core/tensorio/byte_source.h"

#include <cstring>

namespace orrery::tensorio {

Result<std::string> ByteSource::read(std::size_t offset, std::size_t length) const {
  if (offset > m_size || length > m_size - offset)
    return badInput("bytes " + std::to_string(offset) + " + " + std::to_string(length) + " lie past the end at " +
                        std::to_string(m_size),
                    m_where);
  std::string bytes(length, '\0');
  auto* to = reinterpret_cast<std::byte*>(bytes.data());
  if (m_file) {
    if (Status copied = m_file->copyOut(offset, length, to); !copied) return copied.error();
  } else if (length > 0) {
    std::memcpy(to, m_memory.data() + offset, length);
  }
  return bytes;
}

std::uint64_t littleEndian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

} // namespace orrery::tensorio
