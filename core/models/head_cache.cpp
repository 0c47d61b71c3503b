// SPDX-License-Identifier: MIT
#include "core/models/head_cache.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace orrery::models {

using hooks::EvictionPolicy;

template <class T>
void HeadCache<T>::enter(const hooks::Eviction& eviction, std::int64_t window, std::int64_t t, const T* key,
                         const T* value) {
  if (window > 0) forgetBefore(t - window + 1);
  if (eviction.policy == EvictionPolicy::Own) {
    const auto& own = eviction.dropped;
    if (!m_positions.empty() && std::ranges::find(own, m_positions.back()) != own.end()) drop(size() - 1);
  } else {
    while (size() >= eviction.budget) drop(victim(eviction));
  }
  m_keys.insert(m_keys.end(), key, key + m_headDim);
  m_values.insert(m_values.end(), value, value + m_headDim);
  m_positions.push_back(t);
  m_mass.push_back(0);
  double square = 0;
  for (std::int64_t d = 0; d < m_headDim; ++d) square += static_cast<double>(key[d]) * static_cast<double>(key[d]);
  m_norm.push_back(std::sqrt(square));
}

template <class T> void HeadCache<T>::saw(const T* probabilities) {
  for (std::size_t i = 0; i < m_mass.size(); ++i) m_mass[i] += static_cast<double>(probabilities[i]);
}

namespace {

// The oldest of the entries that are as small as the smallest.
std::int64_t oldestLeast(std::span<const double> values) {
  const double limit = std::ranges::min(values) * (1 + hooks::kEvictionTie);
  const auto found = std::ranges::find_if(values, [&](double x) { return x <= limit; });
  return found == values.end() ? 0 : found - values.begin(); // NaN: the oldest goes
}

std::int64_t oldestLargest(std::span<const double> values) {
  const double limit = std::ranges::max(values) * (1 - hooks::kEvictionTie);
  const auto found = std::ranges::find_if(values, [&](double x) { return x >= limit; });
  return found == values.end() ? 0 : found - values.begin();
}

} // namespace

// A slot of a full cache, before the new entry is in it.
template <class T> std::int64_t HeadCache<T>::victim(const hooks::Eviction& eviction) const {
  const std::int64_t budget = eviction.budget;
  switch (eviction.policy) {
  case EvictionPolicy::SinkWindow: {
    const std::int64_t sinks = std::min(hooks::kSinks, budget - 1);
    return std::ranges::lower_bound(m_positions, sinks) - m_positions.begin();
  }
  case EvictionPolicy::HeavyHitter: {
    const std::int64_t recent = budget - budget / 2; // the new entry is one of them
    return oldestLeast(std::span(m_mass).first(static_cast<std::size_t>(size() - (recent - 1))));
  }
  case EvictionPolicy::KeyNorm:
    return oldestLargest(m_norm);
  case EvictionPolicy::Window:
  case EvictionPolicy::Own:
    break;
  }
  return 0;
}

template <class T> void HeadCache<T>::forgetBefore(std::int64_t position) {
  erase(0, std::ranges::lower_bound(m_positions, position) - m_positions.begin());
}

template <class T> void HeadCache<T>::drop(std::int64_t slot) {
  m_gone.push_back(m_positions[static_cast<std::size_t>(slot)]);
  erase(slot, slot + 1);
}

template <class T> void HeadCache<T>::erase(std::int64_t begin, std::int64_t end) {
  const auto cut = [](auto& list, std::int64_t from, std::int64_t to) {
    list.erase(list.begin() + from, list.begin() + to);
  };
  cut(m_keys, begin * m_headDim, end * m_headDim);
  cut(m_values, begin * m_headDim, end * m_headDim);
  for (std::vector<double>* list : {&m_mass, &m_norm}) cut(*list, begin, end);
  cut(m_positions, begin, end);
}

template class HeadCache<float>;
template class HeadCache<double>;

} // namespace orrery::models
