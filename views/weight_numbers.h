// SPDX-License-Identifier: MIT
// Spectra of many matrices and the numbers that a table or a map shows of them. Any thread.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "views/built_in.h"
#include "views/weight_input.h"

namespace orrery::views {

struct SpectrumNumber {
  std::string_view name, title;                     // as in `--set number=name`; as it stands over a column
  double (*of)(const analysis::Spectrum& spectrum); // NaN where there is none
};
std::span<const SpectrumNumber> spectrumNumbers();
const SpectrumNumber* findSpectrumNumber(std::string_view name); // null if unknown
std::vector<std::string> spectrumNumberNames();

DerivedCache<analysis::Spectrum>::Ptr spectrumOf(const Request& request, const weights::Weight& weight,
                                                 const Shared& shared, Missing& missing);
// Those of the weights that are matrices, in their order. Without a loader all are computed, on every core.
std::vector<MatrixSpectrum> spectraOf(const Request& request, const std::vector<const weights::Weight*>& weights,
                                      const Shared& shared, Missing& missing, const std::stop_token& stop);
std::vector<const weights::Weight*> matricesOf(const weights::WeightSet& set, const std::string& glob);
bool matchesName(const std::string& glob, const weights::Weight& weight); // an empty glob matches all
std::size_t known(const std::vector<MatrixSpectrum>& spectra);            // how many are there, refused ones included

} // namespace orrery::views
