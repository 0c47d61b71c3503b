// SPDX-License-Identifier: MIT
// The recipe of a run: JSON that makes the same trace again (checkpoint identity by hash, tokens, options).
#pragma once
#include <string>
#include <vector>

#include "core/session/session.h"
#include "core/store/snapshot.h"

namespace orrery::session {

std::string runRecipe(const store::RunInfo& info, const RunSpec& spec, const std::vector<std::int32_t>& tokens);

} // namespace orrery::session
