// SPDX-License-Identifier: MIT
// Sources: network, windows and measure of the sohl-dickstein maps from arXiv 2402.06184, of torkamandi from arXiv
// 2501.04286 (its first panel is linear in both rates; which FFN width its runs had is not certain: 128 or 192).
#include "core/sweep/presets.h"

#include <array>

namespace orrery::sweep {
namespace {

struct Preset {
  const char* name;
  Json (*spec)();
  std::int64_t quickSide; // pixels of both axes
};

Json axis(const char* parameter, const char* scale, double min, double max, int count) {
  return {{"parameter", parameter}, {"scale", scale}, {"min", min}, {"max", max}, {"count", count}};
}

// The first window of the paper: nine decades of both axes.
Json sohl(const char* nonlinearity, int points, Json batch, const char* x, const char* y) {
  return {{"model", {{"kind", "mlp2"}, {"n", 16}, {"nonlinearity", nonlinearity}}},
          {"data", {{"kind", "normal"}, {"points", points}}},
          {"optimizer", {{"kind", "sgd"}, {"batch", std::move(batch)}}},
          {"axes", {{"x", axis(x, "log10", -3, 6, 512)}, {"y", axis(y, "log10", -3, 6, 512)}}},
          {"steps", 500},
          {"measure", "sohl-dickstein"},
          {"refine", {{"start", 8}, {"audit", 0.03}}}};
}

Json torkamandi(int ffn) {
  return {
      {"model",
       {{"kind", "transformer"},
        {"layers", 2},
        {"heads", 2},
        {"d_model", 64},
        {"context", 64},
        {"vocab", 22},
        {"ffn", ffn}}},
      {"data", {{"kind", "grammar"}}},
      {"optimizer", {{"kind", "adam"}, {"batch", 32}}},
      {"axes",
       {{"x", axis("lr.attention", "linear", 0.001, 0.022, 64)}, {"y", axis("lr.other", "linear", 0.002, 0.041, 64)}}},
      {"steps", 60},
      {"dtype", "float32"},
      {"measure", "torkamandi"},
      {"refine", "full"}};
}

Json tiny() {
  return {{"model",
           {{"kind", "transformer"},
            {"layers", 1},
            {"heads", 2},
            {"d_model", 16},
            {"context", 16},
            {"vocab", 22},
            {"ffn", 32}}},
          {"data", {{"kind", "grammar"}}},
          {"optimizer", {{"kind", "adam"}, {"batch", 16}}},
          {"axes", {{"x", axis("lr.attention", "log10", -4, 0, 128)}, {"y", axis("lr.other", "log10", -4, 0, 128)}}},
          {"steps", 300},
          {"dtype", "float32"},
          {"measure", "torkamandi"},
          {"refine", {{"start", 8}, {"audit", 0.03}}}};
}

const std::array kPresets = {
    Preset{"sohl-dickstein-tanh", [] { return sohl("tanh", 272, "full", "lr.input", "lr.output"); }, 96},
    Preset{"sohl-dickstein-relu", [] { return sohl("relu", 272, "full", "lr.input", "lr.output"); }, 96},
    Preset{"sohl-dickstein-linear", [] { return sohl("identity", 16, "full", "lr.input", "lr.output"); }, 256},
    Preset{"sohl-dickstein-single", [] { return sohl("tanh", 1, "full", "lr.input", "lr.output"); }, 256},
    Preset{"sohl-dickstein-minibatch", [] { return sohl("tanh", 272, 16, "lr.input", "lr.output"); }, 96},
    Preset{"sohl-dickstein-offset-drift", [] { return sohl("tanh", 272, "full", "offset.drift", "lr.all"); }, 96},
    Preset{"sohl-dickstein-offset-init", [] { return sohl("tanh", 272, "full", "offset.init", "lr.all"); }, 96},
    Preset{"torkamandi", [] { return torkamandi(128); }, 12},
    Preset{"torkamandi-192", [] { return torkamandi(192); }, 12},
    Preset{"tiny-transformer", [] { return tiny(); }, 48},
};

} // namespace

std::vector<std::string> presetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

Result<SweepSpec> presetSpec(const std::string& name, bool quick) {
  for (const Preset& preset : kPresets) {
    if (name != preset.name) continue;
    auto spec = parseSweepSpec(preset.spec(), name);
    if (spec && quick) spec->x.count = spec->y.count = preset.quickSide;
    return spec;
  }
  std::string list;
  for (const Preset& preset : kPresets) list.append(list.empty() ? "" : ", ").append(preset.name);
  return notFound("no such preset (presets: " + list + ")", name);
}

} // namespace orrery::sweep
