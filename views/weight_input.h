// SPDX-License-Identifier: MIT
// What the views of weights share: the weight that is meant, and numbers of core/analysis that are computed once and
// kept. What takes long is left to the request's loader (Built::incomplete until it is there); without one, as in
// exports, it is computed at once. Any thread.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/analysis/spectrum.h"
#include "core/analysis/tensor_numbers.h"
#include "core/weights/compare.h"
#include "views/api/view.h"

namespace orrery::views {

// The selected tensor, by its name in the file or in the family; none selected: the first matrix. NotFound if there is
// no such tensor or no checkpoint.
Result<const weights::Weight*> chosenWeight(const Request& request);
// Of the checkpoints that it is compared with the one that parameter "step" names (from 0; beyond the last: the last).
// NotFound if there is none.
Result<weights::WeightsPtr> chosenOther(const Request& request);
Parameter stepParameter();
// The same weight there. NotFound; BadInput where the shape differs.
Result<const weights::Weight*> weightIn(const weights::WeightSet& other, const weights::Weight& weight);
std::string tensorAction(const weights::Weight& weight); // what a click on it does, see selectionOf()
std::int64_t indexOf(const weights::WeightSet& set, const weights::Weight& weight);
std::string checkpointName(const weights::WeightSet& set); // last part of its path, cleaned; "step-100/model.bin"

// Results by the key of what they are computed from. Bounded by a number of entries; the oldest go first.
template <class T> class DerivedCache {
public:
  using Ptr = std::shared_ptr<const Result<T>>;
  Ptr find(const TileKey& key) const {
    const std::lock_guard lock(m_mutex);
    const auto at = m_entries.find(key);
    return at == m_entries.end() ? nullptr : at->second;
  }
  Ptr insert(const TileKey& key, Result<T> value) {
    const std::lock_guard lock(m_mutex);
    auto kept = std::make_shared<const Result<T>>(std::move(value));
    if (m_entries.emplace(key, kept).second) m_order.push_back(key);
    while (m_order.size() > kMost) {
      m_entries.erase(m_order.front());
      m_order.erase(m_order.begin());
    }
    return kept;
  }

private:
  static constexpr std::size_t kMost = 16384;
  mutable std::mutex m_mutex;
  std::map<TileKey, Ptr> m_entries; // guarded by m_mutex
  std::vector<TileKey> m_order;     // guarded by m_mutex
};

struct WeightCaches {
  DerivedCache<analysis::TensorNumbers> numbers;
  DerivedCache<analysis::Spectrum> spectra;
  DerivedCache<weights::Change> changes;
  DerivedCache<double> ranges;
};

// A matrix and its spectrum: null while it is computed.
struct MatrixSpectrum {
  const weights::Weight* weight = nullptr;
  DerivedCache<analysis::Spectrum>::Ptr spectrum;
};

// What one build misses. ask() once at the end of every build.
class Missing {
public:
  Missing(const Request& request, std::shared_ptr<TileCache> tiles, std::stop_token stop)
      : m_request(request), m_tiles(std::move(tiles)), m_stop(std::move(stop)) {}

  // The value of `key`, or null if it is being computed (then the picture is incomplete). compute(stop) keeps alive
  // what it reads. A cancelled value is not kept.
  template <class T>
  typename DerivedCache<T>::Ptr get(const std::shared_ptr<WeightCaches>& caches, DerivedCache<T> WeightCaches::*cache,
                                    const TileKey& key, std::function<Result<T>(const std::stop_token&)> compute) {
    if (auto known = (*caches.*cache).find(key)) return known;
    if (!m_request.loader) {
      Result<T> value = compute(m_stop);
      if (!value.ok() && value.error().code == Code::Cancelled)
        return std::make_shared<const Result<T>>(std::move(value));
      return (*caches.*cache).insert(key, std::move(value));
    }
    later({key, [caches, cache, key, compute = std::move(compute)](const std::stop_token& stop) -> Result<Tile> {
             Result<T> value = compute(stop);
             if (!value.ok() && value.error().code == Code::Cancelled) return cancelled();
             (*caches.*cache).insert(key, std::move(value));
             return Tile{}; // tells the canvas
           }});
    return nullptr;
  }
  void later(TileWork work) { m_work.push_back(std::move(work)); }
  bool waits() const { return m_request.loader != nullptr; }
  std::size_t count() const { return m_work.size(); }
  // Hands what is missing to the loader; whether anything is.
  bool ask();

private:
  const Request& m_request;
  std::shared_ptr<TileCache> m_tiles;
  std::stop_token m_stop;
  std::vector<TileWork> m_work;
};

// Keys: quantity tells kinds of numbers apart, in ranges that attention does not use.
TileKey weightKey(const weights::WeightSet& set, std::int64_t index, int quantity);
inline constexpr int kNumbersOf = 1000, kSpectrumOf = 1001, kChangeOf = 1002, kRangeOf = 1003, kUpdateSpectrumOf = 1004,
                     kHeadCosineOf = 1005, kHeadOf = 1100;

// "[576, 1536] Q4_1"
std::string shapeAndType(const weights::Weight& weight);

} // namespace orrery::views
