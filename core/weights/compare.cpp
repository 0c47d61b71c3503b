// SPDX-License-Identifier: MIT
#include "core/weights/compare.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace orrery::weights {
namespace {

Shape canonicalShape(const Weight& weight) {
  Shape shape = weight.shape;
  if (weight.transposed && weight.matrix()) std::swap(shape[0], shape[1]);
  return shape;
}

struct Sums {
  double a = 0, b = 0, product = 0, difference = 0, largest = 0;

  void add(const double* x, const double* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const double d = y[i] - x[i];
      a += x[i] * x[i];
      b += y[i] * y[i];
      product += x[i] * y[i];
      difference += d * d;
      largest = std::max(largest, std::abs(d));
    }
  }
  Change change() const {
    Change c;
    c.normA = std::sqrt(a);
    c.normB = std::sqrt(b);
    c.relative = difference == 0 ? 0 : a > 0 ? std::sqrt(difference / a) : std::nan("");
    c.cosine = a > 0 && b > 0 ? product / (c.normA * c.normB) : std::nan("");
    c.largest = largest;
    return c;
  }
};

} // namespace

const Weight* counterpart(const WeightSet& other, const Weight& weight) {
  const Weight* found = other.find(weight.name);
  return found ? found : other.findCanonical(weight.canonical);
}

bool sameShape(const Weight& a, const Weight& b) { return canonicalShape(a) == canonicalShape(b); }

Matched match(const WeightSet& a, const WeightSet& b) {
  Matched matched;
  std::set<const Weight*> used;
  for (const Weight& from : a.weights()) {
    const Weight* to = counterpart(b, from);
    if (!to || !used.insert(to).second)
      matched.onlyA.push_back(from.name);
    else if (sameShape(from, *to))
      matched.pairs.emplace_back(&from, to);
    else
      matched.shapes.push_back(from.name + ": " + shapeText(from.shape) + " against " + shapeText(to->shape));
  }
  for (const Weight& to : b.weights())
    if (!used.contains(&to)) matched.onlyB.push_back(to.name);
  return matched;
}

Result<Change> changeOf(const WeightsPtr& a, const Weight& from, const WeightsPtr& b, const Weight& to,
                        const std::stop_token& stop) {
  auto left = canonicalSource(a, from), right = canonicalSource(b, to);
  if (!left) return left.error();
  if (!right) return right.error();
  const std::int64_t step = std::max<std::int64_t>(1, (std::int64_t{1} << 17) / std::max<std::int64_t>(1, left->cols));
  std::vector<double> x(static_cast<std::size_t>(std::min(step, left->rows) * left->cols)), y(x.size());
  Sums sums;
  for (std::int64_t first = 0; first < left->rows; first += step) {
    if (stop.stop_requested()) return cancelled();
    const std::int64_t count = std::min(step, left->rows - first);
    if (Status read = left->read(first, count, x.data()); !read) return read.error();
    if (Status read = right->read(first, count, y.data()); !read) return read.error();
    sums.add(x.data(), y.data(), static_cast<std::size_t>(count * left->cols));
  }
  return sums.change();
}

} // namespace orrery::weights
