// SPDX-License-Identifier: MIT
// Small file helpers: bounded reads, and writes that appear whole or not at all.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace orrery {

// The whole file as bytes. Errors: NotFound, Io, TooLarge (above maxBytes, with the number).
Result<std::string> readFile(const std::string& path, std::size_t maxBytes);

// Writes temporaryName(path), flushes it to disk, renames it over `path`; on any error the temporary is removed.
// For a file that comes in pieces: atomic_file.h.
Status writeFileAtomically(const std::string& path, std::string_view bytes);

// A new name at every call, path + ".tmp-<pid>-<n>", to write to before renameInto(); same folder as `path`, so that
// the rename is atomic.
std::string temporaryName(const std::string& path);
Status renameInto(const std::string& temporary, const std::string& path);

} // namespace orrery
