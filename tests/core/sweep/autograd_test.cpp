// SPDX-License-Identifier: MIT
// Losses and gradients against libtorch's autograd, in sizes that fill no vector.
#include <gtest/gtest.h>

#include <torch/torch.h>

#include <cmath>

#include "core/base/random.h"
#include "core/sweep/mlp_input.h"
#include "core/sweep/transformer_trainer.h"
#include "tests/core/sweep/transformer_gradient.h"

namespace orrery::sweep {
namespace {

using torch::Tensor;
using Tensors = std::map<std::string, Tensor>;

SweepSpec specOf(const char* text) {
  auto spec = parseSweepSpec(Json::parse(text), "test");
  if (!spec) ADD_FAILURE() << spec.error().message();
  return *spec;
}

Tensor tensorOf(const std::vector<double>& values, std::vector<std::int64_t> shape) {
  return torch::tensor(values, torch::kFloat64).view(shape);
}

// The parameters by name, [in, out], from the kernel's block of memory.
Tensors leavesOf(const TransformerShape& shape, const std::vector<double>& weights) {
  Tensors leaves;
  for (const MatrixPlace* place : shape.matrices()) {
    const std::size_t rows = place->outputRows ? place->out : place->in;
    const std::size_t row = toStrip(place->outputRows ? place->in : place->out);
    const std::vector<double> part(weights.begin() + static_cast<std::ptrdiff_t>(place->at),
                                   weights.begin() + static_cast<std::ptrdiff_t>(place->at + rows * row));
    Tensor all = tensorOf(part, {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(row)});
    all = all.slice(1, 0, static_cast<std::int64_t>(place->outputRows ? place->in : place->out));
    leaves[place->name] = (place->outputRows ? all.t() : all).contiguous().requires_grad_();
  }
  for (const VectorPlace& place : shape.vectors) {
    const auto from = weights.begin() + static_cast<std::ptrdiff_t>(place.at);
    leaves[place.name] = tensorOf({from, from + static_cast<std::ptrdiff_t>(place.size)}, {-1}).requires_grad_();
  }
  return leaves;
}

Tensor norm(const Tensor& x, const Tensors& p, const std::string& name) {
  const Tensor off = x - x.mean(-1, true);
  return off / (off.square().mean(-1, true) + 1e-6).sqrt() * p.at(name + ".scale") + p.at(name + ".bias");
}

Tensor attention(const Tensor& h, const Tensors& p, const std::string& name, std::int64_t heads) {
  const std::int64_t b = h.size(0), t = h.size(1), d = h.size(2);
  const auto split = [&](const char* what) {
    return torch::matmul(h, p.at(name + what)).view({b, t, heads, d / heads}).transpose(1, 2);
  };
  const Tensor q = split("q"), k = split("k"), v = split("v");
  const Tensor hidden = torch::ones({t, t}, torch::kBool).triu(1);
  const Tensor scores = torch::matmul(q, k.transpose(2, 3)) / std::sqrt(static_cast<double>(d / heads));
  const Tensor mixed = torch::matmul(torch::softmax(scores.masked_fill(hidden, -INFINITY), -1), v);
  return torch::matmul(mixed.transpose(1, 2).reshape({b, t, d}), p.at(name + "o"));
}

Tensor lossOf(const Tensors& p, const SweepSpec& spec, const Tensor& ids) {
  const ModelSpec& m = spec.model;
  const Tensor angle = torch::arange(m.context, torch::kFloat64).unsqueeze(1) /
                       torch::pow(10000.0, torch::arange(0, m.model, 2, torch::kFloat64) / m.model);
  const Tensor positions = torch::stack({angle.sin(), angle.cos()}, 2).view({m.context, m.model});
  Tensor x = p.at("embedding").index_select(0, ids.slice(1, 0, m.context).reshape(-1));
  x = x.view({ids.size(0), m.context, m.model}) + positions;
  for (std::int64_t l = 0; l < m.layers; ++l) {
    const std::string name = "layer." + std::to_string(l) + ".";
    x = x + attention(norm(x, p, name + "ln1"), p, name + "attention.", m.heads);
    const Tensor h = torch::matmul(norm(x, p, name + "ln2"), p.at(name + "ffn.w1")) + p.at(name + "ffn.b1");
    x = x + torch::matmul(torch::relu(h), p.at(name + "ffn.w2")) + p.at(name + "ffn.b2");
  }
  const Tensor z = torch::matmul(norm(x, p, "final_ln"), p.at("output.w")) + p.at("output.b");
  const Tensor targets = ids.slice(1, 1, m.context + 1).reshape({-1, 1});
  return -torch::log_softmax(z.view({-1, m.vocab}), -1).gather(1, targets).mean();
}

class Autograd : public ::testing::TestWithParam<const char*> {};

TEST_P(Autograd, transformer) {
  const SweepSpec spec = specOf(GetParam());
  const TransformerShape shape(spec);
  auto input = loadTransformerInput(spec, shape);
  ASSERT_TRUE(input) << input.error().message();
  Random random(5); // biases and LayerNorm away from their plain start
  for (const VectorPlace& place : shape.vectors)
    for (std::size_t i = 0; i < place.size; ++i) input->weights[place.at + i] += 0.3 * random.normal();
  std::vector<std::int64_t> ids;
  for (std::size_t b = 0; b < shape.batch; ++b)
    for (std::size_t t = 0; t <= shape.context; ++t)
      ids.push_back(input->tokens[static_cast<std::size_t>(input->starts[shape.batch + b]) + t]);
  const Tensors leaves = leavesOf(shape, input->weights);
  const Tensor expected = lossOf(leaves, spec, torch::tensor(ids).view({static_cast<std::int64_t>(shape.batch), -1}));
  expected.backward();
  const auto [loss, gradients] = gradientOf<double>(shape, *input, 1);
  EXPECT_NEAR(loss, expected.item<double>(), 1e-12);
  double most = 0;
  for (const auto& [name, values] : gradients) {
    const Tensor gradient = leaves.at(name).grad().contiguous();
    ASSERT_EQ(static_cast<std::size_t>(gradient.numel()), values.size()) << name;
    for (std::size_t i = 0; i < values.size(); ++i)
      most = std::max(most, std::abs(values[i] - gradient.data_ptr<double>()[i]));
  }
  const auto [single, gradients32] = gradientOf<float>(shape, *input, 1);
  double most32 = 0;
  for (const auto& [name, values] : gradients32)
    for (std::size_t i = 0; i < values.size(); ++i)
      most32 = std::max(most32, std::abs(values[i] - gradients.at(name)[i]));
  std::printf("loss %.6f off %.1e (1e-12), gradients off %.1e (1e-12); float32: loss off %.1e (3e-6), gradients off "
              "%.1e (1e-5)\n",
              loss, std::abs(loss - expected.item<double>()), most, std::abs(single - loss), most32);
  EXPECT_LE(most, 1e-12);
  EXPECT_NEAR(single, loss, 3e-6);
  EXPECT_LE(most32, 1e-5);
}

#define ORRERY_AXES                                                                                                    \
  R"("axes": {"x": {"parameter": "lr.attention", "values": [0.1]}, "y": {"parameter": "lr.other", "values": [0.1]}}})"

INSTANTIATE_TEST_SUITE_P(
    Sizes, Autograd,
    ::testing::Values(
        R"({"model": {"kind": "transformer"}, "data": {"kind": "grammar"}, "steps": 3, )" ORRERY_AXES,
        R"({"model": {"kind": "transformer", "layers": 2, "heads": 3, "d_model": 18, "context": 21, "vocab": 11,
            "ffn": 13}, "optimizer": {"batch": 5}, "steps": 3, )" ORRERY_AXES,
        R"({"model": {"kind": "transformer", "layers": 3, "heads": 1, "d_model": 2, "context": 1, "vocab": 2,
            "ffn": 1}, "optimizer": {"batch": 1}, "steps": 3, )" ORRERY_AXES,
        R"({"model": {"kind": "transformer", "layers": 2, "heads": 2, "d_model": 64, "context": 64, "vocab": 40,
            "ffn": 192}, "optimizer": {"batch": 3}, "steps": 3, )" ORRERY_AXES));

// Steepest descent by autograd, one run.
std::vector<double> trainMlp(const SweepSpec& spec, const MlpInput& in, const RunParameters& run) {
  const auto n = static_cast<std::int64_t>(in.n), points = static_cast<std::int64_t>(in.points);
  const Tensor x = tensorOf(in.x, {points, n}), y = tensorOf(in.y, {points, 1});
  Tensor w0 = tensorOf(in.w0, {n, n}) * run.initScale + run.offsetInit, w1 = tensorOf(in.w1, {1, n}) * run.initScale;
  const double gain = spec.model.nonlinearity == Nonlinearity::Identity ? 1 : std::sqrt(2.0);
  const auto loss = [&](const Tensor& rows, const Tensor& targets) {
    Tensor h = torch::matmul(rows, w0.t()) * (gain / std::sqrt(static_cast<double>(n)));
    if (spec.model.nonlinearity == Nonlinearity::Tanh) h = torch::tanh(h);
    if (spec.model.nonlinearity == Nonlinearity::Relu) h = torch::relu(h);
    return (torch::matmul(h, w1.t()) / static_cast<double>(n) - targets).square().mean();
  };
  std::vector<double> losses;
  for (std::int64_t t = 0; t < spec.steps; ++t) {
    w0 = (w0.detach() + run.offsetDrift).requires_grad_();
    w1 = w1.detach().requires_grad_();
    losses.push_back(loss(x, y).item<double>());
    Tensor rows = torch::arange(points);
    if (in.batch > 0) {
      const auto from = in.order.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(t) * in.batch);
      rows = torch::tensor(std::vector<std::int64_t>(from, from + static_cast<std::ptrdiff_t>(in.batch)));
    }
    loss(x.index_select(0, rows), y.index_select(0, rows)).backward();
    w0 = w0.detach() - run.rateFirst * w0.grad();
    w1 = w1.detach() - run.rateSecond * w1.grad();
  }
  return losses;
}

TEST(AutogradMlp, twoLayerNetworks) {
  const char* models[] = {
      R"({"model": {"kind": "mlp2", "n": 16}, "data": {"points": 50}, )",
      R"({"model": {"kind": "mlp2", "n": 5}, "data": {"points": 1}, )",
      R"({"model": {"kind": "mlp2", "n": 6, "nonlinearity": "relu"}, "data": {"points": 19}, "optimizer": {"batch": 7}, )",
      R"({"model": {"kind": "mlp2", "n": 9, "nonlinearity": "identity"}, "data": {"points": 9}, )"};
  for (const char* model : models) {
    const SweepSpec spec = specOf((std::string(model) + R"("steps": 30, "axes": {
      "x": {"parameter": "lr.input", "values": [1]}, "y": {"parameter": "lr.output", "values": [1]}}})")
                                      .c_str());
    auto trainer = makeTrainer(spec);
    const auto input = loadMlpInput(spec);
    ASSERT_TRUE(trainer && input);
    RunParameters run = spec.run(0.7, 1.3);
    run.offsetDrift = 0.01;
    run.offsetInit = -0.2;
    run.initScale = 1.5;
    const auto expected = trainMlp(spec, *input, run);
    const auto found = (*trainer)->curve(run, {});
    ASSERT_TRUE(found);
    double most = 0;
    for (std::size_t t = 0; t < expected.size(); ++t) most = std::max(most, std::abs((*found)[t] / expected[t] - 1));
    std::printf("loss %.4f to %.4f, largest relative difference %.1e (1e-11)\n", expected.front(), expected.back(),
                most);
    EXPECT_LE(most, 1e-11);
  }
}

} // namespace
} // namespace orrery::sweep
