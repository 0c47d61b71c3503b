// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>

namespace orrery::trace {

// Valid UTF-8 without NUL for any bytes: what is not becomes U+FFFD, one per byte.
std::string printableUtf8(std::string_view bytes);

} // namespace orrery::trace
