// SPDX-License-Identifier: MIT
#include "views/registry.h"

#include "views/built_in.h"

namespace orrery::views {

void Registry::add(std::unique_ptr<View> view) {
  if (view) m_views.push_back(std::move(view));
}

const View* Registry::find(std::string_view name) const {
  for (const auto& view : m_views)
    if (view->info().name == name) return view.get();
  return nullptr;
}

Registry builtInViews() {
  const Shared shared;
  Registry registry;
  registry.add(makeHeadsView(shared));
  registry.add(makeHeadView(shared));
  registry.add(makeCellView(shared));
  registry.add(makeTextView(shared));
  registry.add(makeTokensView(shared));
  registry.add(makeNextView(shared));
  registry.add(makeScoresView(shared));
  registry.add(makeSurprisalView(shared));
  registry.add(makeEvictionView(shared));
  registry.add(makeEvictionCurveView(shared));
  registry.add(makeKvNormsView(shared));
  registry.add(makeKvSimilarityView(shared));
  registry.add(makeKvSpectrumView(shared));
  registry.add(makeKvPcaView(shared));
  registry.add(makeKvChannelsView(shared));
  registry.add(makeKvBytesView(shared));
  registry.add(makeWeightView(shared));
  registry.add(makeHistogramView(shared));
  registry.add(makeSpectrumView(shared));
  registry.add(makeSpectraView(shared));
  registry.add(makeLayersView(shared));
  registry.add(makeChangesView(shared));
  registry.add(makeDifferenceView(shared));
  registry.add(makeHeadCosinesView(shared));
  registry.add(makeCircuitView(shared));
  registry.add(makeMapView(shared));
  registry.add(makeMapCurveView(shared));
  registry.add(makeMapProfileView(shared));
  registry.add(makeMapDimensionView(shared));
  return registry;
}

} // namespace orrery::views
