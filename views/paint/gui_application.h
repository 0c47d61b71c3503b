// SPDX-License-Identifier: MIT
// Fonts, QImage text and PDF need a QGuiApplication. Command-line verbs have none: this makes one that needs no
// display.
#pragma once
#include "core/base/result.h"

namespace orrery::paint {

// Makes a QGuiApplication on the `offscreen` platform unless one exists (then it is left as it is); it lives until the
// process ends. Call once, from the main thread, before any painting. Errors: Internal if a QCoreApplication without
// GUI is already there.
Status ensureGuiApplication();

} // namespace orrery::paint
