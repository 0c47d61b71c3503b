// SPDX-License-Identifier: MIT
#include "views/gpu/fade.h"

#include <algorithm>

namespace orrery::gpu {

using scene::Panel;
using scene::Rect;

namespace {

bool grown(const Panel& before, const Panel& after) {
  return after.zoomable && after.name == before.name && before.limits.x == after.limits.x &&
         before.limits.y == after.limits.y && after.limits.w >= before.limits.w && after.limits.h >= before.limits.h &&
         (after.limits.w > before.limits.w || after.limits.h > before.limits.h);
}

void addClipped(std::vector<Rect>& out, Rect r, const Rect& frame) {
  const double right = std::min(r.x + r.w, frame.x + frame.w), bottom = std::min(r.y + r.h, frame.y + frame.h);
  r.x = std::max(r.x, frame.x);
  r.y = std::max(r.y, frame.y);
  r.w = right - r.x;
  r.h = bottom - r.y;
  if (r.w > 0 && r.h > 0) out.push_back(r);
}

} // namespace

void Fade::replaced(const std::vector<Panel>& before, const std::vector<Panel>& after, double now) {
  std::map<std::string, Rect> known;
  for (const Panel& old : before)
    for (const Panel& next : after)
      if (grown(old, next)) known[old.name] = old.limits;
  if (known.empty()) return; // a zoom, another range: a fade under way goes on
  const bool slow = now - m_grew >= kMilliseconds;
  m_grew = m_began = now;
  m_known = slow ? std::move(known) : std::map<std::string, Rect>();
}

std::vector<Rect> Fade::veils(const std::vector<Panel>& panels, double now) const {
  std::vector<Rect> out;
  if (!active(now)) return out;
  for (const Panel& panel : panels) {
    const auto known = m_known.find(panel.name);
    if (known == m_known.end()) continue;
    const Rect& old = known->second;
    const Rect& all = panel.limits;
    const Rect below{all.x, old.y + old.h, all.w, all.h - old.h}, beside{old.x + old.w, all.y, all.w - old.w, old.h};
    for (const Rect& part : {below, beside}) addClipped(out, scene::toScene(panel, part), panel.frame);
  }
  return out;
}

double Fade::opacity(double now) const { return std::clamp(1 - (now - m_began) / kMilliseconds, 0.0, 1.0); }

} // namespace orrery::gpu
