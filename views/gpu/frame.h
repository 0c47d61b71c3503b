// SPDX-License-Identifier: MIT
// What a backend needs to draw one frame, and what it tells back. Values only: made on the GUI thread, read on the
// render thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "views/gpu/frame_meter.h"
#include "views/paint/walk.h"
#include "views/scene/scene.h"
#include "views/scene/theme.h"

namespace orrery::gpu {

// The colour range as the instrument's sliders show it.
struct RangeState {
  double low = 0, high = 1;
  bool log = false, lock = false;
  bool hasRange = false, hasLog = false, hasLock = false; // what the view has parameters for
  bool reset = false;                                     // told back: take the view's own range again
  friend bool operator==(const RangeState&, const RangeState&) = default;
};

struct RenderStats {
  double milliseconds = 0;        // of the render thread for the last frame
  std::uint64_t textureBytes = 0; // device memory of image tiles and text
  std::uint64_t textures = 0, frames = 0;
};

// ImGui's part of the picture.
struct Instrument {
  bool showRange = false, showMeter = false;
  scene::Rect canvas; // where windows of the instrument may stand, units
  RangeState range;
  std::string unit;
  FrameMeter::Stats meter;
  scene::ThemeKind theme = scene::ThemeKind::Dark;
};

struct Frame {
  std::shared_ptr<const scene::Scene> scene; // null: only background and overlay
  paint::Cameras cameras;                    // where the panels of `scene` look
  scene::Scene overlay;                      // cross-hair, tooltip, messages; its background shows without a scene
  Instrument instrument;
  std::uint32_t width = 0, height = 0; // device pixels
  double pixelRatio = 1;
};

// Pointer input for ImGui, in units.
struct PointerEvent {
  enum class Kind { Move, Press, Release, Wheel, Leave } kind = Kind::Move;
  double x = 0, y = 0, wheel = 0; // wheel: notches
  int button = 0;                 // 0 left, 1 right, 2 middle
};

struct Feedback {
  std::vector<scene::Rect> busy; // windows of the instrument, units: the pointer there is theirs
  std::optional<RangeState> edited;
  RenderStats stats;
  std::string failure; // not empty: this backend has ended, and why
};

} // namespace orrery::gpu
