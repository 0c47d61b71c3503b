// SPDX-License-Identifier: MIT
// An HDF5 identifier that closes itself, the one lock around the library (its threads share one global state), and
// errors as sentences. Nothing but core/hdf5 touches the C API.
#pragma once
#include <hdf5.h>
#include <mutex>
#include <string>
#include <utility>

#include "core/base/result.h"

namespace orrery::h5 {

// Held around every public call of the modules that read and write HDF5 files. Turns off the library's own printing of
// errors.
class LibraryLock {
public:
  LibraryLock();

private:
  std::lock_guard<std::mutex> m_lock;
};

class Handle {
public:
  using Closer = herr_t (*)(hid_t);
  Handle() = default;
  Handle(hid_t id, Closer closer) : m_id(id), m_closer(closer) {}
  Handle(Handle&& other) noexcept : m_id(std::exchange(other.m_id, -1)), m_closer(other.m_closer) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(m_id, other.m_id);
    std::swap(m_closer, other.m_closer);
    return *this;
  }
  ~Handle() { (void)close(); }

  bool ok() const { return m_id >= 0; }
  hid_t get() const { return m_id; }
  bool close() { return m_id < 0 || m_closer(std::exchange(m_id, -1)) >= 0; }

private:
  hid_t m_id = -1;
  Closer m_closer = nullptr;
};

// "cannot <verb>: <what the system said>", from the library's error stack, which is cleared.
Error failure(const std::string& verb, const std::string& file);

} // namespace orrery::h5
