// SPDX-License-Identifier: MIT
// Reads a trace file into the same Snapshot a live run makes. Nothing in the file is trusted.
#pragma once
#include <string>

#include "core/store/snapshot.h"

namespace orrery::trace {

// Any thread (HDF5 calls of the program take turns). Errors: NotFound, BadInput, Unsupported, TooLarge above maxBytes.
Result<store::SnapshotPtr> readTrace(const std::string& path, std::size_t maxBytes = std::size_t{64} << 30);

} // namespace orrery::trace
