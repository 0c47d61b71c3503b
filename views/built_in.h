// SPDX-License-Identifier: MIT
// The make functions of the built-in views and what they share. Used by registry.cpp and the view files only.
#pragma once
#include <memory>
#include <string>

#include "views/api/tile_cache.h"
#include "views/api/view.h"
#include "views/head_score_cache.h"

namespace orrery::views {

// Caches that all views of one registry use; both are safe to use on any thread.
struct Shared {
  std::shared_ptr<TileCache> tiles = std::make_shared<TileCache>();
  std::shared_ptr<HeadScoreCache> scores = std::make_shared<HeadScoreCache>();
};

std::unique_ptr<View> makeHeadsView(const Shared& shared);
std::unique_ptr<View> makeHeadView(const Shared& shared);
std::unique_ptr<View> makeCellView(const Shared& shared);
std::unique_ptr<View> makeTextView(const Shared& shared);
std::unique_ptr<View> makeTokensView(const Shared& shared);
std::unique_ptr<View> makeNextView(const Shared& shared);
std::unique_ptr<View> makeScoresView(const Shared& shared);
std::unique_ptr<View> makeSurprisalView(const Shared& shared);
std::unique_ptr<View> makeMapView(const Shared& shared);
std::unique_ptr<View> makeMapCurveView(const Shared& shared);
std::unique_ptr<View> makeMapProfileView(const Shared& shared);
std::unique_ptr<View> makeMapDimensionView(const Shared& shared);

// What links mean, the same in every view: "head L H", "cell Q K", "token Q", "query Q", "key K", "channel D". Unknown
// words and numbers that are none leave the selection as it is.
Selection selectionOf(const std::string& action, const Selection& current);

} // namespace orrery::views
