// SPDX-License-Identifier: MIT
// Sweep: a map being computed. It starts when it is made, on threads of its own; every call returns at once (but wait()
// and the destructor) and may come from any thread. What it has found so far is read as immutable snapshots. Several
// sweeps may run at the same time, a map and its null beside it. The window and the command line use this alike.
//
// The finished map is a function of the spec alone: not of threads, order, view, pauses, cache, or how often it was
// stopped, killed and resumed. Nothing here throws.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/share_interval.h"
#include "core/sweep/map.h"
#include "core/sweep/ranks.h"
#include "core/sweep/sample_cache.h"
#include "core/sweep/schedule.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

struct SweepOptions {
  std::string out;                    // map file; "" nothing is written
  bool resume = false;                // go on with what stands in `out` and its journal
  int shard = 0, shards = 1;          // compute only the pixels of this part, from 0
  double budgetSeconds = 0;           // stop after so long, with what is there; 0: no limit
  bool rounding = false;              // compute every computed pixel again, each axis value moved by one ulp
  std::vector<std::string> nulls;     // null maps to make as well: nullNames() of nulls.h
  int threads = 0;                    // 0: one per core
  std::shared_ptr<Ranks> ranks;       // hand tiles out to the other processes of mpirun, too; this is rank 0
  std::shared_ptr<SampleCache> cache; // runs of other maps that need not be trained again; may be null
  // What trains; empty: makeTrainer(). Another one is for tests of everything but training.
  std::function<Result<std::unique_ptr<Trainer>>(const SweepSpec&)> trainer;
};

enum class SweepState { Preparing, Running, Paused, Done, Cancelled, Failed };

struct SweepProgress {
  SweepState state = SweepState::Preparing;
  std::int64_t pixels = 0;              // of the map
  std::int64_t runs = 0, runsAsked = 0; // of the map itself: finished; asked for so far (refinement may ask for more)
  std::int64_t extraRuns = 0, extraAsked = 0; // of null maps and the second computation
  std::int64_t trained = 0; // runs trained since the start, all kinds: not read from file, journal or cache
  double seconds = 0;       // since the start, pauses left out
  double runsPerSecond = 0;
  double flopsPerStep = 0;  // of one run, as its products
  double secondsLeft = 0;   // from what is asked for so far; 0 if nothing is known yet
  std::int64_t guessed = 0; // pixels shown by a guess
  std::int64_t audits = 0, failedAudits = 0;
  ShareInterval auditErrors; // of guesses found wrong, 95 %
  std::string phase;         // "map", "rounding", "null order"; for people
};

struct MapSnapshot {
  std::uint64_t revision = 0; // rises with every change
  std::shared_ptr<const Map> map;
  SweepProgress progress;
};

class Sweep {
public:
  Sweep(SweepSpec spec, SweepOptions options);
  ~Sweep(); // cancel() and wait()
  Sweep(const Sweep&) = delete;
  Sweep& operator=(const Sweep&) = delete;

  const SweepSpec& spec() const;
  // Called on an engine thread whenever snapshot() changed, at most ten times a second. It may not call back.
  void setListener(std::function<void()> changed);
  // The newest picture. Never null; before the first run its map has state kNone everywhere. While the sweep goes on,
  // pixels not yet computed show the nearest computed one around them as kGuessed.
  std::shared_ptr<const MapSnapshot> snapshot() const;
  SweepProgress progress() const;

  void pause(); // after the runs that are being trained
  void resume();
  void cancel();                       // closes cleanly: what was finished is in the file
  void setView(const PixelRect& view); // what lies outside comes last
  Status wait();                       // Done and Cancelled (and a spent budget) are no errors
  // Loss curve of a pixel, [steps], retrained now: exactly the numbers its digest is made of. `done` is called on an
  // engine thread, also after the sweep is done; with Cancelled, or not at all, when the sweep is destroyed.
  void curve(std::uint32_t pixel, std::function<void(Result<std::vector<double>>)> done);

private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

// What the other ranks do: trains tiles for rank 0 until it says stop. Blocks; `stop` ends only what is being trained.
Status workForSweep(const SweepSpec& spec, const SweepOptions& options, std::stop_token stop);

} // namespace orrery::sweep
