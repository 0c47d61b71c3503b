// SPDX-License-Identifier: MIT
// orrery train SPEC.json or PRESET: makes a small model from nothing.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <unistd.h>

#include "app/assets.h"
#include "app/verbs/verbs.h"
#include "core/train/trainer.h"

namespace orrery::app {
namespace {

struct Options {
  std::string spec, out;
  std::int64_t steps = 0;
  CLI::App* verb = nullptr;
};

std::stop_source* g_stop = nullptr; // set while training: the signal handler can reach nothing else
void onInterrupt(int) {
  if (g_stop != nullptr) g_stop->request_stop();
}

void showProgress(const train::TrainProgress& progress) {
  if (!::isatty(STDERR_FILENO) && progress.step % 50 != 0) return;
  std::fprintf(stderr, ::isatty(STDERR_FILENO) ? "\r\033[K" : "");
  if (progress.steps == 0)
    std::fprintf(stderr, "train: %s", progress.phase.c_str());
  else
    std::fprintf(stderr, "train: %s, step %lld of %lld, loss %.4f, rate %.2e, %.0f tokens/s, %.0f s left",
                 progress.phase.c_str(), static_cast<long long>(progress.step), static_cast<long long>(progress.steps),
                 progress.loss, progress.learningRate, progress.tokensPerSecond, progress.secondsLeft);
  if (!::isatty(STDERR_FILENO)) std::fprintf(stderr, "\n");
}

Status run(const Options& options, const Common& common) {
  auto spec = train::readTrainSpec(options.spec, assetPath("presets"));
  if (!spec) return spec.error();
  if (options.steps > 0)
    if (Status set = spec->setSteps(options.steps); !set) return set;
  if (options.verb->count("--seed") > 0) spec->init.seed = common.seed;
  std::stop_source stop;
  g_stop = &stop;
  std::signal(SIGINT, onInterrupt);
  train::TrainOptions how;
  how.threads = common.threads;
  how.stop = stop.get_token();
  how.progress = showProgress;
  auto result = train::train(*spec, options.out, how);
  g_stop = nullptr;
  if (::isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\033[K");
  if (!result) return result.error();
  if (common.json)
    printJson({{"out", result->out},
               {"steps", result->steps},
               {"parameters", result->parameters},
               {"seconds", result->seconds},
               {"loss", result->loss},
               {"held_out_loss", result->heldOutLoss}});
  else
    std::cout << result->out << ": " << result->parameters << " parameters, " << result->steps << " steps in "
              << result->seconds << " s, loss " << result->loss << ", held out " << result->heldOutLoss << '\n';
  return Done{};
}

} // namespace

void declareTrain(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("train", "Train a small model from a spec or preset",
                             [options, &line] { return run(*options, line.common); });
  options->verb = verb;
  verb->add_option("SPEC", options->spec, "JSON file, or the name of a preset: bundled")->required();
  verb->add_option("--out", options->out, "Folder to make")->required();
  verb->add_option("--steps", options->steps, "Another number of steps")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  verb->add_option("--seed", line.common.seed, "Seed of the weights");
}

} // namespace orrery::app
