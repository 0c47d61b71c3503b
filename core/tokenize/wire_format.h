// SPDX-License-Identifier: MIT
// The wire format of Protocol Buffers, just enough to walk through one message: a field is a number, a wire type and a
// value; what a number means is the caller's business. Nothing is copied. Source: protobuf.dev, "Encoding".
#pragma once
#include <bit>
#include <cstdint>
#include <string_view>

namespace orrery::tokenize {

class WireMessage {
public:
  struct Field {
    std::uint32_t number = 0;
    std::uint64_t value = 0; // of a varint, a fixed64 or a fixed32
    std::string_view bytes;  // of a string, bytes or inner message
  };

  explicit WireMessage(std::string_view bytes) : m_rest(bytes) {}

  // The next field; false at the end and where the bytes are no message (broken() tells which).
  bool next(Field& field) {
    if (m_broken || m_rest.empty()) return false;
    const std::uint64_t tag = varint();
    field = {static_cast<std::uint32_t>(tag >> 3), 0, {}};
    if (tag >> 3 == 0 || tag >> 32 != 0) m_broken = true;
    read(tag & 7, field);
    return !m_broken;
  }
  bool broken() const { return m_broken; }

private:
  void read(std::uint64_t type, Field& field) {
    if (type == 0) {
      field.value = varint();
    } else if (type == 1) {
      field.value = fixed(8);
    } else if (type == 2) {
      field.bytes = take(varint());
    } else if (type == 5) {
      field.value = fixed(4);
    } else {
      m_broken = true; // groups have not been written for a long time
    }
  }
  std::string_view take(std::uint64_t count) {
    if (count > m_rest.size()) m_broken = true;
    if (m_broken) return {};
    const std::string_view part = m_rest.substr(0, count);
    m_rest.remove_prefix(count);
    return part;
  }
  std::uint64_t fixed(std::size_t size) {
    std::uint64_t value = 0;
    const std::string_view part = take(size);
    for (std::size_t i = part.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(part[i]);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::string_view byte = take(1);
      if (byte.empty()) return 0;
      value |= (static_cast<std::uint64_t>(byte[0]) & 0x7f) << shift;
      if (!(byte[0] & 0x80)) return value;
    }
    m_broken = true; // longer than 10 bytes
    return 0;
  }

  std::string_view m_rest;
  bool m_broken = false;
};

// A fixed32 as the float it is.
inline float asFloat(std::uint64_t value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value)); }

} // namespace orrery::tokenize
