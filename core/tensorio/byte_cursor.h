// SPDX-License-Identifier: MIT
// ByteCursor: reads a binary header front to back, little-endian, from a file or from memory. A failure sticks: reads
// after it give zeros and empty texts, so that a reader asks ok() where it matters and error() at the end. No length of
// the file is believed before it was compared with what is left. Thread: one.
#pragma once
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/tensorio/encoding.h"

namespace orrery::tensorio {

class ByteCursor {
public:
  // `size`: of the whole file; `where` names it in errors.
  ByteCursor(ReadBytes read, std::size_t size, std::string where)
      : m_read(std::move(read)), m_size(size), m_where(std::move(where)) {}

  bool ok() const { return !m_error; }
  const Error& error() const { return *m_error; } // only when not ok()
  std::size_t position() const { return m_at; }
  std::size_t left() const { return m_size - m_at; }
  std::size_t size() const { return m_size; }
  const std::string& where() const { return m_where; }

  // Keeps the first one.
  void fail(Error error) {
    if (m_error) return;
    if (error.where.empty()) error.where = m_where;
    m_error = std::move(error);
  }
  void fail(std::string what) { fail(badInput(std::move(what))); }

  void take(std::byte* to, std::size_t length) {
    if (ok() && length > left()) fail("ends in the middle of its header, after " + std::to_string(m_size) + " bytes");
    while (length > 0 && ok()) {
      const std::size_t part = std::min(length, available());
      if (part == 0) break; // reading failed
      std::memcpy(to, m_window.data() + (m_at - m_begin), part);
      m_at += part, to += part, length -= part;
    }
    if (length > 0) std::memset(to, 0, length);
  }
  template <class T> T number() {
    T value{};
    take(reinterpret_cast<std::byte*>(&value), sizeof value);
    return value;
  }
  // `length` bytes; nothing is allocated for a length that the file does not have.
  std::string text(std::uint64_t length) {
    if (ok() && length > left())
      fail("a text of " + std::to_string(length) + " bytes does not fit into the " + std::to_string(left()) + " left");
    std::string value(ok() ? static_cast<std::size_t>(length) : 0, '\0');
    take(reinterpret_cast<std::byte*>(value.data()), value.size());
    return value;
  }

private:
  static constexpr std::size_t kWindow = std::size_t{64} << 10;

  // Bytes of the window from m_at on; fills it when there are none.
  std::size_t available() {
    if (m_at < m_begin + m_window.size()) return m_begin + m_window.size() - m_at;
    m_window.resize(std::min(kWindow, left()));
    m_begin = m_at;
    if (Status s = m_read(m_begin, m_window.size(), m_window.data()); !s) {
      m_window.clear();
      fail(s.error());
    }
    return m_window.size();
  }

  ReadBytes m_read;
  std::size_t m_size, m_at = 0, m_begin = 0;
  std::string m_where;
  std::vector<std::byte> m_window;
  std::optional<Error> m_error;
};

} // namespace orrery::tensorio
