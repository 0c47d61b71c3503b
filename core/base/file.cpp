// SPDX-License-Identifier: MIT
#include "core/base/file.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/atomic_file.h"

namespace orrery {
namespace {

class Descriptor {
public:
  explicit Descriptor(int fd) : m_fd(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (m_fd >= 0) ::close(m_fd);
  }
  int get() const { return m_fd; }

private:
  int m_fd;
};

Error systemError(const std::string& verb, const std::string& path) {
  const int code = errno;
  return {code == ENOENT ? Code::NotFound : Code::Io, verb + ": " + std::strerror(code), {}, path};
}

} // namespace

Result<std::string> readFile(const std::string& path, std::size_t maxBytes) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not wait; regular files ignore it.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return systemError("cannot open", path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return systemError("cannot stat", path);
  if (!S_ISREG(info.st_mode)) return badInput("not a regular file", path);
  if (static_cast<std::size_t>(info.st_size) > maxBytes)
    return tooLarge("file has " + std::to_string(info.st_size) + " bytes, at most " + std::to_string(maxBytes) +
                        " are read here",
                    path);
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t n = ::read(file.get(), text.data() + have, text.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return systemError("cannot read", path);
    if (n == 0) return badInput("file became shorter while it was read", path);
    have += static_cast<std::size_t>(n);
  }
  return text;
}

std::string temporaryName(const std::string& path) {
  static std::atomic<unsigned> count = 0; // two threads may write the same path
  return path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
}

Status renameInto(const std::string& temporary, const std::string& path) {
  if (::rename(temporary.c_str(), path.c_str()) == 0) return Done{};
  Error error = systemError("cannot rename into place", path);
  ::unlink(temporary.c_str());
  return error;
}

Status writeFileAtomically(const std::string& path, std::string_view bytes) {
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status written = file->write(bytes); !written) return written;
  return file->commit();
}

} // namespace orrery
