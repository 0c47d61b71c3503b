// SPDX-License-Identifier: MIT
// TileLoader: computes tiles of attention maps on a pool while a canvas shows coarser ones. Every canvas has one and
// hands it over with its requests; exports and tests have none, and a build without one computes all it needs itself.
//
//   build() misses tiles  ->  want(list)  ->  Built::incomplete  ->  tiles land in the TileCache  ->  `arrived`
//   ->  the canvas asks for the picture again
//
// A view calls want() once a build, with an empty list too: what an older build wanted and this one does not is
// dropped, or stopped where it runs. Any thread.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/base/result.h"
#include "core/base/thread_pool.h"
#include "views/api/tile_cache.h"

namespace orrery::views {

struct TileWork {
  TileKey key;
  std::function<Result<Tile>(const std::stop_token&)> compute; // keeps alive what it reads
};

class TileLoader {
public:
  // The pool outlives the loader. At most one thread fewer than the pool has works on tiles, so that builds go on.
  // `arrived`: on a thread of the pool, after a tile came into the cache; it only posts and never calls back.
  TileLoader(ThreadPool& pool, std::function<void()> arrived);
  ~TileLoader(); // as close()
  TileLoader(const TileLoader&) = delete;
  TileLoader& operator=(const TileLoader&) = delete;

  // The most wanted first; computed in this order.
  void want(std::shared_ptr<TileCache> cache, std::vector<TileWork> work);
  bool busy() const;
  void close(); // drops all; `arrived` is not called any more. Does not wait.

private:
  struct State;
  static void run(const std::shared_ptr<State>& state);
  std::shared_ptr<State> m_state;
};

} // namespace orrery::views
