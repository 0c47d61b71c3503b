// SPDX-License-Identifier: MIT
// How far numbers are from those of a reference, gathered piece by piece so that neither side need be whole in memory.
// An element is within tolerance if |a - ref| <= relative * size, size = max(1, |ref|). Where both sides come from
// float32 runs, or the reference from float64 and a deep model is meant, single elements of a vector carry the rounding
// of the large ones: there size = max(1, |ref|, root mean square of the vector that the element stands in). Any thread.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace orrery::analysis {

class Difference {
public:
  explicit Difference(double relative) : m_relative(relative) {}
  // As many of ours as of the reference. Equal numbers (equal infinities too, NaN on both sides) are no difference; NaN
  // on one side is an infinite one.
  // `vector`: elements of one vector (those of a last dimension), whose size counts; 0: the element alone.
  void add(std::span<const double> ours, std::span<const double> reference, std::size_t vector = 0);
  void add(double ours, double reference, double vectorSize = 0);

  bool ok() const { return m_ok; }
  // The largest |a - ref|, and what is allowed where it stands; if some are not within tolerance, the largest of those.
  // So maxAbs() <= allowed() says the same as ok().
  double maxAbs() const { return m_maxAbs; }
  double allowed() const { return m_allowed; }
  double scaled() const { return m_scaled; } // largest |a - ref| / size
  double relative() const { return m_relative; }
  std::int64_t elements() const { return m_elements; }

private:
  double m_relative, m_maxAbs = 0, m_allowed = 0, m_scaled = 0;
  std::int64_t m_elements = 0;
  bool m_ok = true;
};

// What other weights do to the next-token distributions. With p = softmax(reference), q = softmax(other):
// KL = sum_i p_i (ln p_i - ln q_i), in nat, of every position.
class LogitsChange {
public:
  void add(std::span<const double> reference, std::span<const double> other); // [V] of one position
  double maxAbs() const { return m_maxAbs; }                                  // largest |logit difference|
  const std::vector<double>& kl() const { return m_kl; }                      // [T]
  double klMean() const;
  std::int64_t top1Changed() const { return m_changed; } // positions whose most likely token is another
  std::int64_t positions() const { return static_cast<std::int64_t>(m_kl.size()); }

private:
  double m_maxAbs = 0;
  std::int64_t m_changed = 0;
  std::vector<double> m_kl;
};

} // namespace orrery::analysis
