// SPDX-License-Identifier: MIT
#include "core/base/atomic_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "core/base/file.h"

namespace orrery {
namespace {

constexpr std::size_t kBufferBytes = 1 << 16;

Error systemError(const std::string& verb, const std::string& path) {
  const int code = errno;
  return {code == ENOENT ? Code::NotFound : Code::Io, verb + ": " + std::strerror(code), {}, path};
}

} // namespace

AtomicFile::AtomicFile(std::string path, std::string temporary, int descriptor)
    : m_path(std::move(path)), m_temporary(std::move(temporary)), m_descriptor(descriptor) {
  m_buffer.reserve(kBufferBytes);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : m_path(std::move(other.m_path)), m_temporary(std::exchange(other.m_temporary, {})),
      m_descriptor(std::exchange(other.m_descriptor, -1)), m_buffer(std::move(other.m_buffer)),
      m_status(std::move(other.m_status)) {}

AtomicFile::~AtomicFile() {
  if (m_descriptor >= 0) ::close(m_descriptor);
  if (!m_temporary.empty()) ::unlink(m_temporary.c_str());
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  std::string temporary = temporaryName(path);
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return systemError("cannot create", path);
  return AtomicFile(path, std::move(temporary), descriptor);
}

Status AtomicFile::fail(Error error) {
  m_status = std::move(error);
  return m_status;
}

Status AtomicFile::writeOut(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(m_descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(systemError("cannot write", m_path));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return Done{};
}

Status AtomicFile::write(std::string_view bytes) {
  if (!m_status) return m_status;
  if (m_buffer.size() + bytes.size() >= kBufferBytes) {
    if (Status out = writeOut(m_buffer); !out) return out;
    m_buffer.clear();
    if (bytes.size() >= kBufferBytes) return writeOut(bytes);
  }
  m_buffer += bytes;
  return Done{};
}

Status AtomicFile::commit() {
  if (!m_status) return m_status;
  if (Status out = writeOut(m_buffer); !out) return out;
  if (::fsync(m_descriptor) != 0 && errno != EINVAL) return fail(systemError("cannot flush", m_path));
  if (::close(std::exchange(m_descriptor, -1)) != 0) return fail(systemError("cannot close", m_path));
  Status renamed = renameInto(m_temporary, m_path); // removes the temporary when it fails
  m_temporary.clear();
  if (!renamed) return fail(renamed.error());
  m_status = Error{Code::Internal, "the file is already complete", {}, m_path};
  return Done{};
}

} // namespace orrery
