// SPDX-License-Identifier: MIT
// orrery sweep SPEC.json or PRESET: computes a map of which hyperparameters train.
#include <charconv>
#include <iostream>
#include <memory>

#include "app/verbs/sweep_input.h"
#include "core/sweep/estimate.h"
#include "core/sweep/nulls.h"

namespace orrery::app {
namespace {

struct Options {
  SpecInput input;
  sweep::SweepOptions sweep;
  std::string shard;
  bool estimate = false;
  CLI::App* verb = nullptr;
};

// "2/8": the third of eight.
Status readShard(const std::string& text, sweep::SweepOptions& options) {
  if (text.empty()) return Done{};
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, options.shard);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == '/') {
    const auto second = std::from_chars(first.ptr + 1, end, options.shards);
    if (second.ec == std::errc() && second.ptr == end && options.shard >= 0 && options.shard < options.shards)
      return Done{};
  }
  return badInput("--shard: expected i/n with i from 0 to n - 1, found \"" + text + "\"");
}

Status printEstimate(const sweep::SweepSpec& spec, const Options& options, const Common& common) {
  auto estimate = sweep::estimateSweep(spec, options.sweep);
  if (!estimate) return estimate.error();
  if (common.json)
    printJson({{"runs", estimate->runs},
               {"runs_least", estimate->runsLeast},
               {"seconds", estimate->seconds},
               {"seconds_per_run", estimate->secondsPerRun},
               {"bytes", estimate->bytes},
               {"threads", estimate->threads}});
  else
    std::cout << estimate->runs << " runs at most (" << estimate->runsLeast << " at least), " << estimate->secondsPerRun
              << " s each on one of " << estimate->threads << " threads, " << estimate->seconds << " s in all, "
              << shortBytes(static_cast<double>(estimate->bytes)) << '\n';
  return Done{};
}

void print(const sweep::MapSnapshot& snapshot, const sweep::SweepSpec& spec, const Options& options,
           const Common& common) {
  const sweep::SweepProgress& progress = snapshot.progress;
  const double rate = progress.runsPerSecond * static_cast<double>(spec.steps);
  OrderedJson json = mapCounts(*snapshot.map);
  json["trained"] = progress.trained;
  json["seconds"] = progress.seconds;
  json["model_steps_per_second"] = rate;
  json["gflops"] = rate * progress.flopsPerStep / 1e9;
  json["out"] = options.sweep.out;
  if (common.json) return printJson(json);
  std::cout << options.sweep.out << ": " << json["runs"] << " runs, " << json["guessed"] << " guessed, "
            << json["audited"] << " audited (" << json["audit_errors"] << " wrong), " << progress.seconds << " s, "
            << rate << " model-steps/s\n";
  if (!snapshot.map->complete) std::cout << "not complete: orrery sweep --resume goes on with it\n";
}

Status run(Options& options, const Common& common) {
  auto spec = sweepSpec(options.input);
  if (!spec) return spec.error();
  if (options.verb->count("--seed") > 0) spec->init.seed = spec->data.seed = common.seed;
  options.sweep.threads = common.threads;
  if (Status status = readShard(options.shard, options.sweep); !status) return status;
  if (options.estimate) return printEstimate(*spec, options, common);
  if (options.sweep.out.empty()) return badInput("--out is needed: the map file to write");
  if (sweep::startedByMpirun()) {
    auto ranks = sweep::Ranks::join();
    if (!ranks) return ranks.error();
    options.sweep.ranks = *ranks;
    if (options.sweep.threads == 0) options.sweep.threads = sweep::threadsOfRank();
    if ((*ranks)->rank() > 0) return sweep::workForSweep(*spec, options.sweep, {});
  }
  sweep::Sweep sweep(*spec, options.sweep);
  if (Status status = waitForSweep(sweep, common.json); !status) return status;
  print(*sweep.snapshot(), *spec, options, common);
  return Done{};
}

} // namespace

void declareSweep(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("sweep", "Compute a map of which hyperparameters train",
                             [options, &line] { return run(*options, line.common); });
  options->verb = verb;
  verb->add_option("SPEC", options->input.name, "JSON file, or the name of a preset")->required();
  verb->add_option("--out", options->sweep.out, "Map file to write");
  verb->add_flag("--resume", options->sweep.resume, "Go on with the map file and what a killed sweep left beside it");
  verb->add_option("--shard", options->shard, "i/n: only this part of the pixels, from 0; see merge");
  verb->add_option("--budget", options->sweep.budgetSeconds, "Stop after so many seconds")
      ->check(CLI::Range(0.001, 1e9));
  verb->add_flag("--estimate", options->estimate, "Say what it would cost; runs nothing");
  verb->add_option("--set", options->input.set, "key=value of the spec, dots between keys; repeatable");
  verb->add_flag("--quick", options->input.quick, "A preset at a size that ends in a minute");
  verb->add_flag("--rounding-check", options->sweep.rounding,
                 "Compute every computed pixel again with each axis value moved by one ulp");
  verb->add_option("--null", options->sweep.nulls, "Null maps to make beside it, with commas between")
      ->delimiter(',')
      ->check(CLI::IsMember(sweep::nullNames()));
  verb->add_option("--seed", line.common.seed, "Seed of init and data");
}

} // namespace orrery::app
