// SPDX-License-Identifier: MIT
#include "core/analysis/difference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace orrery::analysis {

void Difference::add(double ours, double reference, double vectorSize) {
  if (m_elements++ == 0) m_allowed = m_relative; // of no difference yet
  if (ours == reference || (std::isnan(ours) && std::isnan(reference))) return;
  double off = std::abs(ours - reference);
  if (std::isnan(off)) off = std::numeric_limits<double>::infinity();
  const double scale = std::isfinite(reference) ? std::max({1.0, std::abs(reference), vectorSize}) : 1.0;
  m_scaled = std::max(m_scaled, off / scale);
  const bool within = off <= m_relative * scale;
  if (within ? (!m_ok || off <= m_maxAbs) : (!m_ok && off <= m_maxAbs)) return;
  m_ok = m_ok && within;
  m_maxAbs = off;
  m_allowed = m_relative * scale;
}

namespace {

double rootMeanSquare(std::span<const double> values) {
  double sum = 0, count = 0;
  for (const double x : values)
    if (std::isfinite(x)) sum += x * x, ++count;
  return count > 0 ? std::sqrt(sum / count) : 0;
}

} // namespace

void Difference::add(std::span<const double> ours, std::span<const double> reference, std::size_t vector) {
  double size = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (vector > 0 && i % vector == 0) size = rootMeanSquare(reference.subspan(i, std::min(vector, ours.size() - i)));
    add(ours[i], reference[i], size);
  }
}

namespace {

double logSumExp(std::span<const double> logits) {
  const double top = *std::ranges::max_element(logits);
  double sum = 0;
  for (const double x : logits) sum += std::exp(x - top);
  return top + std::log(sum);
}

} // namespace

void LogitsChange::add(std::span<const double> reference, std::span<const double> other) {
  const double p = logSumExp(reference), q = logSumExp(other);
  double kl = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    m_maxAbs = std::max(m_maxAbs, std::abs(other[i] - reference[i]));
    const double logP = reference[i] - p;
    if (const double share = std::exp(logP); share > 0) kl += share * (logP - (other[i] - q));
  }
  m_kl.push_back(kl);
  const auto top = [](std::span<const double> row) { return std::ranges::max_element(row) - row.begin(); };
  if (top(reference) != top(other)) ++m_changed;
}

double LogitsChange::klMean() const {
  if (m_kl.empty()) return 0;
  return std::accumulate(m_kl.begin(), m_kl.end(), 0.0) / static_cast<double>(m_kl.size());
}

} // namespace orrery::analysis
