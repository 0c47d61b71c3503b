// SPDX-License-Identifier: MIT
#include "core/train/adamw.h"

#include <ATen/ATen.h>
#include <cmath>

namespace orrery::train {

AdamW::AdamW(std::vector<at::Tensor> parameters, const OptimizerSpec& spec) : m_spec(spec) {
  for (at::Tensor& parameter : parameters) {
    at::Tensor mean = at::zeros_like(parameter.detach()), square = at::zeros_like(parameter.detach());
    m_slots.push_back({std::move(parameter), std::move(mean), std::move(square)});
  }
}

void AdamW::step(double learningRate) {
  ++m_steps;
  const double correctMean = 1 - std::pow(m_spec.beta1, static_cast<double>(m_steps));
  const double correctSquare = 1 - std::pow(m_spec.beta2, static_cast<double>(m_steps));
  for (Slot& slot : m_slots) {
    const at::Tensor gradient = slot.parameter.grad();
    if (!gradient.defined()) continue;
    at::Tensor value = slot.parameter.detach(); // shares the memory, without a graph
    if (value.dim() >= 2) value.mul_(1 - learningRate * m_spec.weightDecay);
    slot.mean.mul_(m_spec.beta1).add_(gradient, 1 - m_spec.beta1);
    slot.square.mul_(m_spec.beta2).addcmul_(gradient, gradient, 1 - m_spec.beta2);
    const at::Tensor scale = slot.square.sqrt().div_(std::sqrt(correctSquare)).add_(m_spec.eps);
    value.addcdiv_(slot.mean, scale, -learningRate / correctMean);
  }
}

void AdamW::clearGradients() {
  for (Slot& slot : m_slots) slot.parameter.mutable_grad().reset();
}

double AdamW::clipGradients() {
  double squares = 0;
  for (const Slot& slot : m_slots)
    if (slot.parameter.grad().defined()) {
      const double norm = slot.parameter.grad().norm().item<double>();
      squares += norm * norm;
    }
  const double norm = std::sqrt(squares);
  if (m_spec.clip > 0 && norm > m_spec.clip)
    for (const Slot& slot : m_slots)
      if (slot.parameter.grad().defined()) slot.parameter.grad().mul_(m_spec.clip / (norm + 1e-6));
  return norm;
}

} // namespace orrery::train
