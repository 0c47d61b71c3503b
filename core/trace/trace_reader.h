// SPDX-License-Identifier: MIT
// Reads a trace file into the same Snapshot a live run makes. Nothing in the file is trusted. Q, K and hooks that are
// large and not compressed are not read but mapped (hdf5/mapped_rows.h): opening takes no longer for them.
#pragma once
#include <string>

#include "core/store/snapshot.h"

namespace orrery::trace {

// Any thread (HDF5 calls of the program take turns). Errors: NotFound, BadInput, Unsupported, TooLarge above maxBytes.
Result<store::SnapshotPtr> readTrace(const std::string& path, std::size_t maxBytes = std::size_t{64} << 30);

} // namespace orrery::trace
