// SPDX-License-Identifier: MIT
// PNG of exact pixels, for the image inside an SVG. Source: W3C PNG, second edition. The same bytes for the same
// pixels (with one zlib).
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "core/base/result.h"

namespace orrery::paint {

// `pixels` [height, width], 0xAABBGGRR as in scene.h. RGB if all are opaque, else RGBA; 8 bits a channel, no gamma
// chunk. Errors: TooLarge (a side above 2^31 - 1, or more bytes than zlib takes in one go), BadInput (sizes that
// contradict each other).
Result<std::string> encodePng(std::span<const std::uint32_t> pixels, std::int64_t width, std::int64_t height);

std::string base64(std::string_view bytes); // RFC 4648

} // namespace orrery::paint
