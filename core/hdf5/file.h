// SPDX-License-Identifier: MIT
// Files and groups (H5F, H5G, H5L).
#pragma once
#include <vector>

#include "core/hdf5/handle.h"

namespace orrery::h5 {

Result<Handle> createFile(const std::string& path);
Result<Handle> openFile(const std::string& path); // read-only
Result<Handle> createGroup(hid_t parent, const std::string& name, const std::string& file);
// Only what lies in this very file: soft and external links are refused.
Result<Handle> openGroup(hid_t parent, const std::string& name, const std::string& file);
Status flush(hid_t file, const std::string& path); // to the operating system
// To the disk itself, then closed. `temporary` is where the file stands, `path` what errors name.
Status close(Handle& file, const std::string& temporary, const std::string& path);
bool exists(hid_t parent, const std::string& name);
bool isHardLink(hid_t parent, const std::string& name);
// Names in a group, sorted; refused above `most`.
Result<std::vector<std::string>> names(hid_t group, std::size_t most, const std::string& file);

// After a failed write: what the library still wants to flush goes to /dev/null, so that closing ends at once.
void discardWrites(hid_t file);

} // namespace orrery::h5
