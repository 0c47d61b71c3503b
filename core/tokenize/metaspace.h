// SPDX-License-Identifier: MIT
// The options of Metaspace, which is a pre-tokenizer and a decoder with the same keys.
#pragma once
#include "core/tokenize/options.h"

namespace orrery::tokenize {

struct MetaspaceOptions {
  enum class Prepend { First, Never, Always };
  std::string replacement; // one character, "▁"
  Prepend prepend = Prepend::Always;
  bool split = true;
};

// Both generations of keys: add_prefix_space (old) and prepend_scheme.
inline MetaspaceOptions readMetaspaceOptions(Options& options) {
  MetaspaceOptions read;
  options.character("replacement");
  read.replacement = options.text("replacement");
  options.accept("str_rep"); // a copy of the replacement in old files
  const std::string scheme = options.text("prepend_scheme", "");
  const bool prefix = options.boolean("add_prefix_space", true);
  read.split = options.boolean("split", true);
  using Prepend = MetaspaceOptions::Prepend;
  if (scheme == "first")
    read.prepend = Prepend::First;
  else if (scheme == "never")
    read.prepend = Prepend::Never;
  else if (scheme != "always" && !scheme.empty())
    options.refuse("prepend_scheme: unknown value " + inQuotes(scheme));
  if (!prefix && !scheme.empty() && read.prepend != Prepend::Never)
    options.refuse("add_prefix_space false contradicts prepend_scheme " + inQuotes(scheme));
  if (!prefix) read.prepend = Prepend::Never;
  return read;
}

} // namespace orrery::tokenize
