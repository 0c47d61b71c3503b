// SPDX-License-Identifier: MIT
#include "views/api/tile_loader.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <set>

namespace orrery::views {

struct TileLoader::State {
  struct Running {
    TileKey key;
    std::stop_source stop;
  };
  explicit State(ThreadPool& tasks) : pool(tasks), most(std::max<std::size_t>(1, tasks.threads() - 1)) {}
  ThreadPool& pool;
  const std::size_t most; // threads that work on tiles at once
  mutable std::mutex mutex;
  std::function<void()> arrived;    // guarded by mutex; null once closed
  std::shared_ptr<TileCache> cache; // guarded by mutex
  std::vector<TileWork> waiting;    // guarded by mutex; the most wanted last
  std::list<Running> running;       // guarded by mutex
  std::size_t workers = 0;          // guarded by mutex; tasks on the pool
};

TileLoader::TileLoader(ThreadPool& pool, std::function<void()> arrived) : m_state(std::make_shared<State>(pool)) {
  m_state->arrived = std::move(arrived);
}

TileLoader::~TileLoader() { close(); }

void TileLoader::close() {
  want(nullptr, {});
  const std::lock_guard lock(m_state->mutex);
  m_state->arrived = nullptr;
}

bool TileLoader::busy() const {
  const std::lock_guard lock(m_state->mutex);
  return !m_state->waiting.empty() || !m_state->running.empty();
}

void TileLoader::want(std::shared_ptr<TileCache> cache, std::vector<TileWork> work) {
  std::set<TileKey> wanted;
  for (const TileWork& one : work) wanted.insert(one.key);
  const std::lock_guard lock(m_state->mutex);
  std::set<TileKey> underWay;
  for (State::Running& running : m_state->running) {
    if (!wanted.contains(running.key)) running.stop.request_stop();
    if (!running.stop.stop_requested()) underWay.insert(running.key);
  }
  std::erase_if(work, [&](const TileWork& one) { return underWay.contains(one.key); });
  std::reverse(work.begin(), work.end());
  m_state->cache = std::move(cache);
  m_state->waiting = std::move(work);
  while (m_state->workers < std::min(m_state->most, m_state->waiting.size())) {
    ++m_state->workers;
    m_state->pool.post([state = m_state] { run(state); });
  }
}

// One tile; then behind the other tasks of the pool again, so that no build waits for more than a tile.
void TileLoader::run(const std::shared_ptr<State>& state) {
  TileWork work;
  std::list<State::Running>::iterator mine;
  std::shared_ptr<TileCache> cache;
  {
    const std::lock_guard lock(state->mutex);
    if (state->waiting.empty()) {
      --state->workers;
      return;
    }
    work = std::move(state->waiting.back());
    state->waiting.pop_back();
    cache = state->cache;
    mine = state->running.insert(state->running.end(), {work.key, {}});
  }
  Result<Tile> tile = work.compute(mine->stop.get_token());
  if (tile.ok()) cache->insert(work.key, std::make_shared<const Tile>(std::move(*tile)));
  const std::lock_guard lock(state->mutex);
  state->running.erase(mine);
  if (tile.ok() && state->arrived) state->arrived();
  state->pool.post([state] { run(state); });
}

} // namespace orrery::views
