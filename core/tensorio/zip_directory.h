// SPDX-License-Identifier: MIT
// The directory of a zip archive: a name and a byte range for each entry. Entries are read where they are stored, as
// torch.save does; what is compressed is marked, for its user to refuse it. Source: PKWARE APPNOTE 6.3.10,
// sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (end records), 4.5.3 (zip64 field).
//   end record      PK\5\6, at most 22 + 65535 bytes before the end: number of entries, size and place of the directory
//   zip64           where a number is all ones: PK\6\7 (20 bytes) before it says where PK\6\6 stands with 64-bit
//   numbers directory       per entry PK\1\2, 46 bytes + name + extra fields + comment entry           PK\3\4, 30 bytes
//   + name + extra fields (torch pads here), then the data
// Sizes come from the directory: the entry's own header may leave them to a record after the data.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tensorio/byte_source.h"

namespace orrery::tensorio {

struct ZipEntry {
  std::string name;
  std::size_t begin = 0; // of the data, from the start of the file
  std::size_t bytes = 0; // in the file
  bool stored = true;    // else compressed
};

struct ZipDirectory {
  std::vector<ZipEntry> entries; // sorted by name; names differ

  const ZipEntry* find(std::string_view name) const; // null if absent
};

inline constexpr std::size_t kMaxZipDirectory = std::size_t{64} << 20; // bytes

// Errors: BadInput (no zip, cut, contradictory, two entries of one name or over each other), Unsupported (an entry
// encrypted, an archive in several parts), TooLarge, Io.
Result<ZipDirectory> readZipDirectory(const ByteSource& file);

} // namespace orrery::tensorio
