// SPDX-License-Identifier: MIT
#include "views/token_flow.h"

#include <algorithm>

#include "views/scene/text_metrics.h"

namespace orrery::views {

using scene::Rect;

namespace {

constexpr double kPad = 2; // units left and right of a token's text

struct Line {
  std::int64_t first = 0, end = 0;
};

bool endsLine(const store::Snapshot& snapshot, std::int64_t position) {
  if (position >= static_cast<std::int64_t>(snapshot.pieces.size())) return false;
  return snapshot.pieces[static_cast<std::size_t>(position)].find('\n') != std::string::npos;
}

std::string shownText(const store::Snapshot& snapshot, std::int64_t position, double width, double size) {
  std::string text = tokenText(snapshot, position);
  if (text.empty()) text = "∅";
  return scene::elide(text, width - 2 * kPad, size, true);
}

double widthOf(const std::string& text, double size) { return scene::textWidth(text, size, true) + 2 * kPad; }

// Where the lines of the whole text break.
std::vector<Line> linesOf(const store::Snapshot& snapshot, std::int64_t tokens, double width, double size) {
  std::vector<Line> lines;
  double x = 0;
  for (std::int64_t i = 0; i < tokens; ++i) {
    const double w = std::min(widthOf(shownText(snapshot, i, width, size), size), width);
    if (i == 0 || endsLine(snapshot, i - 1) || x + w > width) {
      lines.push_back({i, i});
      x = 0;
    }
    lines.back().end = i + 1;
    x += w;
  }
  return lines;
}

} // namespace

FlowPage flowPage(const store::Snapshot& snapshot, std::int64_t tokens, std::int64_t focus, const Figure&, Rect room,
                  double size) {
  const double height = 1.45 * size;
  const auto shown = std::max<std::int64_t>(1, static_cast<std::int64_t>(room.h / height));
  const std::vector<Line> lines = linesOf(snapshot, tokens, room.w, size);
  const auto count = static_cast<std::int64_t>(lines.size());
  const auto line =
      static_cast<std::int64_t>(std::ranges::upper_bound(lines, focus, {}, &Line::first) - lines.begin() - 1);
  // The end of the text is a full page too, so that a growing text does not begin an empty one.
  const std::int64_t top = line >= count - shown ? std::max<std::int64_t>(0, count - shown) : line / shown * shown;
  const std::int64_t bottom = std::min(count, top + shown);
  FlowPage page;
  page.tokens = tokens;
  if (count == 0) return page;
  page.first = lines[static_cast<std::size_t>(top)].first;
  page.end = lines[static_cast<std::size_t>(bottom - 1)].end;
  for (std::int64_t l = top; l < bottom; ++l) {
    double x = 0;
    for (std::int64_t i = lines[static_cast<std::size_t>(l)].first; i < lines[static_cast<std::size_t>(l)].end; ++i) {
      std::string text = shownText(snapshot, i, room.w, size);
      const double w = std::min(widthOf(text, size), room.w);
      page.items.push_back(
          {i, {room.x + x, room.y + static_cast<double>(l - top) * height, w, height}, std::move(text)});
      x += w;
    }
  }
  return page;
}

void addFlowItem(Figure& figure, const FlowItem& item, scene::Color ground, double size, std::string tooltip) {
  const Rect r{item.rect.x, item.rect.y + 0.5, std::max(0.5, item.rect.w - 1), item.rect.h - 1};
  if (!(ground == figure.theme.canvas)) figure.scene.below.push_back({scene::kNoPanel, r, ground});
  if (!item.text.empty())
    figure.text({r.x + kPad - 0.5, r.y + r.h / 2}, item.text, size, inkOn(ground), scene::Align::Left,
                scene::VAlign::Middle, true);
  figure.scene.links.push_back(
      {scene::kNoPanel, item.rect, "token " + std::to_string(item.position), std::move(tooltip)});
}

void addPageLine(Figure& figure, const FlowPage& page, double right, double y) {
  if (page.first == 0 && page.end == page.tokens) return;
  const double size = figure.theme.denseSize, height = scene::lineHeight(size);
  std::string text = "tokens " + std::to_string(page.first) + " to " + std::to_string(page.end - 1) + " of " +
                     std::to_string(page.tokens);
  if (page.first > 0) text = "◂ " + text;
  if (page.end < page.tokens) text += " ▸";
  const double width = scene::textWidth(text, size);
  if (width > right) return;
  figure.text({right, y}, text, size, figure.theme.secondary, scene::Align::Right);
  const Rect box{right - width, y - height / 2, width, height};
  if (page.first > 0)
    figure.scene.links.push_back(
        {scene::kNoPanel, {box.x, box.y, width / 2, height}, "query " + std::to_string(page.first - 1), "page before"});
  if (page.end < page.tokens)
    figure.scene.links.push_back({scene::kNoPanel,
                                  {box.x + width / 2, box.y, width / 2, height},
                                  "query " + std::to_string(page.end),
                                  "page after"});
}

} // namespace orrery::views
