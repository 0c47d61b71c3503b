// SPDX-License-Identifier: MIT
// The smallest useful plugin: one view over one hook.
#pragma once
#include "plugins/plugin_host.h"

namespace orrery::plugins {

// View "residual-norm": length of the residual stream after every block, per token.
Status registerHello(PluginHost& host);

} // namespace orrery::plugins
