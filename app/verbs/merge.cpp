// SPDX-License-Identifier: MIT
// orrery merge OUT.h5 IN.h5...: joins the parts of a map.
#include <filesystem>
#include <iostream>
#include <memory>

#include "app/verbs/sweep_input.h"
#include "core/sweep/map_file.h"
#include "core/sweep/merge.h"

namespace orrery::app {
namespace {

struct Options {
  std::string out;
  std::vector<std::string> in;
};

Status print(const sweep::Map& map, std::int64_t trained, const Options& options, const Common& common) {
  OrderedJson json = mapCounts(map);
  json["trained"] = trained;
  json["out"] = options.out;
  if (common.json)
    printJson(json);
  else
    std::cout << options.out << ": " << json["runs"] << " runs, " << json["guessed"] << " guessed, " << json["missing"]
              << " missing\n";
  return Done{};
}

// Refinement looks over the edges of a part: with all parts there, what it still asks for is trained now.
Status run(const Options& options, const Common& common) {
  if (std::filesystem::exists(options.out + ".journal"))
    return badInput("an unfinished sweep stands here", options.out + ".journal");
  auto merged = sweep::mergeMaps(options.in);
  if (!merged) return merged.error();
  if (Status status = sweep::writeMap(options.out, merged->map, merged->spec.measure); !status) return status;
  if (merged->map.complete || !merged->allParts) return print(merged->map, 0, options, common);
  sweep::SweepOptions finish;
  finish.out = options.out;
  finish.resume = true;
  finish.threads = common.threads;
  sweep::Sweep sweep(merged->spec, finish);
  if (Status status = waitForSweep(sweep, common.json); !status) return status;
  const auto snapshot = sweep.snapshot();
  return print(*snapshot->map, snapshot->progress.trained, options, common);
}

} // namespace

void declareMerge(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      line.verb("merge", "Join the parts of a map", [options, &line] { return run(*options, line.common); });
  verb->add_option("OUT", options->out, "Map file to write")->required();
  verb->add_option("IN", options->in, "Map files of the parts")->required();
}

} // namespace orrery::app
