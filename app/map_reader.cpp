// SPDX-License-Identifier: MIT
#include "app/map_reader.h"

#include <filesystem>

#include "core/sweep/map_file.h"
#include "views/map_pixels.h"

namespace orrery::app {

Result<views::MapInputPtr> readMapFile(const std::string& path) {
  auto map = sweep::readMap(path);
  if (!map) return map.error();
  return views::mapInputOf(std::filesystem::path(path).filename().string(), std::move(*map));
}

Result<views::MapInputPtr> computeMap(const Json& make, int threads) {
  if (!make.is_object() || !make.contains("sweep"))
    return badInput("the recipe says neither a file nor how it is made");
  auto spec = sweep::parseSweepSpec(make["sweep"], "recipe");
  if (!spec) return spec.error();
  sweep::SweepOptions options;
  options.threads = threads;
  sweep::Sweep sweep(*spec, options);
  if (Status done = sweep.wait(); !done) return done.error();
  return views::mapInputOf("computed map", *sweep.snapshot()->map);
}

std::vector<std::int64_t> selectedPixels(const views::MapInput& input, const views::Selection& s) {
  const std::int64_t height = input.snapshot->map->height(), width = input.snapshot->map->width();
  std::vector<std::int64_t> pixels;
  const auto add = [&](std::int64_t row, std::int64_t column) { // rows of a selection count from the top
    if (row >= 0 && column >= 0 && row < height && column < width)
      pixels.push_back((height - 1 - row) * width + column);
  };
  const views::MapPlace chosen = views::chosenPlace(s, height, width);
  add(chosen.row, chosen.column);
  add(s.otherRow, s.otherColumn);
  return pixels;
}

Result<std::vector<double>> lossCurve(const views::MapInput& input, const sweep::Trainer& trainer, std::int64_t pixel,
                                      std::stop_token stop) {
  const sweep::Map& map = *input.snapshot->map;
  if (!input.spec) return badInput("the map holds no spec to train with", input.name);
  if (pixel < 0 || pixel >= static_cast<std::int64_t>(map.size()))
    return badInput("pixel " + std::to_string(pixel) + " is not in the map", input.name);
  const auto row = static_cast<std::size_t>(pixel / map.width()),
             column = static_cast<std::size_t>(pixel % map.width());
  return trainer.curve(input.spec->run(map.x[column], map.y[row]), stop);
}

Result<views::MapInputPtr> withCurves(const views::MapInputPtr& input, const views::Selection& selection,
                                      std::stop_token stop) {
  if (!input->spec) return badInput("the map holds no spec to train with", input->name);
  auto trainer = sweep::makeTrainer(*input->spec);
  if (!trainer) return trainer.error();
  auto next = std::make_shared<views::MapInput>(*input);
  for (const std::int64_t pixel : selectedPixels(*input, selection)) {
    auto curve = lossCurve(*input, **trainer, pixel, stop);
    if (!curve) return curve.error();
    next->curves[pixel] = std::move(*curve);
  }
  return views::MapInputPtr(next);
}

} // namespace orrery::app
