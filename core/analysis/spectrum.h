// SPDX-License-Identifier: MIT
// What the singular values s_1 >= ... >= s_n of an m x n matrix W (m >= n here, whichever way it lies) say. Pure; any
// thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace orrery::analysis {

// Density p(x) ~ x^-alpha for x >= xmin, by maximum likelihood, xmin by least Kolmogorov-Smirnov distance among the
// values themselves (Clauset, Shalizi and Newman, "Power-law distributions in empirical data", 2009), on the
// eigenvalues s^2 of W^T W, as WeightWatcher (Martin, Peng and Mahoney, 2021) has it:
//   alpha = 1 + k / sum ln(x / xmin),  error = (alpha - 1) / sqrt(k),  k the number of values >= xmin.
struct PowerLaw {
  double alpha = 0, xmin = 0, error = 0;
  double distance = 0;   // Kolmogorov-Smirnov, of the fit
  std::int64_t tail = 0; // values >= xmin
};
// `values` positive, in any order. None if fewer than two differ.
std::optional<PowerLaw> fitPowerLaw(std::vector<double> values);

struct Spectrum {
  std::vector<double> values;       // [n] singular values, descending; the largest ones of an estimate
  std::int64_t rows = 0, cols = 0;  // of the matrix as it is stored
  bool estimated = false;           // not all of them: what needs all is NaN
  double residual = 0;              // of an estimate: s_i is at most sqrt(values[i]^2 + residual^2)
  double frobenius = 0;             // sqrt(sum s^2)
  double stableRank = 0;            // sum s^2 / s_1^2; NaN of a matrix of zeros, as all below
  double effectiveRankSingular = 0; // exp(-sum p ln p), p = s / sum s (Roy and Vetterli, 2007)
  double effectiveRankEnergy = 0;   // the same with p = s^2 / sum s^2
  double entropy = 0;               // ln(effectiveRankEnergy) / ln(rank), 0..1; 0 at rank 1
  std::int64_t rank = 0;            // values above s_1 max(m, n) eps of float32
  std::optional<PowerLaw> powerLaw; // over the values that count for the rank
  // Marchenko-Pastur: a matrix of independent entries of this variance has no singular value far above
  // std (sqrt(m) + sqrt(n)), nor, if it is not square, below std (sqrt(m) - sqrt(n)).
  double mpEdge = 0, mpLower = 0;
  std::int64_t outside = 0; // values above mpEdge: they are the first ones
};

// `elementStd`: population standard deviation of the elements of W.
Spectrum summarise(std::vector<double> values, std::int64_t rows, std::int64_t cols, double elementStd);
// Of the k largest values and the Frobenius norm alone.
Spectrum summariseEstimate(std::vector<double> values, double residual, double frobenius, std::int64_t rows,
                           std::int64_t cols, double elementStd);

// Marchenko-Pastur density of singular values at s (integrates to 1 over s; a square or non-square matrix, entries of
// standard deviation std).
double marchenkoPasturDensity(double s, std::int64_t rows, std::int64_t cols, double std);

} // namespace orrery::analysis
