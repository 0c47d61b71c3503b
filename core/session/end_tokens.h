// SPDX-License-Identifier: MIT
// The tokens at which a model says that its text is over. Pure but for the file read.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace orrery::session {

// `eos_token_id` (an id or a list of ids) of generation_config.json in the folder of `path`, else of `configJson`: the
// order of transformers' generate. Empty: neither names one. What cannot be read is told in `warnings`.
std::vector<std::int32_t> endTokens(const std::string& path, const std::string& configJson,
                                    std::vector<std::string>& warnings);

} // namespace orrery::session
