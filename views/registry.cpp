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
  registry.add(makeMapView(shared));
  registry.add(makeMapCurveView(shared));
  registry.add(makeMapProfileView(shared));
  registry.add(makeMapDimensionView(shared));
  return registry;
}

} // namespace orrery::views
