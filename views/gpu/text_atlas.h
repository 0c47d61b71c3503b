// SPDX-License-Identifier: MIT
// Whole runs of text, rasterised once by Qt (so that shaping, fallback fonts, CJK and emoji are right) and packed into
// one texture. Render thread only. Runs are white and tinted when drawn; runs with symbols
// or characters beyond the first plane keep their own colour, as emoji need it. Fonts as in views/paint/painter.h.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "views/gpu/draw_list.h"

namespace orrery::gpu {

class TextAtlas {
public:
  // A rectangle of new pixels, premultiplied RGBA, to be copied into the texture.
  struct Upload {
    int x = 0, y = 0, w = 0, h = 0;
    std::vector<std::uint32_t> pixels; // [h, w] 0xAABBGGRR
  };

  explicit TextAtlas(int side); // texture of side x side pixels
  int side() const { return m_side; }

  // Empty if the run does not fit any more: overflowed() is set, and a frame drawn again after clear() may have room.
  std::optional<TextRun> run(const scene::Text& text, double pixelRatio);
  bool overflowed() const { return m_overflowed; }
  void clear();
  std::vector<Upload> takeUploads();
  std::size_t size() const { return m_runs.size(); }

private:
  struct Place {
    int x, y;
  };
  std::optional<Place> allocate(int w, int h);
  TextRun rasterise(const scene::Text& text, double pixelRatio, bool colored);

  int m_side = 0;
  int m_shelfX = 0, m_shelfY = 0, m_shelfHeight = 0; // shelves from top to bottom
  bool m_overflowed = false;
  std::unordered_map<std::string, TextRun> m_runs;
  std::vector<Upload> m_uploads;
};

} // namespace orrery::gpu
