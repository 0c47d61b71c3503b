// SPDX-License-Identifier: MIT
// The make functions of the built-in views and what they share. Used by registry.cpp and the view files only.
#pragma once
#include <memory>
#include <string>

#include "views/api/tile_cache.h"
#include "views/api/view.h"
#include "views/head_score_cache.h"
#include "views/weight_input.h"

namespace orrery::views {

// Caches that all views of one registry use; all are safe to use on any thread.
struct Shared {
  std::shared_ptr<TileCache> tiles = std::make_shared<TileCache>();
  std::shared_ptr<HeadScoreCache> scores = std::make_shared<HeadScoreCache>();
  std::shared_ptr<WeightCaches> weights = std::make_shared<WeightCaches>();
};

std::unique_ptr<View> makeHeadsView(const Shared& shared);
std::unique_ptr<View> makeHeadView(const Shared& shared);
std::unique_ptr<View> makeCellView(const Shared& shared);
std::unique_ptr<View> makeTextView(const Shared& shared);
std::unique_ptr<View> makeTokensView(const Shared& shared);
std::unique_ptr<View> makeNextView(const Shared& shared);
std::unique_ptr<View> makeScoresView(const Shared& shared);
std::unique_ptr<View> makeSurprisalView(const Shared& shared);
std::unique_ptr<View> makeEvictionView(const Shared& shared);
std::unique_ptr<View> makeEvictionCurveView(const Shared& shared);
std::unique_ptr<View> makeKvNormsView(const Shared& shared);
std::unique_ptr<View> makeKvSimilarityView(const Shared& shared);
std::unique_ptr<View> makeKvSpectrumView(const Shared& shared);
std::unique_ptr<View> makeKvPcaView(const Shared& shared);
std::unique_ptr<View> makeKvChannelsView(const Shared& shared);
std::unique_ptr<View> makeKvBytesView(const Shared& shared);
std::unique_ptr<View> makeWeightView(const Shared& shared);
std::unique_ptr<View> makeHistogramView(const Shared& shared);
std::unique_ptr<View> makeSpectrumView(const Shared& shared);
std::unique_ptr<View> makeSpectraView(const Shared& shared);
std::unique_ptr<View> makeLayersView(const Shared& shared);
std::unique_ptr<View> makeChangesView(const Shared& shared);
std::unique_ptr<View> makeDifferenceView(const Shared& shared);
std::unique_ptr<View> makeHeadCosinesView(const Shared& shared);
std::unique_ptr<View> makeCircuitView(const Shared& shared);
std::unique_ptr<View> makeMapView(const Shared& shared);
std::unique_ptr<View> makeMapCurveView(const Shared& shared);
std::unique_ptr<View> makeMapProfileView(const Shared& shared);
std::unique_ptr<View> makeMapDimensionView(const Shared& shared);

// What links mean, the same in every view: "head L H", "cell Q K", "token Q", "query Q", "key K", "channel D",
// "tensor L NAME" ("tensor - NAME" for one of no layer). Unknown
// words and numbers that are none leave the selection as it is.
Selection selectionOf(const std::string& action, const Selection& current);

// What the built-in views have in common: their info, the caches, and that a link means what selectionOf() says.
class BuiltInView : public View {
public:
  const ViewInfo& info() const final { return m_info; }
  Selection onLink(const std::string& action, const Selection& current) const override {
    return selectionOf(action, current);
  }

protected:
  explicit BuiltInView(ViewInfo info, Shared shared = {}) : m_shared(std::move(shared)), m_info(std::move(info)) {}
  const Shared m_shared;

private:
  const ViewInfo m_info;
};
// The token that a click on such a link points at, of a cell its key; kNone if it points at none. "query" turns pages
// and points at none.
std::int64_t tokenOf(const std::string& action);

} // namespace orrery::views
