// SPDX-License-Identifier: MIT
// The one list of plugins: an include and a line each.
#include "plugins/plugin_host.h"

#include "core/base/text.h"
#include "plugins/hello/hello.h"

namespace orrery::plugins {

const std::vector<Plugin>& allPlugins() {
  static const std::vector<Plugin> kPlugins = {
      {"hello", "norm of the residual stream per layer and token", registerHello},
  };
  return kPlugins;
}

Status PluginHost::addView(std::unique_ptr<views::View> view) {
  if (!view || view->info().name.empty()) return badInput("a plugin's view needs a name");
  const std::string name = view->info().name;
  if (m_registry.find(name)) return badInput("view " + inQuotes(name) + ": a view of this name is there already");
  m_registry.add(std::move(view));
  return Done{};
}

views::Registry allViews(std::vector<std::string>* refused) {
  views::Registry registry = views::builtInViews();
  PluginHost host(registry);
  for (const Plugin& plugin : allPlugins())
    if (const Status added = plugin.registerWith(host); !added.ok() && refused)
      refused->push_back("plugin " + inQuotes(plugin.name) + ": " + added.error().message());
  return registry;
}

} // namespace orrery::plugins
