// SPDX-License-Identifier: MIT
#include "core/sweep/journal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "core/tensorio/mapped_file.h"
#include "core/tensorio/sha256.h"

namespace orrery::sweep {
namespace {

static_assert(std::endian::native == std::endian::little, "the journal is written as the memory is");

constexpr std::string_view kMagic = "orrery-journal 1";
constexpr std::size_t kCheckBytes = 16, kRunBytes = 4 + kDigestBytes, kRecordHead = 8;
constexpr std::size_t kMaxHeader = std::size_t{64} << 20;

Error systemError(const std::string& verb, const std::string& path) {
  const int code = errno;
  return {code == ENOENT ? Code::NotFound : Code::Io, verb + ": " + std::strerror(code), {}, path};
}

// All of a digest that is a double, in the order of the file.
template <class DigestT, class F> void eachReal(DigestT& digest, const F& f) {
  f(digest.first);
  f(digest.last);
  f(digest.min);
  for (auto* sums : {&digest.sohlDickstein, &digest.torkamandi}) {
    f(sums->meanFirst);
    f(sums->meanLast);
    f(sums->varLast);
    f(sums->sum);
    f(sums->sumInverse);
  }
}

template <class T> T valueAt(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

template <class T> void put(std::vector<std::byte>& to, T value) {
  const std::size_t at = to.size();
  to.resize(at + sizeof(T));
  std::memcpy(to.data() + at, &value, sizeof(T));
}

Result<std::string> checkOf(std::span<const std::byte> bytes) {
  auto hash = tensorio::sha256(bytes);
  return hash ? Result<std::string>(hash->substr(0, kCheckBytes)) : hash;
}

Status putCheck(std::vector<std::byte>& to, std::size_t from) {
  auto check = checkOf(std::span(to).subspan(from));
  if (!check) return check.error();
  for (const char c : *check) to.push_back(static_cast<std::byte>(c));
  return Done{};
}

// Whether `length` bytes at `at` are there, followed by their check.
bool isGood(std::span<const std::byte> bytes, std::size_t at, std::size_t length) {
  if (bytes.size() - at < kCheckBytes || length > bytes.size() - at - kCheckBytes) return false;
  const auto check = checkOf(bytes.subspan(at, length));
  return check && std::memcmp(check->data(), bytes.data() + at + length, kCheckBytes) == 0;
}

std::vector<FinishedRun> runsAt(std::span<const std::byte> bytes, std::size_t at, std::size_t count) {
  std::vector<FinishedRun> runs(count);
  for (FinishedRun& run : runs) {
    run.pixel = valueAt<std::uint32_t>(bytes, at);
    run.digest = unpackDigest(bytes.data() + at + 4);
    at += kRunBytes;
  }
  return runs;
}

Result<std::vector<std::byte>> headerBytes(const std::string& header) {
  std::vector<std::byte> bytes;
  for (const char c : kMagic) bytes.push_back(static_cast<std::byte>(c));
  put(bytes, static_cast<std::uint64_t>(header.size()));
  for (const char c : header) bytes.push_back(static_cast<std::byte>(c));
  if (Status status = putCheck(bytes, 0); !status) return status.error();
  return bytes;
}

// The beginning of a head and nothing more: the process was killed before it could lose anything.
bool isTornHead(std::span<const std::byte> bytes) {
  const std::size_t before = kMagic.size() + 8;
  if (std::memcmp(bytes.data(), kMagic.data(), std::min(bytes.size(), kMagic.size())) != 0) return false;
  if (bytes.size() < before) return true;
  const auto length = valueAt<std::uint64_t>(bytes, kMagic.size());
  return length <= kMaxHeader && bytes.size() < before + length + kCheckBytes;
}

// Opens and locks; the file may have been removed by the writer that held the lock, then a new one is made.
Result<int> openLocked(const std::string& path) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return systemError("cannot open the journal", path);
    struct stat mine {
    }, named{};
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const Error error = errno == EWOULDBLOCK ? ioError("another sweep is writing this map", path)
                                               : systemError("cannot lock the journal", path);
      ::close(descriptor);
      return error;
    }
    if (::fstat(descriptor, &mine) == 0 && ::stat(path.c_str(), &named) == 0 && mine.st_ino == named.st_ino &&
        mine.st_dev == named.st_dev)
      return descriptor;
    ::close(descriptor);
  }
}

} // namespace

void packDigest(const Digest& digest, std::byte* to) {
  eachReal(digest, [&](double value) {
    std::memcpy(to, &value, sizeof(value));
    to += sizeof(value);
  });
  std::memcpy(to, &digest.divergedStep, sizeof(digest.divergedStep));
}

Digest unpackDigest(const std::byte* from) {
  Digest digest;
  eachReal(digest, [&](double& value) {
    std::memcpy(&value, from, sizeof(value));
    from += sizeof(value);
  });
  std::memcpy(&digest.divergedStep, from, sizeof(digest.divergedStep));
  return digest;
}

Result<JournalContents> parseJournal(std::span<const std::byte> bytes, const std::string& where,
                                     const JournalRecord& record) {
  const std::size_t before = kMagic.size() + 8;
  if (bytes.size() < before || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    return badInput("not a journal of a sweep", where);
  const auto length = valueAt<std::uint64_t>(bytes, kMagic.size());
  if (length > kMaxHeader || !isGood(bytes, 0, before + length))
    return badInput("the head of the journal is damaged", where);
  JournalContents contents;
  contents.header.assign(reinterpret_cast<const char*>(bytes.data()) + before, length);
  std::size_t at = before + length + kCheckBytes;
  while (bytes.size() - at >= kRecordHead) {
    const auto layer = valueAt<std::uint32_t>(bytes, at), count = valueAt<std::uint32_t>(bytes, at + 4);
    const std::size_t size = kRecordHead + std::size_t{count} * kRunBytes;
    if (!isGood(bytes, at, size)) break;
    if (Status status = record(layer, runsAt(bytes, at + kRecordHead, count)); !status) return status.error();
    at += size + kCheckBytes;
  }
  contents.goodBytes = at;
  contents.badBytes = bytes.size() - at;
  return contents;
}

Journal::Journal(Journal&& other) noexcept { *this = std::move(other); }

Journal& Journal::operator=(Journal&& other) noexcept {
  std::swap(m_path, other.m_path);
  std::swap(m_descriptor, other.m_descriptor);
  std::swap(m_size, other.m_size);
  std::swap(m_dropped, other.m_dropped);
  std::swap(m_new, other.m_new);
  std::swap(m_buffer, other.m_buffer);
  std::swap(m_flushed, other.m_flushed);
  return *this;
}

Journal::~Journal() {
  if (m_descriptor < 0) return;
  ::fdatasync(m_descriptor);
  ::close(m_descriptor);
}

Result<Journal> Journal::open(const std::string& path, const std::string& header, bool existing,
                              const std::function<Status(const std::string& header)>& accept,
                              const JournalRecord& record) {
  auto descriptor = openLocked(path);
  if (!descriptor) return descriptor.error();
  Journal journal(path, *descriptor);
  auto start = headerBytes(header);
  if (!start) return start.error();
  auto file = tensorio::MappedFile::open(path);
  if (!file) return file.error();
  const bool begun = file->size() > 0 && !isTornHead(file->bytes());
  if (begun && !existing)
    return badInput("an unfinished sweep stands here; --resume goes on with it, removing the file forgets it", path);
  if (begun) {
    auto contents = parseJournal(file->bytes(), path, [](auto, auto) { return Status(Done{}); });
    if (!contents) return contents.error();
    if (Status status = accept(contents->header); !status) return status.error();
    if (auto again = parseJournal(file->bytes(), path, record); !again) return again.error();
    journal.m_new = false;
    journal.m_size = contents->goodBytes;
    journal.m_dropped = contents->badBytes;
  }
  if (::ftruncate(journal.m_descriptor, static_cast<off_t>(journal.m_size)) != 0)
    return systemError("cannot cut the journal", path);
  if (!begun)
    if (Status status = journal.write(*start); !status) {
      ::unlink(path.c_str());
      return status.error();
    }
  return journal;
}

Status Journal::write(std::span<const std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pwrite(m_descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(m_size + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      Error error = systemError("cannot write", m_path);
      if (::ftruncate(m_descriptor, static_cast<off_t>(m_size)) != 0) error.notes.push_back("its end is torn");
      return error;
    }
    done += static_cast<std::size_t>(n);
  }
  m_size += bytes.size();
  return Done{};
}

Status Journal::append(std::uint32_t layer, std::span<const FinishedRun> runs) {
  m_buffer.clear();
  put(m_buffer, layer);
  put(m_buffer, static_cast<std::uint32_t>(runs.size()));
  std::array<std::byte, kDigestBytes> packed;
  for (const FinishedRun& run : runs) {
    put(m_buffer, run.pixel);
    packDigest(run.digest, packed.data());
    m_buffer.insert(m_buffer.end(), packed.begin(), packed.end());
  }
  if (Status status = putCheck(m_buffer, 0); !status) return status;
  if (Status status = write(m_buffer); !status) return status;
  const auto now = std::chrono::steady_clock::now();
  return now - m_flushed > std::chrono::duration<double>(kFlushSeconds) ? flush() : Status(Done{});
}

Status Journal::flush() {
  m_flushed = std::chrono::steady_clock::now();
  return ::fdatasync(m_descriptor) == 0 ? Status(Done{}) : systemError("cannot flush", m_path);
}

void Journal::remove() { ::unlink(m_path.c_str()); }

} // namespace orrery::sweep
