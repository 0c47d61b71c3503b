// SPDX-License-Identifier: MIT
#include "views/scene/content.h"

#include <algorithm>

#include "views/scene/text_metrics.h"

namespace orrery::scene {
namespace {

class Bottom {
public:
  explicit Bottom(const Scene& scene) : m_scene(scene) {}
  double value = 0;

  void mark(int panel, double sceneY) {
    const double limit = panel >= 0 ? m_scene.panels[static_cast<std::size_t>(panel)].frame.y +
                                          m_scene.panels[static_cast<std::size_t>(panel)].frame.h
                                    : m_scene.height;
    value = std::max(value, std::min({sceneY, limit, m_scene.height}));
  }
  void mark(int panel, const Rect& rect) {
    const Rect at = panel >= 0 ? toScene(m_scene.panels[static_cast<std::size_t>(panel)], rect) : rect;
    mark(panel, at.y + at.h);
  }
  Point place(int panel, Point at) const {
    return panel >= 0 ? toScene(m_scene.panels[static_cast<std::size_t>(panel)], at) : at;
  }

private:
  const Scene& m_scene;
};

} // namespace

double contentBottom(const Scene& scene) {
  Bottom bottom(scene);
  for (const ImageLayer& image : scene.images) bottom.mark(image.panel, image.data);
  for (const auto* rects : {&scene.below, &scene.above})
    for (const FilledRect& filled : *rects) bottom.mark(filled.panel, filled.rect);
  for (const Polyline& line : scene.lines)
    for (const Point& point : line.points) bottom.mark(line.panel, bottom.place(line.panel, point).y + line.width / 2);
  for (const Disc& disc : scene.discs) bottom.mark(disc.panel, bottom.place(disc.panel, disc.center).y + disc.radius);
  for (const ColorBar& bar : scene.bars) bottom.mark(kNoPanel, bar.frame);
  for (const Text& text : scene.texts) {
    const Rect box = textBox(text, bottom.place(text.panel, text.at));
    bottom.mark(kNoPanel, box.y + box.h);
  }
  return bottom.value;
}

} // namespace orrery::scene
