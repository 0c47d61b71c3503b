// SPDX-License-Identifier: MIT
// Recipes of figures that were drawn from a live run: how the run is made again without a trace file.
#pragma once
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/store/snapshot.h"

namespace orrery::app {

// What replayRun() needs to make this very snapshot again: the run's own recipe with the tokens as they stand now,
// and the caches of its eviction what-if.
Json replayRecipe(const store::Snapshot& snapshot);

// Whether `path` is the checkpoint that the run of this recipe was made from, not a trace of it.
bool isReplayOf(const Json& recipe, const std::string& path);

// Whether `path` is the checkpoint that the run of this recipe was made from, not a trace of it.
bool isReplayOf(const Json& recipe, const std::string& path);

// Opens the checkpoint, sends the same tokens through it and gives the snapshot. Not on the GUI thread. Errors:
// BadInput (malformed, or another checkpoint than the one it was written for), Unsupported (edits), and those of a run.
Result<store::SnapshotPtr> replayRun(const Json& recipe, int threads);

} // namespace orrery::app
