// SPDX-License-Identifier: MIT
// orrery trace CHECKPOINT: run a model on an input, capture, generate, write a trace file.
#include <iostream>
#include <memory>

#include "app/verbs/run_input.h"
#include "app/verbs/verbs.h"
#include "core/session/session.h"

namespace orrery::app {
namespace {

struct Options {
  RunInput input;
  std::string hooks, out;
  std::int64_t generate = 0;
  session::Sampler sampler;
  std::string dtype = "float32", device = "cpu", process;
};

OrderedJson report(const session::Session& engine, const Options& options) {
  const auto snapshot = engine.snapshot();
  const session::RunStats stats = engine.state()->stats;
  const std::vector<std::int32_t> ids = snapshot->tokens.toVector();
  const auto prompt = ids.begin() + snapshot->promptTokens;
  OrderedJson json = {
      {"tokens", ids},
      {"generated", std::vector<std::int32_t>(prompt, ids.end())},
      {"seconds", {{"load", stats.loadSeconds}, {"prefill", stats.prefillSeconds}, {"decode", stats.decodeSeconds}}},
      {"tokens_per_second", stats.tokensPerSecond()},
      {"peak_bytes", stats.peakBytes},
      {"weights_bytes", stats.weightsBytes},
      {"captured_bytes", stats.capturedBytes},
      {"out", options.out}};
  return json;
}

void printReport(const session::Session& engine, const Options& options) {
  const auto snapshot = engine.snapshot();
  const session::RunStats stats = engine.state()->stats;
  const auto text = engine.detokenize(snapshot->tokens.toVector());
  if (text) std::cout << *text << '\n';
  std::cout << "tokens: " << snapshot->length() << " (" << snapshot->length() - snapshot->promptTokens << " generated, "
            << stats.tokensPerSecond()
            << " tokens/s)\ncaptured: " << shortBytes(static_cast<double>(stats.capturedBytes)) << '\n';
  if (!options.out.empty()) std::cout << "trace: " << options.out << '\n';
}

Status run(const Options& options, const Common& common) {
  auto spec = runSpec(options.input);
  if (!spec) return spec.error();
  const auto open = openOptions(options.dtype, options.process, options.device);
  if (!open) return open.error();
  session::Session engine({.threads = common.threads});
  if (Status opened = waitWithProgress(engine.runOpen(options.input.checkpoint, *open), common.json); !opened)
    return opened;
  spec->hooks = options.hooks;
  spec->generate = options.generate;
  spec->sampler = options.sampler;
  spec->sampler.seed = common.seed;
  spec->traceOut = options.out;
  spec->keepHooks = options.out.empty();
  if (Status ran = waitWithProgress(engine.runStart(*spec), common.json); !ran) return ran;
  if (common.json)
    printJson(report(engine, options));
  else
    printReport(engine, options);
  return Done{};
}

} // namespace

void declareTrace(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("trace", "Run a model, capture, generate, write a trace file",
                             [options, &line] { return run(*options, line.common); });
  addRunInput(*verb, options->input);
  verb->add_option("--hooks", options->hooks, "Globs of hooks to capture in full, by comma");
  verb->add_option("--generate", options->generate, "Tokens to generate")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 31));
  verb->add_option("--temperature", options->sampler.temperature, "0: greedy")->check(CLI::Range(0.0, 1000.0));
  verb->add_option("--top-k", options->sampler.topK, "0: all")->check(CLI::Range(0, 1 << 30));
  verb->add_option("--top-p", options->sampler.topP, "1: all")->check(CLI::Range(0.0, 1.0));
  verb->add_option("--seed", line.common.seed, "Seed of the sampler");
  verb->add_flag("--stop-at-end", options->sampler.stopAtEnd, "Fewer tokens, if the model ends its text before");
  addProcessing(*verb, options->process);
  verb->add_option("--dtype", options->dtype, "What the run computes in")->check(CLI::IsMember({"float32", "float64"}));
  verb->add_option("--device", options->device, "Where it runs")->check(CLI::IsMember({"cpu", "cuda"}));
  verb->add_option("--out", options->out, "Trace file (HDF5) to write");
}

} // namespace orrery::app
