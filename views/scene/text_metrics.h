// SPDX-License-Identifier: MIT
// Text without a font engine: widths good enough to lay out labels, and bytes made fit to be drawn.
// Widths never fall below those of Inter, DejaVu Sans (mono: JetBrains Mono, DejaVu Sans Mono), so that a label that
// fits here fits on screen with either. All sizes in scene units. Pure; any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "views/scene/scene.h"

namespace orrery::scene {

inline constexpr double kAscent = 0.95, kDescent = 0.24; // of the size
inline constexpr double kCapHeight = 0.73;
inline constexpr double kMonoAdvance = 0.603;

// Code points; each byte that is not part of valid UTF-8 gives U+FFFD.
std::vector<char32_t> decodeUtf8(std::string_view bytes);
void appendUtf8(std::string& out, char32_t code);

// What a painter may draw: valid UTF-8; control, bidirectional-override and non-characters become U+FFFD; cut after
// maxCodes code points with "...".
std::string cleanText(std::string_view bytes, std::size_t maxCodes = 2000);

// A token's bytes as a label: leading and inner spaces as U+00B7, line feed U+21B5, tab U+2192, other control
// and invalid bytes as \xNN.
std::string tokenLabel(std::string_view bytes);

double textWidth(std::string_view utf8, double size, bool mono = false, bool bold = false);
double lineHeight(double size);

// The text, or its longest beginning with U+2026 that is no wider than `width`; empty if not even that fits.
std::string elide(std::string_view utf8, double width, double size, bool mono = false, bool bold = false);

// The box a Text covers, in scene units, for an anchor in scene units.
Rect textBox(const Text& text, Point anchor);

} // namespace orrery::scene
