// SPDX-License-Identifier: MIT
#include "core/tensorio/zip_directory.h"

#include <algorithm>
#include <cstdint>

#include "core/base/text.h"

namespace orrery::tensorio {
namespace {

constexpr std::size_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56, kCentralBytes = 46, kLocalBytes = 30;
constexpr std::size_t kMaxComment = 65535;
constexpr std::uint64_t kFull32 = 0xffffffff, kFull16 = 0xffff; // "look into the zip64 record"
constexpr std::string_view kEndMark = "PK\5\6", kLocatorMark = "PK\6\7", kEnd64Mark = "PK\6\6";
constexpr std::string_view kCentralMark = "PK\1\2", kLocalMark = "PK\3\4";

struct Extent {
  std::uint64_t entries = 0, bytes = 0, begin = 0; // of the central directory
  std::uint64_t limit = 0;                         // where the end records begin
};

// What the directory says of one entry.
struct Row {
  std::string name;
  std::uint64_t flags = 0, method = 0, packed = 0, bytes = 0, header = 0, disk = 0;
};

class Reader {
public:
  explicit Reader(const ByteSource& file) : m_file(file) {}

  Result<ZipDirectory> read() {
    auto extent = findDirectory();
    if (!extent) return extent.error();
    if (extent->begin > extent->limit || extent->bytes > extent->limit - extent->begin)
      return bad("the zip directory lies outside the file");
    if (extent->bytes > kMaxZipDirectory)
      return tooLarge("zip directory of " + std::to_string(extent->bytes) + " bytes", m_file.where());
    if (extent->entries > extent->bytes / kCentralBytes)
      return bad(std::to_string(extent->entries) + " zip entries do not fit into the directory");
    auto text = m_file.read(extent->begin, extent->bytes);
    if (!text) return text.error();
    m_limit = extent->begin;
    if (Status rows = readRows(*text, extent->entries); !rows) return rows.error();
    return check();
  }

private:
  Error bad(const std::string& what) const { return badInput(what, m_file.where()); }

  Result<Extent> findDirectory() {
    if (m_file.size() == 0) return bad("the file is empty");
    const std::size_t tailBytes = std::min(m_file.size(), kEndBytes + kMaxComment);
    const std::size_t tailBegin = m_file.size() - tailBytes;
    auto tail = m_file.read(tailBegin, tailBytes);
    if (!tail) return tail.error();
    const std::size_t at = tailBytes < kEndBytes ? std::string::npos : tail->rfind(kEndMark, tailBytes - kEndBytes);
    if (at == std::string::npos) return bad("no end of a zip directory: the file is cut or no zip archive");
    Extent extent{littleEndian(*tail, at + 10, 2), littleEndian(*tail, at + 12, 4), littleEndian(*tail, at + 16, 4),
                  tailBegin + at};
    if (littleEndian(*tail, at + 4, 2) != littleEndian(*tail, at + 6, 2))
      return unsupported("a zip archive in several parts", m_file.where());
    if (extent.entries != kFull16 && extent.bytes != kFull32 && extent.begin != kFull32) return extent;
    return findDirectory64(extent);
  }

  Result<Extent> findDirectory64(const Extent& small) {
    if (small.limit < kLocatorBytes) return small;
    auto locator = m_file.read(small.limit - kLocatorBytes, kLocatorBytes);
    if (!locator) return locator.error();
    if (!locator->starts_with(kLocatorMark)) return small; // the numbers happen to be full
    const std::uint64_t at = littleEndian(*locator, 8, 8);
    const std::uint64_t end = small.limit - kLocatorBytes;
    if (end < kEnd64Bytes || at > end - kEnd64Bytes) return bad("the zip64 record lies outside the file");
    auto record = m_file.read(at, kEnd64Bytes);
    if (!record) return record.error();
    if (!record->starts_with(kEnd64Mark)) return bad("no zip64 record at byte " + std::to_string(at));
    return Extent{littleEndian(*record, 32, 8), littleEndian(*record, 40, 8), littleEndian(*record, 48, 8), at};
  }

  Status readRows(std::string_view text, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i)
      if (Status row = readRow(text); !row) return row;
    return Done{};
  }

  // The first row of `text`, which it is cut from.
  Status readRow(std::string_view& text) {
    if (text.size() < kCentralBytes || !text.starts_with(kCentralMark)) return bad("the zip directory is damaged");
    const std::size_t name = littleEndian(text, 28, 2), extra = littleEndian(text, 30, 2);
    const std::size_t comment = littleEndian(text, 32, 2);
    if (text.size() - kCentralBytes < name + extra + comment) return bad("the zip directory is cut");
    Row row{std::string(text.substr(kCentralBytes, name)),
            littleEndian(text, 8, 2),
            littleEndian(text, 10, 2),
            littleEndian(text, 20, 4),
            littleEndian(text, 24, 4),
            littleEndian(text, 42, 4),
            littleEndian(text, 34, 2)};
    readZip64(text.substr(kCentralBytes + name, extra), row);
    text.remove_prefix(kCentralBytes + name + extra + comment);
    return addEntry(row);
  }

  // The zip64 field has, in this order, those of the numbers that are full in the row.
  static void readZip64(std::string_view extra, Row& row) {
    while (extra.size() >= 4) {
      const std::uint64_t tag = littleEndian(extra, 0, 2);
      std::string_view field = extra.substr(4, littleEndian(extra, 2, 2));
      extra.remove_prefix(4 + field.size());
      if (tag != 1) continue;
      for (std::uint64_t* number : {&row.bytes, &row.packed, &row.header}) {
        if (*number != kFull32 || field.size() < 8) continue;
        *number = littleEndian(field, 0, 8);
        field.remove_prefix(8);
      }
    }
  }

  Status addEntry(const Row& row) {
    const std::string entry = "zip entry " + inQuotes(row.name);
    if (row.flags & 1) return unsupported(entry + " is encrypted", m_file.where());
    const bool stored = row.method == 0;
    if (stored && row.packed != row.bytes) return bad(entry + ": stored, but its two sizes differ");
    if (m_limit < kLocalBytes || row.header > m_limit - kLocalBytes) return bad(entry + " lies outside the file");
    auto local = m_file.read(row.header, kLocalBytes);
    if (!local) return local.error();
    if (!local->starts_with(kLocalMark)) return bad(entry + " does not begin where the directory says");
    const std::uint64_t skip = kLocalBytes + littleEndian(*local, 26, 2) + littleEndian(*local, 28, 2);
    if (skip > m_limit - row.header || row.packed > m_limit - row.header - skip)
      return bad(entry + " of " + std::to_string(row.packed) + " bytes does not fit into the file");
    m_zip.entries.push_back({row.name, row.header + skip, row.packed, stored});
    return Done{};
  }

  Result<ZipDirectory> check() {
    auto& entries = m_zip.entries;
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < entries.size(); ++i)
      if (entries[i - 1].bytes > entries[i].begin - entries[i - 1].begin)
        return bad("zip entries " + inQuotes(entries[i - 1].name) + " and " + inQuotes(entries[i].name) + " overlap");
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < entries.size(); ++i)
      if (entries[i - 1].name == entries[i].name) return bad("two zip entries " + inQuotes(entries[i].name));
    return std::move(m_zip);
  }

  const ByteSource& m_file;
  std::uint64_t m_limit = 0; // data lies before the directory
  ZipDirectory m_zip;
};

} // namespace

const ZipEntry* ZipDirectory::find(std::string_view name) const {
  const auto at = std::lower_bound(entries.begin(), entries.end(), name,
                                   [](const ZipEntry& entry, std::string_view text) { return entry.name < text; });
  return at != entries.end() && at->name == name ? &*at : nullptr;
}

Result<ZipDirectory> readZipDirectory(const ByteSource& file) { return Reader(file).read(); }

} // namespace orrery::tensorio
