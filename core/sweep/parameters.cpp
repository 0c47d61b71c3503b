// SPDX-License-Identifier: MIT
#include "core/sweep/parameters.h"

#include <array>

namespace orrery::sweep {
namespace {

constexpr double kHuge = 1e300, kBelowOne = 1 - 0x1p-53;

template <double RunParameters::*kMember> void put(RunParameters& run, double value) { run.*kMember = value; }
void putBothRates(RunParameters& run, double value) { run.rateFirst = run.rateSecond = value; }

constexpr std::array<AxisParameter, 12> kParameters = {{
    {"lr.all", true, true, 0, kHuge, true, true, putBothRates},
    {"lr.input", true, false, 0, kHuge, true, false, put<&RunParameters::rateFirst>},
    {"lr.output", true, false, 0, kHuge, false, true, put<&RunParameters::rateSecond>},
    {"offset.drift", true, false, -kHuge, kHuge, false, false, put<&RunParameters::offsetDrift>},
    {"offset.init", true, false, -kHuge, kHuge, false, false, put<&RunParameters::offsetInit>},
    {"lr.attention", false, true, 0, kHuge, true, false, put<&RunParameters::rateFirst>},
    {"lr.other", false, true, 0, kHuge, false, true, put<&RunParameters::rateSecond>},
    {"optimizer.beta1", false, true, 0, kBelowOne, false, false, put<&RunParameters::beta1>},
    {"optimizer.beta2", false, true, 0, kBelowOne, false, false, put<&RunParameters::beta2>},
    {"optimizer.eps", false, true, 0, kHuge, false, false, put<&RunParameters::eps>},
    {"optimizer.weight_decay", false, true, 0, kHuge, false, false, put<&RunParameters::weightDecay>},
    {"init.scale", true, true, -kHuge, kHuge, false, false, put<&RunParameters::initScale>},
}};

} // namespace

std::span<const AxisParameter> axisParameters() { return kParameters; }

const AxisParameter* findAxisParameter(const std::string& name) {
  for (const AxisParameter& parameter : kParameters)
    if (name == parameter.name) return &parameter;
  return nullptr;
}

} // namespace orrery::sweep
