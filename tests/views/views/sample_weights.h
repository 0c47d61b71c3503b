// SPDX-License-Identifier: MIT
// A small checkpoint with what weights may hold: matrices of two layers and four heads on two key/value heads, a tall
// embedding, a vector, zeros, one value that is not finite.
#pragma once
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "core/tensorio/safetensors_writer.h"
#include "core/weights/weight_set.h"

namespace orrery::views::sample {

// A repeatable number in about -1..1.
inline float weightValue(std::int64_t i, double seed) {
  const double x = std::sin(12.9898 * double(i + 1) + 78.233 * seed) * 43758.5453;
  return float(2 * (x - std::floor(x)) - 1);
}

inline std::vector<float> weightValues(std::int64_t count, double seed, double scale = 1) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(float(scale) * weightValue(i, seed));
  return values;
}

// `step` other than 0: the same model a little further.
inline std::vector<tensorio::NamedTensor> sampleTensors(int step) {
  std::vector<tensorio::NamedTensor> tensors;
  double seed = 1;
  const auto add = [&](const std::string& name, const Shape& shape, double scale) {
    std::vector<float> values = weightValues(elementCount(shape).value(), seed++, scale);
    for (std::size_t i = 0; i < values.size() && step != 0; i += 3) values[i] += 0.01f * float(step);
    tensors.push_back({name, viewOf(std::move(values), shape)});
  };
  add("model.embed_tokens.weight", {300, 16}, 0.5);
  for (const char* layer : {"model.layers.0.", "model.layers.1."}) {
    add(layer + std::string("self_attn.q_proj.weight"), {16, 16}, 0.3);
    add(layer + std::string("self_attn.k_proj.weight"), {8, 16}, 0.3);
    add(layer + std::string("self_attn.v_proj.weight"), {8, 16}, 0.3);
    add(layer + std::string("self_attn.o_proj.weight"), {16, 16}, 0.3);
    add(layer + std::string("mlp.up_proj.weight"), {40, 16}, 0.2);
    add(layer + std::string("input_layernorm.weight"), {16}, 1);
  }
  tensors.push_back({"z.zero", viewOf(std::vector<float>(60, 0.f), {5, 12})});
  std::vector<float> broken = weightValues(60, 99);
  broken[17] = std::nanf("");
  tensors.push_back({"z.broken", viewOf(std::move(broken), {5, 12})});
  return tensors;
}

inline weights::Weight weightOf(const tensorio::TensorInfo& info) {
  weights::Weight weight;
  weight.name = weight.canonical = info.name;
  weight.info = &info;
  weight.shape = info.shape;
  weight.layer = weights::layerInName(info.name);
  for (const auto& [word, part] : {std::pair{"q_proj", "q"}, {"k_proj", "k"}, {"v_proj", "v"}, {"o_proj", "o"}})
    if (info.name.find(word) != std::string::npos) weight.part = part;
  return weight;
}

inline weights::WeightsPtr makeWeights(int step) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("orrery-views-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const std::string path = (folder / ("sample-" + std::to_string(step) + ".safetensors")).string();
  if (!tensorio::writeSafetensors(path, sampleTensors(step)).ok()) return nullptr;
  auto file = tensorio::openTensors(path);
  weights::WeightSet::Parts parts{path, file.value(), {}, {2, 4, 2, 4, 16}, std::uint64_t{1} << 30};
  for (const tensorio::TensorInfo& info : file->tensors()) parts.weights.push_back(weightOf(info));
  auto set = std::make_shared<const weights::WeightSet>(std::move(parts));
  std::error_code ignored;
  fs::remove_all(folder, ignored); // the mapping stays
  return set;
}

// The same set at every call, so that caches are of use.
inline const weights::WeightsPtr& sampleWeights(int step = 0) {
  static const weights::WeightsPtr sets[3] = {makeWeights(0), makeWeights(1), makeWeights(2)};
  return sets[step];
}

} // namespace orrery::views::sample
