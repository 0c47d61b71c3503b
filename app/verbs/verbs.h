// SPDX-License-Identifier: MIT
// Command-line verbs. A verb is one file with one declare function and one line in verbs.cpp. Results go to stdout,
// progress and messages to stderr; exit 0 done, 1 refused or failed with one sentence, 2 wrong usage.
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/session/session.h"

namespace orrery::app {

// What every verb understands.
struct Common {
  bool json = false;
  bool verbose = false;
  int threads = 0;        // 0: all cores
  std::uint64_t seed = 0; // wherever chance plays
};

// Filled while the command line is read: `action` is the verb that was named, ready to run.
struct CommandLine {
  CLI::App app{"Orrery, a workbench to look inside transformers.\n"
               "Without a verb it opens the window: orrery [CHECKPOINT, TRACE or RECIPE].",
               "orrery"};
  Common common;
  std::function<Status()> action;

  // Adds a verb with the common options; `run` is called after parsing.
  CLI::App* verb(const std::string& name, const std::string& help, std::function<Status()> run);
};

void declareVerbs(CommandLine& line); // the one list
bool isVerb(const std::string& word);

void declareInfo(CommandLine& line);
void declareHooks(CommandLine& line);
void declareTokenize(CommandLine& line);
void declareTrace(CommandLine& line);
void declareAttention(CommandLine& line);
void declareEvict(CommandLine& line);
void declareRender(CommandLine& line);
void declareViews(CommandLine& line);
void declareWeights(CommandLine& line);
void declareTrain(CommandLine& line);
void declareSweep(CommandLine& line);
void declareMerge(CommandLine& line);
void declareBench(CommandLine& line);
void declareDemo(CommandLine& line);
void declareVerify(CommandLine& line);
void declareDimension(CommandLine& line);

using OrderedJson = nlohmann::ordered_json;
void printJson(const OrderedJson& value);                     // one object, one line, UTF-8 with invalid bytes replaced
std::string shortBytes(double bytes);                         // "24.1 MB"
Status waitWithProgress(const session::Job& job, bool quiet); // progress on stderr; Ctrl+C cancels

} // namespace orrery::app
