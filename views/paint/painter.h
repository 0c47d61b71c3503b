// SPDX-License-Identifier: MIT
// A Scene through QPainter: widgets, QImage, PDF. Any thread, if a QGuiApplication exists.
#pragma once
#include <QFont>

#include "views/paint/walk.h"

class QPainter;

namespace orrery::paint {

struct PaintOptions {
  double scale = 1;         // painter coordinates per scene unit
  bool transparent = false; // no background
  Cameras cameras = {};     // live zoom and pan: data rectangle by panel name
};

// Paints at the painter's origin. The painter's state is as before afterwards.
void paintScene(QPainter& painter, const scene::Scene& scene, const PaintOptions& options = {});

// The fonts of every window and figure: Inter, else DejaVu Sans; JetBrains Mono, else DejaVu Sans Mono. No size yet.
QFont interfaceFont(bool bold = false);
QFont monoFont();

} // namespace orrery::paint
