// SPDX-License-Identifier: MIT
// Compiled once per vector unit (Highway's foreach_target) and chosen at run time.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/sweep/mlp_kernel.cpp"
#include "hwy/foreach_target.h" // stands first: it includes this file again

#include "core/sweep/mlp_kernel.h"
#include "core/sweep/vector_math-inl.h"

#include <algorithm>
#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace orrery::sweep {
namespace HWY_NAMESPACE {

// One step of all lanes of a segment. Shapes with [N] have N = padded n.
template <class T, Nonlinearity kKind> struct MlpStep {
  using V = Vector<T>;
  const MlpSegment<T>& job;
  const Tag<T> tag{};
  const std::size_t lanes = lanesOf<T>(), width = mlpPadded(job.n);
  T* const scaled = job.scratch;                          // [N hidden][N inputs]: W0 times what stands before z
  T* const gradient0 = scaled + width * width * lanes;    // [N hidden][N inputs]: sum of slope q x
  T* const gradient1 = gradient0 + width * width * lanes; // [N]: sum of h q
  T* const hidden = gradient1 + width * lanes;            // [tile][N]: z, h, then slope q
  const double gain = (kKind == Nonlinearity::Identity ? 1.0 : std::sqrt(2.0)) / std::sqrt(static_cast<double>(job.n));
  V lossSum = hn::Zero(tag);

  void enter(Phase phase) const {
    if (job.clock) job.clock->enter(phase);
  }
  V load(const T* at) const { return hn::Load(tag, at); }
  V set(double value) const { return hn::Set(tag, static_cast<T>(value)); }

  void scaleWeights() const {
    const V factor = set(kKind == Nonlinearity::Tanh ? 2 * gain : gain), drift = load(job.drift);
    for (std::size_t j = 0; j < job.n; ++j)
      for (std::size_t i = 0; i < job.n; ++i) {
        T* weight = job.w0 + (j * width + i) * lanes;
        const V moved = hn::Add(load(weight), drift);
        hn::Store(moved, tag, weight);
        hn::Store(hn::Mul(moved, factor), tag, scaled + (j * width + i) * lanes);
      }
  }

  // z of 4 hidden units at 4 points, inputs in ascending order.
  void products(const T* x, const T* weights, T* out) const {
    V sum[4][4];
    for (auto& row : sum)
      for (V& s : row) s = hn::Zero(tag);
    for (std::size_t i = 0; i < job.n; ++i) {
      V w[4];
      for (std::size_t j = 0; j < 4; ++j) w[j] = load(weights + (j * width + i) * lanes);
      for (std::size_t p = 0; p < 4; ++p) {
        const V input = hn::Set(tag, x[p * width + i]);
        for (std::size_t j = 0; j < 4; ++j) sum[p][j] = fma(input, w[j], sum[p][j]);
      }
    }
    for (std::size_t p = 0; p < 4; ++p)
      for (std::size_t j = 0; j < 4; ++j) hn::Store(sum[p][j], tag, out + (p * width + j) * lanes);
  }

  void activate(std::size_t rows) const {
    if constexpr (kKind == Nonlinearity::Identity) return;
    for (std::size_t k = 0; k < rows * width; ++k) {
      const V z = load(hidden + k * lanes);
      if constexpr (kKind == Nonlinearity::Tanh)
        hn::Store(tanhOfHalf<T>(z), tag, hidden + k * lanes);
      else
        hn::Store(hn::IfThenZeroElse(hn::Lt(z, hn::Zero(tag)), z), tag, hidden + k * lanes);
    }
  }

  void forward(const T* x, std::size_t rows) const {
    enter(Phase::Products);
    for (std::size_t j = 0; j < width; j += 4)
      for (std::size_t p = 0; p < rows; p += 4)
        products(x + p * width, scaled + j * width * lanes, hidden + (p * width + j) * lanes);
    enter(Phase::Nonlinear);
    activate(rows);
    enter(Phase::Rest);
  }

  // W1 h / n - y of 4 points.
  void errors(const T* y, std::size_t first, V (&error)[4]) const {
    V sum[4];
    for (V& s : sum) s = hn::Zero(tag);
    const T* h = hidden + first * width * lanes;
    for (std::size_t j = 0; j < width; ++j) {
      const V w = load(job.w1 + j * lanes);
      for (std::size_t p = 0; p < 4; ++p) sum[p] = fma(w, load(h + (p * width + j) * lanes), sum[p]);
    }
    const V share = set(1 / static_cast<double>(job.n));
    for (std::size_t p = 0; p < 4; ++p) error[p] = fma(sum[p], share, hn::Set(tag, -y[first + p]));
  }

  // Adds h q to the gradient of W1 and puts slope q where h was.
  void slopes(std::size_t p, V q) const {
    T* h = hidden + p * width * lanes;
    const V one = set(1);
    for (std::size_t j = 0; j < width; ++j, h += lanes) {
      const V now = load(h);
      hn::Store(fma(now, q, load(gradient1 + j * lanes)), tag, gradient1 + j * lanes);
      if constexpr (kKind == Nonlinearity::Tanh)
        hn::Store(hn::Mul(fnma(now, now, one), q), tag, h);
      else if constexpr (kKind == Nonlinearity::Relu)
        hn::Store(hn::IfThenElseZero(hn::Gt(now, hn::Zero(tag)), q), tag, h);
      else
        hn::Store(q, tag, h);
    }
  }

  // Adds slope q x of `rows` points to 4 x 4 entries of the gradient of W0.
  void outer(const T* x, const T* s, std::size_t rows, T* out) const {
    V sum[4][4];
    for (std::size_t j = 0; j < 4; ++j)
      for (std::size_t i = 0; i < 4; ++i) sum[j][i] = load(out + (j * width + i) * lanes);
    for (std::size_t p = 0; p < rows; ++p) {
      V row[4];
      for (std::size_t j = 0; j < 4; ++j) row[j] = load(s + (p * width + j) * lanes);
      for (std::size_t i = 0; i < 4; ++i) {
        const V input = hn::Set(tag, x[p * width + i]);
        for (std::size_t j = 0; j < 4; ++j) sum[j][i] = fma(input, row[j], sum[j][i]);
      }
    }
    for (std::size_t j = 0; j < 4; ++j)
      for (std::size_t i = 0; i < 4; ++i) hn::Store(sum[j][i], tag, out + (j * width + i) * lanes);
  }

  void backward(const T* x, std::size_t rows) const {
    enter(Phase::Products);
    for (std::size_t j = 0; j < width; j += 4)
      for (std::size_t i = 0; i < width; i += 4)
        outer(x + i, hidden + j * lanes, rows, gradient0 + (j * width + i) * lanes);
    enter(Phase::Rest);
  }

  // All rows, tile by tile: squared errors into lossSum if kLoss, gradients if kGradient.
  template <bool kLoss, bool kGradient> void pass(const MlpRows<T>& rows) {
    const V share = set(2 / (static_cast<double>(rows.count) * static_cast<double>(job.n)));
    for (std::size_t first = 0; first < rows.count; first += kMlpTile) {
      const std::size_t count = std::min(kMlpTile, rows.count - first);
      const T* x = rows.x + first * width;
      forward(x, mlpPadded(count));
      for (std::size_t p = 0; p < count; p += 4) {
        V error[4];
        errors(rows.y + first, p, error);
        for (std::size_t k = 0; k < 4 && p + k < count; ++k) {
          if constexpr (kLoss) lossSum = fma(error[k], error[k], lossSum);
          if constexpr (kGradient) slopes(p + k, hn::Mul(error[k], share));
        }
      }
      if constexpr (kGradient) backward(x, count);
    }
  }

  void update() const {
    const V rate0 = load(job.rate0), rate1 = load(job.rate1), factor = set(gain);
    for (std::size_t j = 0; j < job.n; ++j) {
      const V w1 = load(job.w1 + j * lanes), before = hn::Mul(w1, factor);
      for (std::size_t i = 0; i < job.n; ++i) {
        const std::size_t at = (j * width + i) * lanes;
        hn::Store(fnma(rate0, hn::Mul(before, load(gradient0 + at)), load(job.w0 + at)), tag, job.w0 + at);
      }
      hn::Store(fnma(rate1, load(gradient1 + j * lanes), w1), tag, job.w1 + j * lanes);
    }
  }

  void step(std::size_t t) {
    enter(Phase::Rest);
    scaleWeights();
    std::fill(gradient0, hidden, T(0));
    lossSum = hn::Zero(tag);
    if (job.batches) {
      pass<true, false>(job.points);
      pass<false, true>(job.batches[t]);
    } else {
      pass<true, true>(job.points);
    }
    hn::Store(hn::Div(lossSum, set(static_cast<double>(job.points.count))), tag, job.losses + t * lanes);
    update();
  }
};

template <class T, Nonlinearity kKind> void runSteps(const MlpSegment<T>& job) {
  MlpStep<T, kKind> steps{job};
  std::fill(steps.scaled, steps.gradient0, T(0)); // its padding is never written
  for (std::size_t t = 0; t < job.steps; ++t) steps.step(t);
}

template <class T> void runAny(const MlpSegment<T>& job) {
  switch (job.nonlinearity) {
  case Nonlinearity::Tanh:
    return runSteps<T, Nonlinearity::Tanh>(job);
  case Nonlinearity::Relu:
    return runSteps<T, Nonlinearity::Relu>(job);
  case Nonlinearity::Identity:
    return runSteps<T, Nonlinearity::Identity>(job);
  }
}

template <class T> void tanhAny(const T* z, T* out, std::size_t count) {
  const Tag<T> tag;
  for (std::size_t k = 0; k < count; k += lanesOf<T>())
    hn::StoreU(tanhOfHalf<T>(hn::Add(hn::LoadU(tag, z + k), hn::LoadU(tag, z + k))), tag, out + k);
}

std::size_t lanes32() { return lanesOf<float>(); }
std::size_t lanes64() { return lanesOf<double>(); }
void steps32(const MlpSegment<float>& job) { runAny(job); }
void steps64(const MlpSegment<double>& job) { runAny(job); }
void tanh32(const float* z, float* out, std::size_t count) { tanhAny(z, out, count); }
void tanh64(const double* z, double* out, std::size_t count) { tanhAny(z, out, count); }

} // namespace HWY_NAMESPACE
} // namespace orrery::sweep
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace orrery::sweep {

HWY_EXPORT(lanes32);
HWY_EXPORT(lanes64);
HWY_EXPORT(steps32);
HWY_EXPORT(steps64);
HWY_EXPORT(tanh32);
HWY_EXPORT(tanh64);

std::size_t mlpLanes(float) { return HWY_DYNAMIC_DISPATCH(lanes32)(); }
std::size_t mlpLanes(double) { return HWY_DYNAMIC_DISPATCH(lanes64)(); }
void mlpSteps(const MlpSegment<float>& segment) { HWY_DYNAMIC_DISPATCH(steps32)(segment); }
void mlpSteps(const MlpSegment<double>& segment) { HWY_DYNAMIC_DISPATCH(steps64)(segment); }
void mlpTanh(const float* z, float* out, std::size_t count) { HWY_DYNAMIC_DISPATCH(tanh32)(z, out, count); }
void mlpTanh(const double* z, double* out, std::size_t count) { HWY_DYNAMIC_DISPATCH(tanh64)(z, out, count); }

} // namespace orrery::sweep
#endif
