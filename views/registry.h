// SPDX-License-Identifier: MIT
// The one list of views. A new view is one file <name>_view.cpp, its make function declared here and one line in
// registry.cpp.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "views/api/view.h"

namespace orrery::views {

class Registry {
public:
  void add(std::unique_ptr<View> view); // plugins add theirs through PluginHost
  const View* find(std::string_view name) const;
  const std::vector<std::unique_ptr<View>>& all() const { return m_views; }

private:
  std::vector<std::unique_ptr<View>> m_views;
};

Registry builtInViews();

} // namespace orrery::views
