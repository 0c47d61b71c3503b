// SPDX-License-Identifier: MIT
#include "core/train/adamw.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

using namespace orrery::train;

// Numbers of torch 2.13: AdamW(betas=(0.9, 0.98), eps=1e-8), weight decay 0.1 on the matrix and 0 on the vector,
// clip_grad_norm_ at 1, learning rates 0.01, 0.02 .. 0.05, loss = sum((x w^T + b)^2).
TEST(AdamW, equalsTorchOptimAdamW) {
  at::Tensor w = at::tensor({1.0, -2.0, 0.5, 3.0}, at::kDouble).reshape({2, 2}).requires_grad_();
  at::Tensor b = at::tensor({0.1, -0.2}, at::kDouble).requires_grad_();
  const at::Tensor x = at::tensor({0.3, -1.0, 2.0, 0.7, -0.4, 0.9}, at::kDouble).reshape({3, 2});
  OptimizerSpec spec;
  spec.weightDecay = 0.1;
  AdamW optimizer({w, b}, spec);
  const double norms[] = {19.561986923217773, 19.36014175415039, 18.960453033447266, 18.371810913085938,
                          17.609424591064453};
  double largest = 0;
  for (int i = 0; i < 5; ++i) {
    const at::Tensor loss = (at::matmul(x, w.t()) + b).pow(2).sum();
    optimizer.clearGradients();
    loss.backward();
    largest = std::max(largest, std::abs(optimizer.clipGradients() / norms[i] - 1));
    optimizer.step(0.05 * (i + 1) / 5);
  }
  const double expected[] = {0.8363199830055237, -1.8208107948303223,  0.34374234080314636,
                             2.8059699535369873, -0.04781536012887955, -0.3491784632205963};
  for (int i = 0; i < 6; ++i) {
    const double found = i < 4 ? w.flatten()[i].item<double>() : b[i - 4].item<double>();
    largest = std::max(largest, std::abs(found - expected[i]));
  }
  std::printf("largest difference %.3g, tolerance 1e-6 (the reference ran in float32)\n", largest);
  EXPECT_LE(largest, 1e-6);
}

TEST(AdamW, aParameterWithoutGradientStays) {
  at::Tensor used = at::ones({2, 2}).requires_grad_(), idle = at::ones({2, 2}).requires_grad_();
  AdamW optimizer({used, idle}, OptimizerSpec{});
  used.sum().backward();
  optimizer.step(0.1);
  EXPECT_LT(used.max().item<double>(), 1);
  EXPECT_EQ(idle.min().item<double>(), 1);
}

TEST(AdamW, withoutClipNothingIsScaled) {
  at::Tensor w = at::ones({3}).requires_grad_();
  OptimizerSpec spec;
  spec.clip = 0;
  AdamW optimizer({w}, spec);
  (w * 100).sum().backward();
  EXPECT_NEAR(optimizer.clipGradients(), 100 * std::sqrt(3.0), 1e-3);
  EXPECT_EQ(w.grad()[0].item<double>(), 100);
}
