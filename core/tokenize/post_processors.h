// SPDX-License-Identifier: MIT
// Post-processors of tokenizer.json: special tokens around the ids of a text.
// Known: TemplateProcessing, ByteLevel (concerns offsets only), RobertaProcessing, BertProcessing, Sequence.
#pragma once
#include <cstdint>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace orrery::tokenize {

// What all processors together do to a single text: ids before it, the text as often as it stands, ids after.
struct PostProcessor {
  static constexpr std::int32_t kText = -1; // the place of the text
  std::vector<std::int32_t> layout = {kText};

  // addSpecial false: only the text, as often as the template has it.
  std::vector<std::int32_t> apply(std::vector<std::int32_t> ids, bool addSpecial) const;
};

// null in the file: leaves the ids alone. Errors: Unsupported (unknown type or option, named), BadInput.
Result<PostProcessor> readPostProcessor(const Json& json);

} // namespace orrery::tokenize
