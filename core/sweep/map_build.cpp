// SPDX-License-Identifier: MIT
#include "core/sweep/map_build.h"

#include "core/sweep/measure.h"
#include "core/sweep/nulls.h"

namespace orrery::sweep {
namespace {

Outcome outcome(const SweepSpec& spec, const Digest& digest) {
  return outcomeOf(spec.measure, digest, static_cast<std::size_t>(spec.steps));
}

std::uint8_t classOf(const Outcome& outcome) {
  return static_cast<std::uint8_t>((outcome.stable ? kStable : 0) | (outcome.trainable ? kTrainable : 0));
}

// Each pixel shows what is known at its source, where there is anything.
MapLayer layerOf(const SweepSpec& spec, const KnownLayer& known, const Settled& settled) {
  MapLayer layer;
  const std::size_t size = known.classes.size();
  layer.classes.resize(size);
  layer.value.resize(size);
  layer.state.resize(size, kNone);
  layer.digests.resize(size);
  for (std::size_t pixel = 0; pixel < size; ++pixel) {
    const std::int32_t source = settled.source[pixel];
    if (source < 0 || known.classes[static_cast<std::size_t>(source)] == Lattice::kUnknown) continue;
    const Digest& digest = known.digests[static_cast<std::size_t>(source)];
    const Outcome found = outcome(spec, digest);
    layer.classes[pixel] = classOf(found);
    layer.value[pixel] = found.value;
    layer.digests[pixel] = digest;
    layer.state[pixel] = settled.state[pixel];
  }
  return layer;
}

Settled computedOnly(const std::vector<std::uint8_t>& classes) {
  Settled settled;
  settled.state.resize(classes.size(), kNone);
  settled.source.resize(classes.size(), -1);
  for (std::size_t pixel = 0; pixel < classes.size(); ++pixel) {
    if (classes[pixel] == Lattice::kUnknown) continue;
    settled.state[pixel] = kComputed;
    settled.source[pixel] = static_cast<std::int32_t>(pixel);
  }
  return settled;
}

RoundingLayer roundingOf(const SweepSpec& spec, const KnownLayer& known, const KnownLayer& map) {
  RoundingLayer layer;
  layer.second = layerOf(spec, known, computedOnly(known.classes));
  layer.differs.resize(known.classes.size());
  for (std::size_t pixel = 0; pixel < known.classes.size(); ++pixel)
    layer.differs[pixel] = layer.second.state[pixel] != kNone && known.classes[pixel] != map.classes[pixel] ? 1 : 0;
  return layer;
}

// Nothing of the further layers is missing either.
bool followersComplete(const std::vector<KnownLayer>& layers) {
  for (std::size_t layer = 1; layer < layers.size(); ++layer)
    for (std::size_t pixel = 0; pixel < layers[0].classes.size(); ++pixel)
      if (layers[0].classes[pixel] != Lattice::kUnknown && layers[layer].classes[pixel] == Lattice::kUnknown)
        return false;
  return true;
}

KnownLayer knownOf(const std::string& name, const MapLayer& layer) {
  KnownLayer known{name, std::vector<std::uint8_t>(layer.classes.size(), Lattice::kUnknown), layer.digests};
  for (std::size_t pixel = 0; pixel < layer.classes.size(); ++pixel)
    if (layer.state[pixel] >= kComputed) known.classes[pixel] = layer.classes[pixel];
  return known;
}

} // namespace

Refinement refinementOf(const SweepSpec& spec) {
  return {spec.refine.full, static_cast<int>(spec.refine.start), spec.refine.audit, spec.init.seed};
}

std::uint8_t classOf(const SweepSpec& spec, const Digest& digest) { return classOf(outcome(spec, digest)); }

Map buildMap(const SweepSpec& spec, const std::vector<KnownLayer>& layers, const BuildOptions& options) {
  Map map;
  map.x = spec.x.values();
  map.y = spec.y.values();
  map.shard = options.shard;
  map.shards = options.shards;
  const KnownLayer& pixels = layers.front();
  const Settled settled = options.shards > 1
                              ? computedOnly(pixels.classes)
                              : settle(map.height(), map.width(), refinementOf(spec), pixels.classes, options.preview);
  map.pixels = layerOf(spec, pixels, settled);
  map.audits = settled.audits;
  map.failedAudits = settled.failedAudits;
  map.complete = options.shards > 1 ? options.over : settled.missing == 0 && followersComplete(layers);
  for (std::size_t i = 1; i < layers.size(); ++i)
    if (layers[i].name == kRoundingLayer)
      map.rounding = roundingOf(spec, layers[i], pixels);
    else
      map.nulls[layers[i].name] = layerOf(spec, layers[i], settled);
  if (options.labels && map.complete && options.shards == 1)
    map.nulls["labels"] = shuffledLabels(map.pixels, spec.init.seed);
  return map;
}

std::vector<KnownLayer> knownOf(const Map& map, const std::vector<std::string>& names) {
  std::vector<KnownLayer> layers = {knownOf("map", map.pixels)};
  for (const std::string& name : names) {
    if (name == kRoundingLayer && map.rounding && !map.rounding->second.digests.empty())
      layers.push_back(knownOf(name, map.rounding->second));
    const auto found = map.nulls.find(name);
    if (found != map.nulls.end() && !found->second.digests.empty()) layers.push_back(knownOf(name, found->second));
  }
  return layers;
}

} // namespace orrery::sweep
