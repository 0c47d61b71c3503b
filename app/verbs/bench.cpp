// SPDX-License-Identifier: MIT
// orrery bench attention | long | window | decode | sweep
#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include "app/verbs/verbs.h"
#include "core/session/bench.h"
#include "core/session/session.h"
#include "core/sweep/bench.h"

namespace orrery::app {
namespace {

struct Options {
  std::string name;
  std::vector<std::int64_t> tokens; // empty: those of the bench
  std::vector<double> sdpaSeconds;  // long: of another program, for each T
  std::int64_t window = 1024;
  std::int64_t decodeTokens = 128;
  int rounds = 3;
  double seconds = 3;    // sweep: of each model
  std::string peersFile; // sweep: {model: {name: rate}}
};

OrderedJson rowJson(const session::AttentionBenchRow& row) {
  return {{"T", row.tokens},
          {"seconds_plain", row.secondsPlain},
          {"seconds_capture", row.secondsCapture},
          {"ratio_capture", row.ratioCapture},
          {"peak_bytes", row.peakBytes},
          {"allowed_bytes", row.allowedBytes},
          {"tile_seconds", row.tileSeconds}};
}

Status attention(const Options& options, bool json) {
  std::vector<std::int64_t> tokens = options.tokens;
  if (tokens.empty()) tokens = {1024, 2048, 4096, 8192};
  std::sort(tokens.begin(), tokens.end()); // peak memory only grows: smallest first
  OrderedJson rows = OrderedJson::array();
  if (!json) std::printf("T      plain s  capture s  ratio  peak MB  allowed MB  tile ms\n");
  const Status done = session::benchAttention(tokens, options.rounds, [&](const session::AttentionBenchRow& row) {
    rows.push_back(rowJson(row));
    if (json) return;
    std::printf("%-6lld %7.2f  %9.2f  %5.3f  %7.0f  %10.0f  %7.2f\n", static_cast<long long>(row.tokens),
                row.secondsPlain, row.secondsCapture, row.ratioCapture, static_cast<double>(row.peakBytes) / 1e6,
                static_cast<double>(row.allowedBytes) / 1e6, row.tileSeconds * 1e3);
    std::fflush(stdout);
  });
  if (done && json) printJson({{"rows", rows}});
  return done;
}

Status longTexts(const Options& options, bool json) {
  std::vector<std::int64_t> tokens = options.tokens;
  if (tokens.empty()) tokens = {4096, 8192, 16384, 32768};
  if (!std::is_sorted(tokens.begin(), tokens.end())) return badInput("bench long: --tokens must ascend");
  if (!options.sdpaSeconds.empty() && options.sdpaSeconds.size() != tokens.size())
    return badInput("bench long: expected one --sdpa-seconds for each of the " + std::to_string(tokens.size()) +
                    " T, found " + std::to_string(options.sdpaSeconds.size()));
  OrderedJson rows = OrderedJson::array();
  if (!json) std::printf("T       seconds  predicted  peak MB  allowed MB\n");
  const Status done = session::benchLong(tokens, [&](const session::LongBenchRow& row) {
    OrderedJson object = {{"T", row.tokens},
                          {"seconds", row.seconds},
                          {"predicted_seconds", row.predictedSeconds},
                          {"peak_bytes", row.peakBytes},
                          {"allowed_bytes", row.allowedBytes}};
    if (!options.sdpaSeconds.empty()) object["ratio_sdpa"] = row.seconds / options.sdpaSeconds[rows.size()];
    rows.push_back(object);
    if (json) return;
    std::printf("%-7lld %7.2f  %9.2f  %7.0f  %10.0f", static_cast<long long>(row.tokens), row.seconds,
                row.predictedSeconds, static_cast<double>(row.peakBytes) / 1e6,
                static_cast<double>(row.allowedBytes) / 1e6);
    if (object.contains("ratio_sdpa")) std::printf("  %.2f of SDPA", object["ratio_sdpa"].get<double>());
    std::printf("\n");
    std::fflush(stdout);
  });
  if (done && json) printJson({{"rows", rows}});
  return done;
}

Status windows(const Options& options, bool json) {
  const std::vector<std::int64_t> tokens =
      options.tokens.empty() ? std::vector<std::int64_t>{4096, 16384} : options.tokens;
  OrderedJson rows = OrderedJson::array();
  if (!json) std::printf("T       window  seconds  of these attention  overviews once more\n");
  const Status done = session::benchWindow(tokens, options.window, [&](const session::WindowBenchRow& row) {
    rows.push_back({{"T", row.tokens},
                    {"window", row.window},
                    {"seconds", row.seconds},
                    {"seconds_attention", row.secondsAttention},
                    {"seconds_overviews", row.secondsOverviews}});
    if (json) return;
    std::printf("%-7lld %-6lld  %7.2f  %18.2f  %19.2f\n", static_cast<long long>(row.tokens),
                static_cast<long long>(row.window), row.seconds, row.secondsAttention, row.secondsOverviews);
    std::fflush(stdout);
  });
  if (done && json) printJson({{"rows", rows}});
  return done;
}

Status decode(const Options& options, bool json) {
  auto row = session::benchDecode(options.decodeTokens);
  if (!row) return row.error();
  const OrderedJson object = {{"tokens", row->tokens},
                              {"tokens_per_second", row->tokensPerSecond},
                              {"tokens_per_second_plain", row->plainTokensPerSecond},
                              {"peak_bytes", row->peakBytes}};
  if (json)
    printJson({{"rows", {object}}});
  else
    std::printf("%.1f tokens/s with live capture, %.1f without\n", row->tokensPerSecond, row->plainTokensPerSecond);
  return Done{};
}

OrderedJson rowJson(const sweep::BenchRow& row, const Json& peers) {
  return {{"model", row.model},
          {"model_steps_per_second", row.modelStepsPerSecond},
          {"gflops", row.gflops},
          {"sgemm_peak", row.sgemmPeak},
          {"share_products", row.products},
          {"share_nonlinear", row.nonlinear},
          {"share_rest", row.rest},
          {"peers", peers.value(row.model, Json::object())}};
}

void printRow(const sweep::BenchRow& row, const Json& peers) {
  std::printf(
      "%s\n  %.0f model-steps/s, %.0f GFLOP/s of %.0f; products %.0f %%, tanh or softmax %.0f %%, rest %.0f %%\n",
      row.model.c_str(), row.modelStepsPerSecond, row.gflops, row.sgemmPeak, 100 * row.products, 100 * row.nonlinear,
      100 * row.rest);
  const Json others = peers.value(row.model, Json::object());
  for (const auto& [name, rate] : others.items())
    if (rate.is_number())
      std::printf("  %s %.0f: %.2f times as fast\n", name.c_str(), rate.get<double>(),
                  row.modelStepsPerSecond / rate.get<double>());
  std::fflush(stdout);
}

Status sweeps(const Options& options, const Common& common) {
  Json peers = Json::object();
  if (!options.peersFile.empty()) {
    auto read = readJsonFile(options.peersFile);
    if (!read) return read.error();
    peers = std::move(*read);
    const auto object = [](const Json& json) { return json.is_object(); };
    if (!peers.is_object() || !std::all_of(peers.begin(), peers.end(), object))
      return badInput("expected an object of objects {model: {name: rate}}", options.peersFile);
  }
  const std::size_t threads =
      common.threads > 0 ? static_cast<std::size_t>(common.threads) : std::max(1u, std::thread::hardware_concurrency());
  OrderedJson rows = OrderedJson::array();
  const Status done = sweep::benchSweep(threads, options.seconds, [&](const sweep::BenchRow& row) {
    rows.push_back(rowJson(row, peers));
    if (!common.json) printRow(row, peers);
  });
  if (!done) return done;
  const auto window = sweep::benchWindow(threads);
  if (!window) return window.error();
  if (common.json)
    printJson({{"rows", rows}, {"window_seconds", window->seconds}});
  else
    std::printf(
        "first 64 x 64 window of the tanh net, 500 steps: %.2f s (%.0f model-steps/s, those given up included)\n",
        window->seconds, window->modelStepsPerSecond);
  return Done{};
}

Status run(const Options& options, const Common& common) {
  if (options.name == "sweep") return sweeps(options, common);
  session::setThreads(common.threads);
  if (options.name == "attention") return attention(options, common.json);
  if (options.name == "long") return longTexts(options, common.json);
  if (options.name == "window") return windows(options, common.json);
  return decode(options, common.json);
}

} // namespace

void declareBench(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("bench", "Measure this program on this machine",
                             [options, &line] { return run(*options, line.common); });
  verb->add_option("NAME", options->name,
                   "attention: forward with and without capture; long: with capture, up to 32768 tokens; window: "
                   "sliding-window layers against full ones; decode: tokens/s of a 135M Llama shape; sweep: training "
                   "rates of small models")
      ->required()
      ->check(CLI::IsMember({"attention", "long", "window", "decode", "sweep"}));
  verb->add_option("--tokens", options->tokens, "attention, long, window: the T to measure, by comma")
      ->delimiter(',')
      ->check(CLI::Range(std::int64_t{512}, std::int64_t{1} << 17));
  verb->add_option("--sdpa-seconds", options->sdpaSeconds, "long: seconds of another program for each T, for a ratio")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  verb->add_option("--window", options->window, "window: tokens that a query sees")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 17));
  verb->add_option("--decode-tokens", options->decodeTokens, "decode: how many tokens")->check(CLI::Range(1, 8000));
  verb->add_option("--seconds", options->seconds, "sweep: how long each model is trained")
      ->check(CLI::Range(0.1, 600.0));
  verb->add_option("--peers", options->peersFile, "sweep: JSON {model: {name: rate}} of other programs, for ratios");
  verb->add_option("--rounds", options->rounds, "attention: rounds of capture and plain in turn")
      ->check(CLI::Range(1, 100));
}

} // namespace orrery::app
