// SPDX-License-Identifier: MIT
// HeadCache: what one key/value head of one layer keeps when entries are dropped: keys and values side by side in the
// order of their positions, so that attention over them is attention over a plain, shorter cache.
#pragma once
#include <cstdint>
#include <vector>

#include "core/hooks/eviction.h"

namespace orrery::models {

template <class T> class HeadCache {
public:
  explicit HeadCache(std::int64_t headDim) : m_headDim(headDim) {}

  // Makes room for position t as `eviction` says (core/hooks/eviction.h) and puts it in. window 0: none.
  void enter(const hooks::Eviction& eviction, std::int64_t window, std::int64_t t, const T* key, const T* value);
  // Probabilities of one query over the entries; called for every query head of the group. [size()]
  void saw(const T* probabilities);

  std::int64_t size() const { return static_cast<std::int64_t>(m_positions.size()); }
  const T* keys() const { return m_keys.data(); }     // [size(), Dh]
  const T* values() const { return m_values.data(); } // [size(), Dh]
  // Positions that the policy dropped, in the order it did.
  const std::vector<std::int64_t>& gone() const { return m_gone; }

private:
  std::int64_t victim(const hooks::Eviction& eviction) const;
  void forgetBefore(std::int64_t position);
  void drop(std::int64_t slot);
  void erase(std::int64_t begin, std::int64_t end);

  std::int64_t m_headDim;
  std::vector<T> m_keys, m_values;
  std::vector<std::int64_t> m_positions, m_gone;
  std::vector<double> m_mass; // accumulated attention of each entry
  std::vector<double> m_norm; // of its key
};

extern template class HeadCache<float>;
extern template class HeadCache<double>;

} // namespace orrery::models
