// SPDX-License-Identifier: MIT
// JSON from files nobody vouches for: depth and size are bounded, a key that stands twice is refused.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace orrery {

using Json = nlohmann::json;

inline constexpr int kMaxJsonDepth = 64;
inline constexpr std::size_t kMaxJsonBytes = std::size_t{256} << 20;

// `where` names the file in the error sentence. Errors: BadInput.
Result<Json> parseJson(std::string_view text, const std::string& where);
// Whole file, refused above kMaxJsonBytes. Errors: NotFound, Io, BadInput.
Result<Json> readJsonFile(const std::string& path);

} // namespace orrery
