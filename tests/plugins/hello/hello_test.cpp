// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>

#include "plugins/hello/hello.h"

using namespace orrery;

namespace {

// Two layers, three tokens, D = 4; the third token came later, as a block of its own. Element = layer + t + d / 4.
double element(int layer, std::int64_t t, int d) { return layer + static_cast<double>(t) + d / 4.0; }

store::HookBlock blockOf(int layer, std::int64_t begin, std::int64_t count) {
  std::vector<float> values;
  for (std::int64_t t = begin; t < begin + count; ++t)
    for (int d = 0; d < 4; ++d) values.push_back(static_cast<float>(element(layer, t, d)));
  return {begin, count, viewOf(std::move(values), Shape{1, count, 4})};
}

std::shared_ptr<store::Snapshot> snapshot(bool captured) {
  auto s = std::make_shared<store::Snapshot>();
  for (int i = 0; i < 3; ++i) {
    s->tokens.push_back(i);
    s->pieces.push_back(" t");
  }
  for (int layer = 0; captured && layer < 2; ++layer) {
    store::HookChannel channel;
    channel.blocks.push_back(blockOf(layer, 0, 2));
    channel.blocks.push_back(blockOf(layer, 2, 1));
    s->hooks["blocks." + std::to_string(layer) + ".hook_resid_post"] = channel;
  }
  return s;
}

TEST(Hello, NormsEqualTheClosedForm) {
  const views::Registry registry = plugins::allViews();
  const views::View* view = registry.find("residual-norm");
  ASSERT_NE(view, nullptr);
  views::Request request;
  request.snapshot = snapshot(true);
  const auto built = view->build(request, {});
  ASSERT_TRUE(built.ok()) << built.error().what;
  const std::vector<double> norms = toDoubles(built->data[0].values);
  ASSERT_EQ(norms.size(), 6u);
  double worst = 0;
  for (int layer = 0; layer < 2; ++layer)
    for (int t = 0; t < 3; ++t) {
      double sum = 0;
      for (int d = 0; d < 4; ++d) sum += element(layer, t, d) * element(layer, t, d);
      worst = std::max(worst, std::abs(norms[static_cast<std::size_t>(layer * 3 + t)] - std::sqrt(sum)));
    }
  std::printf("largest difference %.2g, tolerance 1e-6\n", worst);
  EXPECT_LT(worst, 1e-6);
  EXPECT_EQ(built->scene.nonFinite, 0);
}

TEST(Hello, SaysWhichHookToCapture) {
  const views::Registry registry = plugins::allViews();
  views::Request request;
  request.snapshot = snapshot(false);
  const auto built = registry.find("residual-norm")->build(request, {});
  ASSERT_FALSE(built.ok());
  EXPECT_NE(built.error().what.find("blocks.*.hook_resid_post"), std::string::npos) << built.error().what;
}

TEST(Plugins, ANameIsGivenOnce) {
  views::Registry registry = views::builtInViews();
  plugins::PluginHost host(registry);
  EXPECT_TRUE(plugins::registerHello(host).ok());
  EXPECT_FALSE(plugins::registerHello(host).ok());
  std::vector<std::string> refused;
  (void)plugins::allViews(&refused);
  EXPECT_TRUE(refused.empty());
}

} // namespace
