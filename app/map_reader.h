// SPDX-License-Identifier: MIT
// Maps as the window and `orrery render` draw them: read from a file, with the loss curves of chosen pixels.
#pragma once
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/sweep/trainer.h"
#include "views/api/map_input.h"
#include "views/api/selection.h"

namespace orrery::app {

// Errors: those of sweep::readMap().
Result<views::MapInputPtr> readMapFile(const std::string& path);

// Computes the map of a figure's recipe that names no file: {"sweep": spec}. Errors: BadInput, those of a sweep.
Result<views::MapInputPtr> computeMap(const Json& make, int threads);

// Pixels (row * width + column of the map) that a selection is about (the middle one if it names none).
std::vector<std::int64_t> selectedPixels(const views::MapInput& input, const views::Selection& selection);

// The loss curve of a pixel, trained now: the very numbers its digest is made of. Errors: BadInput (the map has no
// spec, the pixel is not in it), those of the trainer.
Result<std::vector<double>> lossCurve(const views::MapInput& input, const sweep::Trainer& trainer, std::int64_t pixel,
                                      std::stop_token stop);

// With the curves of all selected pixels. Trains them one after the other: not on the GUI thread.
Result<views::MapInputPtr> withCurves(const views::MapInputPtr& input, const views::Selection& selection,
                                      std::stop_token stop);

} // namespace orrery::app
