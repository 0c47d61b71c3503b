// SPDX-License-Identifier: MIT
// Tokens as flowing text: wrapped lines, white space visible, one rectangle per token. A long text is cut into pages of
// full lines, so that a click inside the page never moves it. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "views/figure.h"

namespace orrery::views {

struct FlowItem {
  std::int64_t position = 0; // of the token
  scene::Rect rect;          // scene units
  std::string text;          // as it shall stand there
};

struct FlowPage {
  std::vector<FlowItem> items;
  std::int64_t first = 0, end = 0; // tokens on the page
  std::int64_t tokens = 0;         // T
};

// The page that holds token `focus` of the first `tokens` tokens.
FlowPage flowPage(const store::Snapshot& snapshot, std::int64_t tokens, std::int64_t focus, const Figure& figure,
                  scene::Rect room, double size);

// One shaded token with its text, link "token N" and tooltip.
void addFlowItem(Figure& figure, const FlowItem& item, scene::Color ground, double size, std::string tooltip);
// "tokens 512 to 980 of 4000" with links to the pages before and after; nothing if all tokens are on the page.
void addPageLine(Figure& figure, const FlowPage& page, double right, double y);

} // namespace orrery::views
