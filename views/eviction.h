// SPDX-License-Identifier: MIT
// What the views of the eviction what-if share.
#pragma once
#include "core/hooks/eviction.h"
#include "views/api/view.h"

namespace orrery::views {

// The study of the shown run. NotFound if there is none.
Result<std::shared_ptr<const hooks::EvictionStudy>> evictionStudy(const Request& request);
scene::Color policyColor(hooks::EvictionPolicy policy);
// "window, budget 12"
std::string evictionName(const hooks::Eviction& eviction);
// "mean KL 0.5 nat · top-1 changed at 16 of 72 · missing attention 0.4"
std::string evictionCost(const hooks::EvictionResult& result);

} // namespace orrery::views
