// SPDX-License-Identifier: MIT
#include "views/weight_numbers.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/text.h"
#include "core/weights/spectra.h"

namespace orrery::views {
namespace {

using analysis::Spectrum;

double none() { return std::nan(""); }
double first(const Spectrum& s) { return s.values.empty() ? none() : s.values.front(); }
double alpha(const Spectrum& s) { return s.powerLaw ? s.powerLaw->alpha : none(); }
double alphaError(const Spectrum& s) { return s.powerLaw ? s.powerLaw->error : none(); }
double rank(const Spectrum& s) { return s.estimated ? none() : static_cast<double>(s.rank); }

constexpr std::array kNumbers = {
    SpectrumNumber{"spectral_norm", "s_1", first},
    SpectrumNumber{"frobenius", "Frobenius", [](const Spectrum& s) { return s.frobenius; }},
    SpectrumNumber{"rank", "rank", rank},
    SpectrumNumber{"stable_rank", "stable rank", [](const Spectrum& s) { return s.stableRank; }},
    SpectrumNumber{"effective_rank_singular", "eff. rank s", [](const Spectrum& s) { return s.effectiveRankSingular; }},
    SpectrumNumber{"effective_rank_energy", "eff. rank s²", [](const Spectrum& s) { return s.effectiveRankEnergy; }},
    SpectrumNumber{"entropy", "entropy", [](const Spectrum& s) { return s.entropy; }},
    SpectrumNumber{"alpha", "alpha", alpha},
    SpectrumNumber{"alpha_error", "± alpha", alphaError},
    SpectrumNumber{"mp_edge", "MP edge", [](const Spectrum& s) { return s.mpEdge; }},
    SpectrumNumber{"outside", "outside", [](const Spectrum& s) { return static_cast<double>(s.outside); }}};

} // namespace

std::span<const SpectrumNumber> spectrumNumbers() { return kNumbers; }

const SpectrumNumber* findSpectrumNumber(std::string_view name) {
  const auto at = std::ranges::find(kNumbers, name, &SpectrumNumber::name);
  return at == kNumbers.end() ? nullptr : &*at;
}

std::vector<std::string> spectrumNumberNames() {
  std::vector<std::string> names;
  for (const SpectrumNumber& number : kNumbers) names.emplace_back(number.name);
  return names;
}

DerivedCache<Spectrum>::Ptr spectrumOf(const Request& request, const weights::Weight& weight, const Shared& shared,
                                       Missing& missing) {
  const weights::WeightsPtr set = request.weights;
  return missing.get<Spectrum>(
      shared.weights, &WeightCaches::spectra, weightKey(*set, indexOf(*set, weight), kSpectrumOf),
      [set, &weight](const std::stop_token& stop) { return weights::spectrumOf(set, weight, {}, stop); });
}

std::vector<MatrixSpectrum> spectraOf(const Request& request, const std::vector<const weights::Weight*>& all,
                                      const Shared& shared, Missing& missing, const std::stop_token& stop) {
  if (!missing.waits()) { // all cores, then they are found below
    std::vector<double> cost;
    for (const weights::Weight* weight : all) cost.push_back(weights::spectrumCost(*weight));
    weights::eachByCost(cost, 0, stop, [&](std::size_t i) {
      const TileKey key = weightKey(*request.weights, indexOf(*request.weights, *all[i]), kSpectrumOf);
      if (shared.weights->spectra.find(key)) return;
      auto spectrum = weights::spectrumOf(request.weights, *all[i], {}, stop);
      if (spectrum.ok() || spectrum.error().code != Code::Cancelled)
        shared.weights->spectra.insert(key, std::move(spectrum));
    });
  }
  std::vector<MatrixSpectrum> spectra;
  for (const weights::Weight* weight : all) {
    if (stop.stop_requested()) break;
    spectra.push_back({weight, spectrumOf(request, *weight, shared, missing)});
  }
  return spectra;
}

bool matchesName(const std::string& glob, const weights::Weight& weight) {
  return glob.empty() || matchesGlob(glob, weight.name);
}

std::vector<const weights::Weight*> matricesOf(const weights::WeightSet& set, const std::string& glob) {
  std::vector<const weights::Weight*> all;
  for (const weights::Weight& weight : set.weights())
    if (weight.matrix() && matchesName(glob, weight)) all.push_back(&weight);
  return all;
}

std::size_t known(const std::vector<MatrixSpectrum>& spectra) {
  return static_cast<std::size_t>(
      std::ranges::count_if(spectra, [](const MatrixSpectrum& m) { return m.spectrum != nullptr; }));
}

} // namespace orrery::views
