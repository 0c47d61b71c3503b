// SPDX-License-Identifier: MIT
// SnapshotSink: where a Store sends every snapshot it makes, on its own thread (a trace file: trace/trace_writer.h).
#pragma once
#include "core/store/snapshot.h"

namespace orrery::store {

class SnapshotSink {
public:
  virtual ~SnapshotSink() = default; // without finish() nothing may be left behind

  // Called with every snapshot in order; every cut and every branch is shown by one of its own. After an Error
  // neither write() nor finish() is called again.
  virtual Status write(const Snapshot& snapshot) = 0;
  // Positions of a hook that will not be asked for again, unless by a cut: its values may be forgotten.
  virtual std::int64_t positionsWritten(const std::string& /*hook*/) const { return 0; }
  // The last state: the result becomes visible whole, or not at all.
  virtual Status finish(const Snapshot& snapshot) = 0;
};

} // namespace orrery::store
