// SPDX-License-Identifier: MIT
// The input of a run as verbs take it: --text, --file, --tokens or --tokens-file.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/session/session.h"

namespace orrery::app {

struct RunInput {
  std::string checkpoint, text, file, tokensFile;
  std::vector<std::int32_t> tokens;
};

void addRunInput(CLI::App& verb, RunInput& input, bool required = true);
// --process: what is done to the weights when they are loaded; the text goes to openOptions().
void addProcessing(CLI::App& verb, std::string& words);
// How a checkpoint is opened: "float32" or "float64", the words of --process. Errors: BadInput (an unknown word).
Result<session::OpenOptions> openOptions(const std::string& dtype, const std::string& processing,
                                         std::string device = "cpu");
// The text or tokens of the spec. Errors: BadInput (none given, ids not integers), NotFound.
Result<session::RunSpec> runSpec(const RunInput& input);

} // namespace orrery::app
