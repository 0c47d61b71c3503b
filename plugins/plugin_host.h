// SPDX-License-Identifier: MIT
// What a plugin gets when it is loaded: the places where it may add something. A plugin is one folder under plugins/
// with a function `void registerHello(PluginHost&)` that stands in the list of plugins.cpp; nothing registers itself.
// Called once, on the main thread, before the first view is built.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "views/registry.h"

namespace orrery::plugins {

class PluginHost {
public:
  explicit PluginHost(views::Registry& registry) : m_registry(registry) {}

  // Errors: BadInput if the view is null, has no name, or a view of that name is there already.
  Status addView(std::unique_ptr<views::View> view);

private:
  views::Registry& m_registry;
};

struct Plugin {
  std::string name, about;
  Status (*registerWith)(PluginHost&);
};

const std::vector<Plugin>& allPlugins();

// Built-in views and those of all plugins: what the window and `orrery render` use. A plugin that is refused is left
// out and its sentence appended to `refused`.
views::Registry allViews(std::vector<std::string>* refused = nullptr);

} // namespace orrery::plugins
