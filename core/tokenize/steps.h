// SPDX-License-Identifier: MIT
// The steps of a "Sequence" component of tokenizer.json, be they normalizers, pre-tokenizers or decoders.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/tokenize/options.h"

namespace orrery::tokenize {

inline constexpr std::size_t kMaxSteps = 256; // of one Sequence

// Every entry of the array `key`, read by `read`; steps that do nothing (null) are left out. Problems go to `options`.
template <class Step>
std::vector<Step> readSteps(Options& options, const char* key, Result<Step> (*read)(const Json&)) {
  std::vector<Step> steps;
  const Json& list = options.array(key);
  if (list.size() > kMaxSteps)
    options.refuse(std::to_string(list.size()) + " steps, at most " + std::to_string(kMaxSteps));
  for (const Json& entry : list) {
    if (!options.ok()) break;
    auto step = read(entry);
    if (!step)
      options.refuse(step.error());
    else if (*step)
      steps.push_back(*std::move(step));
  }
  return steps;
}

} // namespace orrery::tokenize
