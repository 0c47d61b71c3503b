// SPDX-License-Identifier: MIT
#include "views/api/tile_cache.h"

namespace orrery::views {

TilePtr TileCache::find(const TileKey& key) {
  const std::lock_guard lock(m_mutex);
  const auto at = m_index.find(key);
  if (at == m_index.end()) return nullptr;
  m_recent.splice(m_recent.begin(), m_recent, at->second);
  return at->second->second;
}

void TileCache::insert(const TileKey& key, TilePtr tile) {
  if (!tile || tile->bytes() > m_maxBytes) return;
  const std::lock_guard lock(m_mutex);
  if (m_index.contains(key)) return; // another thread computed the same cells
  m_bytes += tile->bytes();
  m_recent.emplace_front(key, std::move(tile));
  m_index[key] = m_recent.begin();
  while (m_bytes > m_maxBytes) {
    m_bytes -= m_recent.back().second->bytes();
    m_index.erase(m_recent.back().first);
    m_recent.pop_back();
  }
}

std::size_t TileCache::bytes() const {
  const std::lock_guard lock(m_mutex);
  return m_bytes;
}

std::size_t TileCache::size() const {
  const std::lock_guard lock(m_mutex);
  return m_index.size();
}

} // namespace orrery::views
