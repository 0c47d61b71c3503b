// SPDX-License-Identifier: MIT
#include "core/tensorio/mapped_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orrery::tensorio {
namespace {

struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec modified{};

  explicit Identity(const struct stat& info)
      : device(info.st_dev), inode(info.st_ino), size(info.st_size), modified(info.st_mtim) {}
};

bool sameFile(const Identity& a, const Identity& b) { return a.device == b.device && a.inode == b.inode; }
bool sameTime(const Identity& a, const Identity& b) {
  return a.modified.tv_sec == b.modified.tv_sec && a.modified.tv_nsec == b.modified.tv_nsec;
}

Error systemError(const std::string& verb, const std::string& path) {
  const int code = errno;
  return {code == ENOENT || code == ENOTDIR ? Code::NotFound : Code::Io, verb + ": " + std::strerror(code), {}, path};
}

Error changed(const std::string& how, const std::string& path) {
  return ioError("file was changed while open: " + how, path);
}

Status compare(const Identity& then, const Identity& now, const std::string& path) {
  if (!sameFile(then, now)) return changed("another file stands in its place", path);
  if (then.size != now.size)
    return changed("expected " + std::to_string(then.size) + " bytes, found " + std::to_string(now.size), path);
  if (!sameTime(then, now)) return changed("it was written to", path);
  return Done{};
}

} // namespace

struct MappedFile::State {
  std::string path;
  int descriptor = -1;
  void* base = nullptr; // null for an empty file
  std::size_t size = 0;
  Identity identity;

  State(std::string name, int fd, const struct stat& info)
      : path(std::move(name)), descriptor(fd), size(static_cast<std::size_t>(info.st_size)), identity(info) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (base) ::munmap(base, size);
    ::close(descriptor);
  }
};

Result<MappedFile> MappedFile::open(const std::string& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not wait; regular files ignore it.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return systemError("cannot open", path);
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) {
    Error error = systemError("cannot stat", path);
    ::close(descriptor);
    return error;
  }
  auto state = std::make_shared<State>(path, descriptor, info);
  if (!S_ISREG(info.st_mode)) return badInput("not a regular file", path);
  if (state->size > 0) {
    void* base = ::mmap(nullptr, state->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (base == MAP_FAILED) return systemError("cannot map", path);
    state->base = base;
  }
  return MappedFile(std::move(state));
}

const std::string& MappedFile::path() const { return m_state->path; }
std::size_t MappedFile::size() const { return m_state->size; }
std::span<const std::byte> MappedFile::bytes() const {
  return {static_cast<const std::byte*>(m_state->base), m_state->size};
}
std::shared_ptr<const void> MappedFile::owner() const { return m_state; }

Status MappedFile::verifyUnchanged() const {
  struct stat info {};
  if (::fstat(m_state->descriptor, &info) != 0) return systemError("cannot stat", path());
  if (Status same = compare(m_state->identity, Identity(info), path()); !same) return same;
  if (::stat(path().c_str(), &info) != 0)
    return changed(errno == ENOENT ? "it was removed" : std::strerror(errno), path());
  return compare(m_state->identity, Identity(info), path());
}

Status MappedFile::copyOut(std::size_t offset, std::size_t length, std::byte* to) const {
  if (offset > size() || length > size() - offset)
    return badInput("bytes " + std::to_string(offset) + " + " + std::to_string(length) + " lie past the end at " +
                        std::to_string(size()),
                    path());
  while (length > 0) {
    const ssize_t n = ::pread(m_state->descriptor, to, length, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return systemError("cannot read", path());
    if (n == 0)
      return badInput("file became shorter while open: expected " + std::to_string(size()) +
                          " bytes, reading ended at " + std::to_string(offset),
                      path());
    to += n;
    offset += static_cast<std::size_t>(n);
    length -= static_cast<std::size_t>(n);
  }
  return Done{};
}

} // namespace orrery::tensorio
