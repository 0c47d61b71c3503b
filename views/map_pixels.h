// SPDX-License-Identifier: MIT
// Pixels of a boundary map made ready for a picture: the chosen layer, scored by the chosen measure and threshold from
// the digests, in rows from the top. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "views/api/map_input.h"
#include "views/api/view.h"
#include "views/scene/ticks.h"

namespace orrery::views {

struct MapPixels {
  std::int64_t height = 0, width = 0;
  std::vector<std::uint8_t> trainable, stable, state; // [height, width], row 0 on top; state: sweep::PixelState
  std::vector<double> value;                          // [height, width] finite; its sign says nothing
  std::vector<double> x, y;                           // [width]; [height] by row, so descending
  std::string layer, measure;                         // as they are named in captions
  std::size_t at(std::int64_t row, std::int64_t column) const { return static_cast<std::size_t>(row * width + column); }
};

// Parameters: "layer" (map, or a null map that the file holds), "measure" (spec, or another), "threshold".
std::vector<Parameter> mapPixelParameters();
// Errors: NotFound (no map, no such layer, no digests for another measure or threshold), BadInput.
Result<MapPixels> mapPixels(const Request& request, const std::string& layer);

// Position of every pixel on the colour scale from -1 to 1; not trainable above 0. Within a class the magnitude spreads
// over 0.25 to 1: by rank (equalised, as in arXiv 2402.06184), or by its logarithm.
std::vector<float> mapTones(const MapPixels& pixels, bool equalised);

// Part of an axis of pixels: pixels [begin, end) of ascending `values`. Ticks stand at the pixels' middles, in units of
// pixels from the first of all.
struct MapAxis {
  std::string title; // "log10 lr.input", or "log10 lr.input - 0.30103" where the window is small
  std::vector<scene::Tick> ticks;
};
struct PixelSpan {
  double begin = 0, end = 0;
};
MapAxis mapAxis(const std::vector<double>& values, PixelSpan shown, const std::string& parameter, bool log, int most);
bool isLogAxis(const std::vector<double>& values, const sweep::AxisSpec* axis);

// "lr.input 0.0123, lr.output 4.5"
std::string pixelPlace(const MapInput& input, const MapPixels& pixels, std::int64_t row, std::int64_t column);
// Row and column as row * width + column of the map itself, whose rows go upwards.
std::int64_t mapPixel(const MapPixels& pixels, std::int64_t row, std::int64_t column);
// The pixel that a selection is about: the middle of the map if it names none.
struct MapPlace {
  std::int64_t row = 0, column = 0; // from the top left corner
};
MapPlace chosenPlace(const Selection& selection, std::int64_t height, std::int64_t width);
bool insideMap(const MapPixels& pixels, std::int64_t row, std::int64_t column);

} // namespace orrery::views
