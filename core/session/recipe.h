// SPDX-License-Identifier: MIT
// The recipe of a run: JSON that makes the same trace again (checkpoint identity by hash, tokens, options).
#pragma once
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/session/session.h"
#include "core/store/snapshot.h"

namespace orrery::session {

// What a run's recipe says of the weights ("processing": ["fold-ln"]); none where it says nothing. Errors: BadInput.
Result<models::Processing> processingOf(const Json& recipe);
std::string runRecipe(const store::RunInfo& info, const RunSpec& spec, const std::vector<std::int32_t>& tokens,
                      const models::Processing& processing = {});

} // namespace orrery::session
