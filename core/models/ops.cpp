// SPDX-License-Identifier: MIT
#include "core/models/ops.h"

#include <ATen/Dispatch.h>
#include <algorithm>

#include "core/models/blas.h"
#include "core/models/kernels.h"
#include "core/models/parallel.h"
#include "core/models/torch_ops.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kSerialWork = 32768; // multiply-adds that are not worth waking a thread for

std::vector<std::int64_t> withLast(const at::Tensor& x, std::int64_t last) {
  std::vector<std::int64_t> sizes(x.sizes().begin(), x.sizes().end());
  sizes.back() = last;
  return sizes;
}

// Pieces of `count` for all threads, in multiples of `unit`; one piece if the whole is little work.
std::int64_t grainFor(std::int64_t count, std::int64_t unit, std::int64_t work) {
  if (work < kSerialWork) return count;
  const std::int64_t piece = (count + threads() - 1) / threads();
  return std::max(unit, (piece + unit - 1) / unit * unit);
}

template <class T> void linearRow(const T* x, const at::Tensor& weight, const T* bias, T* out) {
  const std::int64_t rows = weight.size(0), columns = weight.size(1);
  const T* w = weight.data_ptr<T>();
  parallelFor(rows, grainFor(rows, 16, rows * columns), [&](std::int64_t begin, std::int64_t end) {
    kernels::matVec({.w = w + begin * columns,
                     .rows = end - begin,
                     .columns = columns,
                     .stride = columns,
                     .x = x,
                     .bias = bias ? bias + begin : nullptr,
                     .alpha = T(1),
                     .out = out + begin});
  });
}

// Split over output columns: each thread packs its own part of the weights only.
template <class T> void linearRows(const T* x, std::int64_t rows, const at::Tensor& weight, const T* bias, T* out) {
  const std::int64_t columns = weight.size(0), in = weight.size(1);
  const T* w = weight.data_ptr<T>();
  parallelFor(columns, grainFor(columns, 64, rows * columns * in), [&](std::int64_t begin, std::int64_t end) {
    if (bias)
      for (std::int64_t r = 0; r < rows; ++r) std::copy(bias + begin, bias + end, out + r * columns + begin);
    multiplyTransposed(Product<T>{.m = rows,
                                  .n = end - begin,
                                  .k = in,
                                  .a = x,
                                  .lda = in,
                                  .b = w + begin * in,
                                  .ldb = in,
                                  .c = out + begin,
                                  .ldc = columns,
                                  .alpha = T(1),
                                  .beta = bias ? T(1) : T(0)});
  });
}

at::Tensor fusedLinear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor x = input.contiguous();
  const std::int64_t rows = x.numel() / weight.size(1);
  at::Tensor out = at::empty(withLast(x, weight.size(0)), x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "linear", [&] {
    const scalar_t* b = bias.defined() ? bias.data_ptr<scalar_t>() : nullptr;
    if (rows == 1)
      linearRow(x.data_ptr<scalar_t>(), weight, b, out.data_ptr<scalar_t>());
    else
      linearRows(x.data_ptr<scalar_t>(), rows, weight, b, out.data_ptr<scalar_t>());
  });
  return out;
}

at::Tensor plainActivation(Activation activation, const at::Tensor& x) {
  switch (activation) {
  case Activation::Gelu:
    return at::gelu(x);
  case Activation::GeluTanh:
    return at::gelu(x, "tanh");
  case Activation::QuickGelu:
    return x * at::sigmoid(1.702 * x);
  case Activation::Relu:
    return at::relu(x);
  case Activation::Relu2:
    return at::relu(x).square();
  case Activation::Silu:
    return at::silu(x);
  case Activation::Tanh:
    return at::tanh(x);
  case Activation::Sigmoid:
    return at::sigmoid(x);
  case Activation::Identity:
    return x;
  }
  return x;
}

// A [rows, n] view of a tensor whose last dimension is dense: pointer and distance of rows.
template <class T> struct Rows {
  const T* data;
  std::int64_t stride;
};
bool hasRows(const at::Tensor& x) { return x.stride(-1) == 1 && (x.dim() == 3 && x.size(0) == 1); }
template <class T> Rows<T> rowsOf(const at::Tensor& x) { return {x.data_ptr<T>(), x.stride(1)}; }

// Calls row(index) for every row, on all threads.
void eachRow(std::int64_t rows, std::int64_t workPerRow, const std::function<void(std::int64_t)>& row) {
  parallelFor(rows, grainFor(rows, 1, rows * workPerRow), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) row(r);
  });
}

constexpr std::int64_t kActivationWork = 16; // multiply-adds an exp is worth

} // namespace

at::Tensor Ops::linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) const {
  if (fused) return fusedLinear(x, weight, bias);
  return bias.defined() ? at::linear(x, weight, bias) : at::linear(x, weight);
}

at::Tensor Ops::activate(Activation activation, const at::Tensor& x) const {
  const bool kernel = activation == Activation::GeluTanh || activation == Activation::Silu;
  if (!fused || !kernel || !hasRows(x)) return plainActivation(activation, x);
  const std::int64_t n = x.size(-1);
  at::Tensor out = at::empty(x.sizes(), x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "activate", [&] {
    const auto rows = rowsOf<scalar_t>(x);
    scalar_t* to = out.data_ptr<scalar_t>();
    eachRow(x.size(1), n * kActivationWork, [&](std::int64_t r) {
      if (activation == Activation::Silu)
        kernels::silu(rows.data + r * rows.stride, n, to + r * n);
      else
        kernels::geluTanh(rows.data + r * rows.stride, n, to + r * n);
    });
  });
  return out;
}

at::Tensor Ops::gate(Activation activation, const at::Tensor& gate, const at::Tensor& up) const {
  if (!fused || activation != Activation::Silu || !hasRows(gate) || !hasRows(up))
    return activate(activation, gate) * up;
  const std::int64_t n = gate.size(-1);
  at::Tensor out = at::empty(gate.sizes(), gate.options());
  AT_DISPATCH_FLOATING_TYPES(gate.scalar_type(), "gate", [&] {
    const auto gates = rowsOf<scalar_t>(gate), ups = rowsOf<scalar_t>(up);
    scalar_t* to = out.data_ptr<scalar_t>();
    eachRow(gate.size(1), n * kActivationWork, [&](std::int64_t r) {
      kernels::siluTimes(gates.data + r * gates.stride, ups.data + r * ups.stride, n, to + r * n);
    });
  });
  return out;
}

Normed fusedNorm(const at::Tensor& input, const NormWeights& weights, NormKind kind, double eps, bool parts) {
  const at::Tensor x = input.contiguous();
  const std::int64_t n = x.size(-1), rows = x.numel() / n;
  Normed made;
  made.out = at::empty(x.sizes(), x.options());
  if (parts) {
    made.normalized = at::empty(x.sizes(), x.options());
    made.scale = at::empty(withLast(x, 1), x.options());
  }
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "norm", [&] {
    kernels::NormRow<scalar_t> job{.x = x.data_ptr<scalar_t>(),
                                   .n = n,
                                   .rms = kind == NormKind::Rms,
                                   .eps = static_cast<scalar_t>(eps),
                                   .weight = weights.weight.data_ptr<scalar_t>(),
                                   .bias = weights.bias.defined() ? weights.bias.data_ptr<scalar_t>() : nullptr,
                                   .out = made.out.data_ptr<scalar_t>(),
                                   .normalized = parts ? made.normalized.data_ptr<scalar_t>() : nullptr};
    scalar_t* scales = parts ? made.scale.data_ptr<scalar_t>() : nullptr;
    eachRow(rows, n, [&](std::int64_t r) {
      auto row = job;
      row.x += r * n;
      row.out += r * n;
      if (row.normalized) row.normalized += r * n;
      const scalar_t scale = kernels::normRow(row);
      if (scales) scales[r] = scale;
    });
  });
  return made;
}

} // namespace orrery::models
