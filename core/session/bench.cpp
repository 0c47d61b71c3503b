// SPDX-License-Identifier: MIT
#include "core/session/bench.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <sys/resource.h>

#include "core/hooks/overview.h"
#include "core/models/decoder.h"

namespace orrery::session {
namespace {

using Clock = std::chrono::steady_clock;
double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Result<models::ModelConfig> gpt2Small(std::int64_t context) {
  return models::parseConfig({{"architectures", {"GPT2LMHeadModel"}},
                              {"model_type", "gpt2"},
                              {"n_embd", 768},
                              {"n_head", 12},
                              {"n_layer", 12},
                              {"n_positions", context},
                              {"vocab_size", 50257},
                              {"layer_norm_epsilon", 1e-5},
                              {"activation_function", "gelu_new"}},
                             "GPT-2-small shape");
}

Result<models::ModelConfig> llama135m() {
  return models::parseConfig({{"architectures", {"LlamaForCausalLM"}},
                              {"model_type", "llama"},
                              {"hidden_size", 576},
                              {"intermediate_size", 1536},
                              {"num_hidden_layers", 30},
                              {"num_attention_heads", 9},
                              {"num_key_value_heads", 3},
                              {"vocab_size", 49152},
                              {"max_position_embeddings", 8192},
                              {"rms_norm_eps", 1e-5},
                              {"rope_theta", 10000.0},
                              {"hidden_act", "silu"},
                              {"tie_word_embeddings", true}},
                             "135M Llama shape");
}

Result<models::ModelConfig> mistral(std::int64_t context, std::int64_t window) {
  Json config = {{"architectures", {"MistralForCausalLM"}},
                 {"model_type", "mistral"},
                 {"hidden_size", 512},
                 {"intermediate_size", 1024},
                 {"num_hidden_layers", 2},
                 {"num_attention_heads", 8},
                 {"num_key_value_heads", 4},
                 {"vocab_size", 1024},
                 {"max_position_embeddings", context},
                 {"rms_norm_eps", 1e-5},
                 {"rope_theta", 10000.0},
                 {"hidden_act", "silu"},
                 {"tie_word_embeddings", true},
                 {"sliding_window", window > 0 ? Json(window) : Json(nullptr)}};
  return models::parseConfig(config, "Mistral shape");
}

std::vector<std::int32_t> randomTokens(std::int64_t count, std::int64_t vocab) {
  std::mt19937_64 random(1);
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(count));
  for (auto& token : tokens) token = static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(vocab));
  return tokens;
}

// Keeps the last record of each layer, as the store does: references, no copies.
class Keeper : public hooks::CaptureSink {
public:
  explicit Keeper(std::int64_t layers) : records(static_cast<std::size_t>(layers)) {}
  void onTensor(hooks::HookId, std::int64_t, const TensorView&) override {}
  void onAttention(int layer, const hooks::AttentionRecord& record) override {
    records[static_cast<std::size_t>(layer)] = record;
  }
  std::vector<hooks::AttentionRecord> records;
};

models::RunOptions options(bool capture, hooks::CaptureSink* sink) {
  models::RunOptions run;
  run.plan.attention = run.plan.overviews = capture;
  run.plan.valuesAndLogits = false;
  run.sink = capture ? sink : nullptr;
  return run;
}

Result<double> prefillSeconds(const models::Decoder& model, const std::vector<std::int32_t>& tokens, bool capture,
                              Keeper& keeper) {
  const auto start = Clock::now();
  auto run = model.startRun(options(capture, &keeper));
  if (!run) return run.error();
  (*run)->reserve(static_cast<std::int64_t>(tokens.size()));
  if (Status done = (*run)->append(tokens); !done) return done.error();
  return secondsSince(start);
}

// Seconds of a pass over T tokens as a T + b T^2: what is linear in the text, and its attention.
struct Growth {
  double a = 0, b = 0;
  double at(std::int64_t tokens) const {
    const auto t = static_cast<double>(tokens);
    return a * t + b * t * t;
  }
};

Result<Growth> measureGrowth(const models::Decoder& model) {
  constexpr std::int64_t kShort = 1024, kLong = 2048;
  double least[2] = {1e9, 1e9};
  for (int round = 0; round < 3; ++round)
    for (const int i : {0, 1}) {
      Keeper keeper(model.dims().layers);
      auto seconds = prefillSeconds(model, randomTokens(i == 0 ? kShort : kLong, model.dims().vocab), true, keeper);
      if (!seconds) return seconds.error();
      least[i] = std::min(least[i], *seconds);
    }
  const double perShort = least[0] / kShort, perLong = least[1] / kLong; // a + b T
  const double b = (perLong - perShort) / (kLong - kShort);
  return Growth{perShort - b * kShort, b};
}

Result<double> tileSeconds(const hooks::AttentionRecord& record) {
  const hooks::TileRange rows{record.tokens - 256, record.tokens}, cols{record.tokens / 2, record.tokens / 2 + 256};
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto start = Clock::now();
    if (auto tile = hooks::attentionTile(record, record.heads - 1, rows, cols); !tile) return tile.error();
    best = std::min(best, secondsSince(start));
  }
  return best;
}

// The linear model of memory: weights + 1.2 * (Q, K, V, log-sum-exp) + 512 MB.
std::uint64_t allowedBytes(const models::Decoder& model, std::int64_t tokens) {
  const hooks::Dims d = model.dims();
  const auto values =
      static_cast<double>(d.layers * tokens * (d.heads * d.headDim + 2 * d.kvHeads * d.headDim + d.heads));
  return model.weightBytes() + static_cast<std::uint64_t>(1.2 * 4 * values) + 512'000'000;
}

// Threads, caches and allocator have worked before anything is timed.
Status warmUp(const models::Decoder& model, const std::vector<std::int32_t>& tokens) {
  Keeper keeper(model.dims().layers);
  const std::vector<std::int32_t> few(tokens.begin(),
                                      tokens.begin() + std::min<std::ptrdiff_t>(512, std::ssize(tokens)));
  auto warm = prefillSeconds(model, few, true, keeper);
  return warm ? Status(Done{}) : Status(warm.error());
}

Result<AttentionBenchRow> attentionRow(const models::Decoder& model, std::int64_t count, int rounds) {
  const hooks::Dims d = model.dims();
  const std::vector<std::int32_t> tokens = randomTokens(count, d.vocab);
  AttentionBenchRow row;
  row.tokens = count;
  row.secondsPlain = row.secondsCapture = 1e9;
  std::vector<double> ratios;
  if (Status warm = warmUp(model, tokens); !warm) return warm.error();
  for (int i = 0; i < rounds; ++i) {
    Keeper keeper(d.layers);
    auto capture = prefillSeconds(model, tokens, true, keeper);
    if (!capture) return capture.error();
    if (i == 0) row.peakBytes = peakBytes(); // before anything else can raise it
    auto tile = tileSeconds(keeper.records.back());
    if (!tile) return tile.error();
    row.tileSeconds = *tile;
    keeper.records.clear();
    auto plain = prefillSeconds(model, tokens, false, keeper);
    if (!plain) return plain.error();
    row.secondsCapture = std::min(row.secondsCapture, *capture);
    row.secondsPlain = std::min(row.secondsPlain, *plain);
    ratios.push_back(*capture / *plain);
  }
  std::sort(ratios.begin(), ratios.end());
  row.ratioCapture = ratios[ratios.size() / 2];
  row.allowedBytes = allowedBytes(model, count);
  return row;
}

Result<double> decodeRate(const models::Decoder& model, std::int64_t count, bool capture) {
  Keeper keeper(model.dims().layers);
  models::RunOptions run = options(capture, &keeper);
  run.plan.valuesAndLogits = capture;
  auto started = model.startRun(run);
  if (!started) return started.error();
  if (Status done = (*started)->append(randomTokens(32, model.dims().vocab)); !done) return done.error();
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::vector<double> logits = (*started)->lastLogits();
    const auto best = static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    if (Status done = (*started)->append(std::span(&best, 1)); !done) return done.error();
  }
  return static_cast<double>(count) / secondsSince(start);
}

} // namespace

std::uint64_t peakBytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

Status benchAttention(const std::vector<std::int64_t>& tokens, int rounds,
                      const std::function<void(const AttentionBenchRow&)>& row) {
  auto config = gpt2Small(*std::max_element(tokens.begin(), tokens.end()));
  if (!config) return config.error();
  auto model = models::randomDecoder(*config, 1);
  if (!model) return model.error();
  for (std::int64_t count : tokens) {
    auto measured = attentionRow(**model, count, rounds);
    if (!measured) return measured.error();
    row(*measured);
  }
  return Done{};
}

Status benchLong(const std::vector<std::int64_t>& tokens, const std::function<void(const LongBenchRow&)>& row) {
  auto config = gpt2Small(*std::max_element(tokens.begin(), tokens.end()));
  if (!config) return config.error();
  auto model = models::randomDecoder(*config, 1);
  if (!model) return model.error();
  if (Status warm = warmUp(**model, randomTokens(512, (*model)->dims().vocab)); !warm) return warm;
  auto growth = measureGrowth(**model);
  if (!growth) return growth.error();
  for (std::int64_t count : tokens) {
    const std::vector<std::int32_t> ids = randomTokens(count, (*model)->dims().vocab);
    Keeper keeper((*model)->dims().layers);
    auto seconds = prefillSeconds(**model, ids, true, keeper);
    if (!seconds) return seconds.error();
    row({count, *seconds, growth->at(count), peakBytes(), allowedBytes(**model, count)});
  }
  return Done{};
}

namespace {

Result<WindowBenchRow> windowRow(std::int64_t count, std::int64_t window) {
  WindowBenchRow row{.tokens = count, .window = window};
  double seconds[2] = {1e9, 1e9}; // with the window, and with one of a single token
  hooks::AttentionRecord record;
  for (const int i : {0, 1}) {
    auto config = mistral(count, i == 0 ? window : 1);
    if (!config) return config.error();
    auto model = models::randomDecoder(*config, 1);
    if (!model) return model.error();
    const std::vector<std::int32_t> ids = randomTokens(count, config->vocab);
    if (Status warm = warmUp(**model, ids); !warm) return warm.error();
    for (int round = 0; round < 2; ++round) {
      Keeper keeper(config->layers);
      auto took = prefillSeconds(**model, ids, true, keeper);
      if (!took) return took.error();
      seconds[i] = std::min(seconds[i], *took);
      if (i == 0) record = keeper.records.back();
    }
  }
  row.seconds = seconds[0];
  row.secondsAttention = seconds[0] - seconds[1];
  const auto start = Clock::now();
  if (auto overview = hooks::overviewOf(record, record.overview.cell); !overview) return overview.error();
  row.secondsOverviews = secondsSince(start);
  return row;
}

} // namespace

Status benchWindow(const std::vector<std::int64_t>& tokens, std::int64_t window,
                   const std::function<void(const WindowBenchRow&)>& row) {
  for (const std::int64_t width : {window, std::int64_t{0}})
    for (const std::int64_t count : tokens) {
      auto measured = windowRow(count, width);
      if (!measured) return measured.error();
      row(*measured);
    }
  return Done{};
}

Result<DecodeBenchRow> benchDecode(std::int64_t tokens) {
  auto config = llama135m();
  if (!config) return config.error();
  auto model = models::randomDecoder(*config, 1);
  if (!model) return model.error();
  DecodeBenchRow row;
  row.tokens = tokens;
  if (auto warm = decodeRate(**model, 4, true); !warm) return warm.error();
  auto captured = decodeRate(**model, tokens, true);
  if (!captured) return captured.error();
  row.tokensPerSecond = *captured;
  auto plain = decodeRate(**model, tokens, false);
  if (!plain) return plain.error();
  row.plainTokensPerSecond = *plain;
  row.peakBytes = peakBytes();
  return row;
}

} // namespace orrery::session
