// SPDX-License-Identifier: MIT
// Trace files (docs/trace-file.md): a Snapshot as HDF5, written while the run goes on.
#pragma once
#include <memory>
#include <string>

#include "core/store/snapshot_sink.h"

namespace orrery::trace {

// For Store::attach. Writes positions in blocks of 64 to a temporary beside `path`; finish() writes the rest and
// renames it into place. Any error (disk full) or dropping it unfinished removes the temporary. Store thread.
std::unique_ptr<store::SnapshotSink> traceWriter(std::string path);

// A whole snapshot at once. Errors: Io, Unsupported; then there is no file.
Status writeTrace(const store::Snapshot& snapshot, const std::string& path);

} // namespace orrery::trace
