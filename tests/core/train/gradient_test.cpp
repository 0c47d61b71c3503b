// SPDX-License-Identifier: MIT
// The gradient of the decoder in float64 against central differences of its loss.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "core/base/random.h"
#include "core/models/torch_decoder.h"
#include "core/train/trainer.h"

using namespace orrery;
using namespace orrery::train;

namespace {

constexpr double kStep = 1e-5;
constexpr int kChecked = 6; // entries of every tensor

at::Tensor lossOf(const models::Decoder& decoder, const at::Tensor& rows) {
  const at::Tensor logits = models::trainForward(decoder, rows.narrow(1, 0, rows.size(1) - 1).contiguous());
  return at::cross_entropy_loss(logits.flatten(0, 1), rows.narrow(1, 1, rows.size(1) - 1).flatten());
}

double slope(const models::Decoder& decoder, const at::Tensor& rows, double* entry) {
  const at::NoGradGuard noGradient;
  const double kept = *entry;
  *entry = kept + kStep;
  const double above = lossOf(decoder, rows).item<double>();
  *entry = kept - kStep;
  const double below = lossOf(decoder, rows).item<double>();
  *entry = kept;
  return (above - below) / (2 * kStep);
}

void checkGradients(const models::ModelConfig& config) {
  models::LoadOptions options;
  options.dtype = DType::F64;
  auto made = models::randomDecoder(config, 3, options);
  ASSERT_TRUE(made) << made.error().message();
  const models::Decoder& decoder = **made;
  std::vector<models::NamedTensor> parameters = models::parameters(decoder);
  Random random(5);
  for (models::NamedTensor& parameter : parameters) { // larger weights than fresh ones, so that all parts matter
    double* values = parameter.tensor.data_ptr<double>();
    for (std::int64_t i = 0; i < parameter.tensor.numel(); ++i) values[i] += 0.3 * random.normal();
    parameter.tensor.requires_grad_();
  }
  at::Tensor rows = at::empty({2, 9}, at::kLong);
  for (std::int64_t i = 0; i < rows.numel(); ++i)
    rows.data_ptr<std::int64_t>()[i] =
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(config.vocab)));
  lossOf(decoder, rows).backward();

  double largest = 0, steepest = 0;
  for (const models::NamedTensor& parameter : parameters) {
    ASSERT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
    const at::Tensor gradient = parameter.tensor.grad().contiguous();
    for (int i = 0; i < kChecked; ++i) {
      const auto at = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(gradient.numel())));
      const double found = gradient.data_ptr<double>()[at];
      const double expected = slope(decoder, rows, parameter.tensor.data_ptr<double>() + at);
      largest = std::max(largest, std::abs(found - expected));
      steepest = std::max(steepest, std::abs(expected));
      EXPECT_NEAR(found, expected, 1e-8) << parameter.name << "[" << at << "]";
    }
  }
  std::printf("%s: largest difference %.3g at slopes up to %.3g, tolerance 1e-8\n", config.architecture.c_str(),
              largest, steepest);
  EXPECT_GT(steepest, 1e-3);
}

} // namespace

TEST(Gradient, ofALlamaWithGroupedHeads) {
  TrainSpec spec;
  spec.model = {
      .layers = 2, .heads = 4, .kvHeads = 2, .model = 16, .mlp = 24, .vocab = 300, .context = 16, .tied = true};
  checkGradients(modelConfig(spec));
  spec.model.tied = false;
  checkGradients(modelConfig(spec));
}

TEST(Gradient, ofAGpt2) {
  models::ModelConfig config;
  config.architecture = "GPT2LMHeadModel";
  config.layers = 2;
  config.heads = config.kvHeads = 4;
  config.headDim = 4;
  config.model = 16;
  config.mlp = 24;
  config.vocab = 40;
  config.context = 16;
  config.json = models::configJson(config);
  checkGradients(config);
}
