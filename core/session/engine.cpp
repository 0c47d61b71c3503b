// SPDX-License-Identifier: MIT
#include "core/session/engine.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "core/session/bench.h"
#include "core/session/end_tokens.h"
#include "core/session/recipe.h"
#include "core/session/sampler.h"
#include "core/session/weights.h"
#include "core/tensorio/sha256.h"
#include "core/trace/trace_writer.h"

namespace orrery::session {
namespace {

constexpr std::size_t kKeptRuns = 16;
constexpr std::int64_t kRoomStep = 64; // tokens between two looks at the memory that is left
using Clock = std::chrono::steady_clock;
double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

hooks::CapturePlan withoutHooks(hooks::CapturePlan plan) {
  for (const hooks::HookId id : plan.hooks()) plan.remove(id);
  return plan;
}

Error noRun() { return badInput("there is no run yet: start one with a prompt"); }

} // namespace

Engine::Engine(StateBoard& board, store::Store& store, std::uint64_t memoryLimit)
    : m_board(board), m_store(store), m_memoryLimit(memoryLimit) {}

Engine::~Engine() { stopScan(); }

std::shared_ptr<const OpenModel> Engine::model() const {
  std::lock_guard lock(m_mutex);
  return m_model;
}

Error Engine::nothingToRun() const {
  const std::string path = model()->path;
  return path.empty() ? badInput("no model is open") : badInput("there is no model to run in this file", path);
}

Speed Engine::speed() const {
  std::lock_guard lock(m_mutex);
  return m_speed;
}

Sampler Engine::sampler() const {
  std::lock_guard lock(m_mutex);
  return m_sampler;
}

void Engine::setSampler(const Sampler& sampler) {
  {
    std::lock_guard lock(m_mutex);
    m_sampler = sampler;
  }
  m_board.update([&](State& state) { state.sampler = sampler; });
}

std::uint64_t Engine::available() const {
  const std::uint64_t now = models::availableMemory();
  return m_memoryLimit == 0 ? now : std::min(now, m_memoryLimit);
}

Result<std::vector<std::int32_t>> Engine::promptTokens(const RunSpec& spec) const {
  const auto open = model();
  if (!spec.tokens.empty()) return spec.tokens;
  if (spec.text.empty()) return badInput("the prompt is empty: expected a text or token ids");
  if (!open->tokenizer)
    return badInput("no tokenizer lies beside the checkpoint: give token ids instead of a text", open->path);
  if (open->decoder)
    if (Status fits = checkVocabulary(*open->tokenizer, open->decoder->dims().vocab, open->path); !fits)
      return fits.error();
  std::vector<std::int32_t> tokens = open->tokenizer->encode(spec.text, spec.addSpecial);
  if (tokens.empty()) return badInput("the prompt is empty: expected at least one token");
  return tokens;
}

Result<hooks::CapturePlan> Engine::plan(const RunSpec& spec) const {
  const auto open = model();
  if (!open->decoder) return nothingToRun();
  hooks::CapturePlan plan;
  plan.attention = spec.captureAttention;
  plan.overviews = spec.captureAttention && spec.captureOverviews;
  if (spec.hooks.empty()) return plan;
  const std::vector<hooks::HookSpec> available = open->decoder->hooks();
  const std::vector<hooks::HookId> chosen = hooks::selectHooks(available, spec.hooks);
  if (chosen.empty())
    return badInput("no hook of this model matches \"" + spec.hooks + "\"; `orrery hooks` lists them");
  for (hooks::HookId id : chosen) plan.add(id);
  return plan;
}

Result<Estimate> Engine::estimateOf(const RunSpec& spec, std::int64_t prompt, const hooks::CapturePlan& plan) const {
  const models::Decoder& decoder = *model()->decoder;
  const std::int64_t context = decoder.dims().context, wanted = std::max<std::int64_t>(0, spec.generate);
  if (prompt > context || wanted > context - prompt)
    return badInput("the prompt has " + std::to_string(prompt) + " tokens and " + std::to_string(wanted) +
                    " are to be generated; the model's context is " + std::to_string(context));
  const std::uint64_t room = available();
  const hooks::CapturePlan kept = spec.keepHooks ? plan : withoutHooks(plan);
  const std::int64_t total = spec.generate == kForever
                                 ? longestThatFits(decoder.dims(), kept, decoder.dtype(), prompt, context, room)
                                 : prompt + wanted;
  return makeEstimate(captureBytes(decoder.dims(), kept, total, decoder.dtype()), speed(), prompt, total - prompt,
                      room);
}

Result<Estimate> Engine::estimate(const RunSpec& spec) const {
  if (!model()->decoder) return nothingToRun();
  auto tokens = promptTokens(spec);
  if (!tokens) return tokens.error();
  auto capture = plan(spec);
  if (!capture) return capture.error();
  return estimateOf(spec, static_cast<std::int64_t>(tokens->size()), *capture);
}

// A run that goes on without a size told before may come to the end of the memory. Where the buffers are full, larger
// ones must fit beside them.
Status Engine::checkRoom() const {
  const models::Decoder& decoder = *model()->decoder;
  const auto bytesAt = [&](std::int64_t tokens) {
    return captureBytes(decoder.dims(), m_current.run->options().plan, tokens, decoder.dtype()).total();
  };
  const std::int64_t length = m_current.run->length();
  const std::int64_t next = std::min(length + kRoomStep, decoder.dims().context);
  const std::uint64_t fresh = next <= m_current.run->capacity() ? bytesAt(next) - bytesAt(length) : bytesAt(next);
  const std::uint64_t free = models::availableMemory();
  const bool limited = m_memoryLimit != 0 && bytesAt(next) > m_memoryLimit;
  if (!limited && fresh <= free) return Done{};
  return tooLarge("generation stops after " + std::to_string(length) + " tokens: " + std::to_string(next - length) +
                  " more need " + amount(static_cast<double>(limited ? bytesAt(next) : fresh)) + " of memory, " +
                  amount(static_cast<double>(limited ? m_memoryLimit : free)) + " are available");
}

Status Engine::open(const std::string& path, const OpenOptions& options, const JobContext& job) {
  const auto start = Clock::now();
  job.report(-1, 0, "reading headers");
  auto inspected = inspect(path);
  if (!inspected) return inspected.error();
  auto loaded = load(*inspected, options, job);
  if (!loaded) return loaded.error();
  stopScan();
  m_current = {};
  m_older.clear();
  m_logitsCurrent = false;
  {
    std::lock_guard lock(m_mutex);
    m_model = std::make_shared<OpenModel>(std::move(*loaded));
    m_speed = {};
  }
  m_stats = {};
  m_stats.loadSeconds = secondsSince(start);
  if (const auto open = model(); open->decoder) m_stats.weightsBytes = open->decoder->weightBytes();
  m_store.clear();
  if (inspected->trace) m_store.show(inspected->trace);
  auto info = std::make_shared<const ModelInfo>(inspected->info);
  const weights::WeightsPtr looked = inspected->tensors ? weightsOf(path, *inspected->tensors) : nullptr;
  m_board.update([&](State& state) {
    state.model = info;
    state.weights = looked;
    state.series.clear();
    state.seriesPath.clear();
    state.stats = m_stats;
    state.verification.reset();
    state.runs.clear();
  });
  scanInBackground(std::move(*inspected));
  return Done{};
}

Result<OpenModel> Engine::load(Inspected& inspected, const OpenOptions& options, const JobContext& job) {
  OpenModel open;
  open.path = inspected.info.path;
  open.configJson = inspected.info.configJson;
  open.tokenizer = inspected.tokenizer;
  if (inspected.info.isTrace || inspected.info.configJson.empty()) return open;
  models::LoadOptions load;
  load.dtype = options.dtype;
  load.device = options.device;
  load.memoryLimit = available();
  load.stop = job.stop();
  load.progress = [&](double fraction) { job.report(fraction, 0, "loading weights"); };
  if (options.processing.any()) {
    auto config = models::configOf(open.path, *inspected.tensors);
    if (!config) return config.error();
    load.processing = models::validProcessing(*config, options.processing, inspected.info.warnings);
  }
  open.processing = inspected.info.processing = load.processing;
  auto decoder = models::loadDecoder(open.path, load);
  if (!decoder) return decoder.error();
  open.decoder = *decoder;
  inspected.info.bytes = open.decoder->weightBytes();
  inspected.info.endTokens = open.endTokens = endTokens(open.path, open.configJson, inspected.info.warnings);
  if (open.tokenizer) {
    std::vector<std::string> words;
    for (std::int64_t id = 0; id < open.decoder->dims().vocab; ++id)
      words.push_back(open.tokenizer->pieceText(static_cast<std::int32_t>(id)));
    open.vocabulary = std::make_shared<const std::vector<std::string>>(std::move(words));
  }
  return open;
}

// Statistics and the content hash read every byte of the file: done beside the run, shown as they come.
void Engine::scanInBackground(Inspected inspected) {
  if (!inspected.tensors) return;
  m_scan = std::jthread([this, inspected = std::move(inspected)](std::stop_token stop) mutable {
    auto last = Clock::now();
    const auto publish = [&] {
      auto info = std::make_shared<const ModelInfo>(inspected.info);
      m_board.update([&](State& state) { state.model = info; });
    };
    const Status scanned = scanTensors(inspected, stop, [&](std::size_t) {
      if (secondsSince(last) < 0.25) return;
      last = Clock::now();
      publish();
    });
    if (stop.stop_requested()) return;
    if (!scanned) inspected.info.warnings.push_back(scanned.error().message());
    if (auto hash = tensorio::sha256Of(*inspected.tensors, stop)) inspected.info.contentHash = *hash;
    publish();
  });
}

void Engine::stopScan() {
  if (!m_scan.joinable()) return;
  m_scan.request_stop();
  m_scan.join();
}

models::RunOptions Engine::runOptions(const hooks::CapturePlan& plan, const std::vector<hooks::Edit>& edits) {
  models::RunOptions options;
  options.plan = plan;
  options.sink = &m_store;
  options.onScores = [this](std::int64_t, std::span<const hooks::TokenScore> scores) {
    m_store.addScores({scores.begin(), scores.end()});
  };
  options.edits = edits;
  return options;
}

// The background scan may not have come to it yet; a trace file must not be written without.
Result<std::string> Engine::contentHash(bool needed, std::stop_token stop) const {
  const auto info = m_board.get()->model;
  if (info && (!info->contentHash.empty() || !needed)) return info->contentHash;
  return tensorio::sha256OfCheckpoint(model()->path, std::move(stop));
}

store::RunInfo Engine::runInfo(const RunSpec& spec, const std::vector<std::int32_t>& tokens,
                               const std::string& hash) const {
  const auto open = model();
  store::RunInfo info;
  info.checkpointHash = hash;
  info.checkpoint = open->path;
  info.architecture = open->decoder->config().architecture;
  info.configJson = open->configJson;
  info.dims = open->decoder->dims();
  info.dtype = open->decoder->dtype();
  info.device = open->decoder->device();
  info.parameters = open->decoder->parameters();
  info.vocabulary = open->vocabulary;
  info.recipeJson = runRecipe(info, spec, tokens, open->processing);
  return info;
}

Status Engine::start(const RunSpec& spec, std::uint64_t pauses, const JobContext& job) {
  if (!model()->decoder) return nothingToRun();
  auto tokens = promptTokens(spec);
  if (!tokens) return tokens.error();
  auto capture = plan(spec);
  if (!capture) return capture.error();
  auto size = estimateOf(spec, static_cast<std::int64_t>(tokens->size()), *capture);
  if (!size) return size.error();
  if (!size->fits) return tooLarge(size->sentence);
  auto hash = contentHash(!spec.traceOut.empty(), job.stop());
  if (!hash) return hash.error();
  auto run = model()->decoder->startRun(runOptions(*capture, spec.edits));
  if (!run) return run.error();
  leaveCurrent();
  setSampler(spec.sampler);
  store::RunInfo info = runInfo(spec, *tokens, *hash);
  m_current = {m_store.beginRun(std::move(info), *tokens, piecesOf(*tokens)), spec, std::move(*run)};
  if (!spec.traceOut.empty()) {
    m_store.attach(trace::traceWriter(spec.traceOut), !spec.keepHooks);
    m_traceAttached = true;
  }
  publishRuns();
  Status done = prefill(*tokens, job);
  if (done && spec.generate != 0) done = generate(spec.generate, pauses, job);
  return finishTrace(std::move(done));
}

Status Engine::prefill(const std::vector<std::int32_t>& tokens, const JobContext& job) {
  m_stats.prefillSeconds = m_stats.decodeSeconds = 0;
  m_stats.prefillTokens = m_stats.decodedTokens = 0;
  if (m_current.spec.generate > 0)
    m_current.run->reserve(static_cast<std::int64_t>(tokens.size()) + m_current.spec.generate);
  const auto start = Clock::now();
  const std::string all = std::to_string(tokens.size());
  Status done = m_current.run->append(tokens, job.stop(), [&](double fraction) {
    const double spent = secondsSince(start);
    job.report(fraction, fraction > 0 ? spent * (1 - fraction) / fraction : 0,
               "reading the prompt, " + all + " tokens");
    m_store.commit(); // shown, and written to a trace file, while the rest is computed
  });
  if (!done) m_store.cut(m_current.run->length());
  m_store.commit();
  m_stats.prefillSeconds = secondsSince(start);
  m_stats.prefillTokens = m_current.run->length();
  if (done && m_stats.prefillSeconds > 0) {
    std::lock_guard lock(m_mutex);
    m_speed.prefill = static_cast<double>(m_stats.prefillTokens) / m_stats.prefillSeconds;
  }
  m_logitsCurrent = done.ok();
  publishStats();
  return done;
}

std::vector<std::string> Engine::piecesOf(std::span<const std::int32_t> tokens) const {
  const auto tokenizer = model()->tokenizer;
  std::vector<std::string> pieces;
  for (std::int32_t id : tokens)
    pieces.push_back(tokenizer ? tokenizer->pieceText(id) : std::string("<").append(std::to_string(id)).append(">"));
  return pieces;
}

// Tokens behind the prompt, through model and store alike; on failure both are cut back to the same length.
Status Engine::feed(std::span<const std::int32_t> tokens, const JobContext& job) {
  if (m_current.run->mustRestart(m_current.run->length() + static_cast<std::int64_t>(tokens.size())))
    return restartWith(tokens, job);
  std::vector<std::string> pieces = piecesOf(tokens);
  for (std::size_t i = 0; i < tokens.size(); ++i) m_store.addToken(tokens[i], std::move(pieces[i]));
  Status done = m_current.run->append(tokens, job.stop());
  if (!done) m_store.cut(m_current.run->length());
  m_store.commit();
  return done;
}

// Where longrope turns every position in another way, transformers drops its cache and sends the whole text through
// the model again; so does this. Until that is done the run stays what it was.
Status Engine::restartWith(std::span<const std::int32_t> tokens, const JobContext& job) {
  std::vector<std::int32_t> all = m_current.run->tokens();
  all.insert(all.end(), tokens.begin(), tokens.end());
  auto fresh = model()->decoder->startRun(m_current.run->options());
  if (!fresh) return fresh.error();
  (*fresh)->reserve(m_current.run->capacity());
  m_store.flush();
  const store::SnapshotPtr before = m_store.snapshot();
  m_store.recompute();
  std::vector<std::string> pieces = piecesOf(tokens);
  for (std::size_t i = 0; i < tokens.size(); ++i) m_store.addToken(tokens[i], std::move(pieces[i]));
  const std::string what = "longrope: " + std::to_string(all.size()) + " tokens once more";
  job.report(0, 0, what);
  Status done = (*fresh)->append(all, job.stop(), [&](double fraction) { job.report(fraction, 0, what); });
  if (!done) {
    m_store.restore(before);
    return done;
  }
  m_current.run = std::move(*fresh);
  m_store.commit();
  return done;
}

Status Engine::generate(std::int64_t tokens, std::uint64_t pauses, const JobContext& job) {
  if (!m_current.run) return noRun();
  const std::int64_t room = model()->decoder->dims().context - m_current.run->length();
  if (room <= 0)
    return badInput("the context of " + std::to_string(model()->decoder->dims().context) + " tokens is full");
  const std::int64_t wanted = tokens == kForever ? room : std::min(tokens, room);
  m_board.update([](State& state) { state.running = true; });
  const auto start = Clock::now();
  Status done = recomputeLast(job);
  auto reported = start;
  std::int64_t count = 0; // decoded
  while (done && count < wanted && m_pauses == pauses && (count == 0 || !atEnd())) {
    if (count % kRoomStep == 0) done = checkRoom();
    if (done) done = job.stop().stop_requested() ? Status(cancelled()) : decodeOne(sampler(), job);
    if (!done) break;
    ++count;
    if (secondsSince(reported) < 0.1) continue;
    reported = Clock::now();
    const double rate = static_cast<double>(count) / secondsSince(start);
    char text[96];
    std::snprintf(text, sizeof text, "token %lld of %lld, %.1f tokens/s", static_cast<long long>(count),
                  static_cast<long long>(wanted), rate);
    job.report(static_cast<double>(count) / static_cast<double>(wanted), static_cast<double>(wanted - count) / rate,
               text);
    publishStats();
  }
  m_stats.decodeSeconds += secondsSince(start);
  m_stats.decodedTokens += count;
  if (count > 0) {
    std::lock_guard lock(m_mutex);
    m_speed.decode = static_cast<double>(count) / secondsSince(start);
  }
  m_board.update([](State& state) { state.running = false; });
  publishStats();
  return done;
}

bool Engine::atEnd() const {
  const std::vector<std::int32_t>& tokens = m_current.run->tokens();
  const auto open = model();
  return sampler().stopAtEnd && !tokens.empty() &&
         std::find(open->endTokens.begin(), open->endTokens.end(), tokens.back()) != open->endTokens.end();
}

Status Engine::decodeOne(const Sampler& sampler, const JobContext& job) {
  const std::int32_t next = sampleToken(m_current.run->lastLogits(), sampler, m_current.run->length());
  return feed(std::span(&next, 1), job);
}

// After a cut the logits at the end belong to a forgotten token: the last token goes through the model once more.
Status Engine::recomputeLast(const JobContext& job) {
  if (m_logitsCurrent) return Done{};
  const std::vector<std::int32_t>& tokens = m_current.run->tokens();
  if (tokens.empty()) return noRun();
  const std::int32_t last = tokens.back();
  if (Status cutBack = cut(m_current.run->length() - 1); !cutBack) return cutBack;
  Status done = feed(std::span(&last, 1), job);
  m_logitsCurrent = done.ok();
  return done;
}

Status Engine::cut(std::int64_t length) {
  if (!m_current.run) return noRun();
  if (Status done = m_current.run->truncate(length); !done) return done;
  m_logitsCurrent = false;
  m_store.cut(length);
  publishStats();
  return Done{};
}

Status Engine::append(const std::vector<std::int32_t>& tokens, const JobContext& job) {
  if (!m_current.run) return noRun();
  Status done = feed(tokens, job);
  m_logitsCurrent = done.ok() || m_logitsCurrent;
  publishStats();
  return done;
}

void Engine::leaveCurrent() {
  if (!m_current.run) return;
  m_older.push_back(std::move(m_current));
  m_current = {};
  if (m_older.size() <= kKeptRuns) return;
  m_store.forget(m_older.front().id);
  m_older.erase(m_older.begin());
}

void Engine::publishRuns() {
  std::vector<std::uint64_t> ids;
  for (const Branch& branch : m_older) ids.push_back(branch.id);
  ids.push_back(m_current.id);
  std::sort(ids.begin(), ids.end());
  m_board.update([&](State& state) { state.runs = ids; });
}

Status Engine::branch(std::int64_t length, std::optional<std::int32_t> next, const JobContext& job) {
  if (!m_current.run) return noRun();
  auto run = m_current.run->fork(length, m_current.run->options());
  if (!run) return run.error();
  const RunSpec spec = m_current.spec;
  const std::uint64_t from = m_current.id;
  leaveCurrent();
  m_current = {m_store.branchRun(from, length), spec, std::move(*run)};
  m_logitsCurrent = false;
  publishRuns();
  return next ? append({*next}, job) : Status(Done{});
}

Status Engine::select(std::uint64_t run) {
  if (run == m_current.id) return Done{};
  const auto found =
      std::find_if(m_older.begin(), m_older.end(), [&](const Branch& branch) { return branch.id == run; });
  if (found == m_older.end()) return notFound("run " + std::to_string(run) + " is not kept any more");
  Branch chosen = std::move(*found);
  m_older.erase(found);
  leaveCurrent();
  m_current = std::move(chosen);
  m_logitsCurrent = false;
  m_store.select(run);
  publishRuns();
  return Done{};
}

Status Engine::evict(const std::vector<hooks::Eviction>& evictions, const JobContext& job) {
  if (!m_current.run) return model()->decoder ? noRun() : nothingToRun();
  const auto start = Clock::now();
  auto reported = start;
  auto study = m_current.run->evict(evictions, job.stop(), [&](double fraction) {
    if (secondsSince(reported) < 0.1) return;
    reported = Clock::now();
    const double spent = secondsSince(start);
    job.report(fraction, fraction > 0 ? spent * (1 - fraction) / fraction : 0,
               std::to_string(m_current.run->length()) + " tokens through " + std::to_string(evictions.size()) +
                   " caches, " + std::to_string(static_cast<int>(100 * fraction)) + " %");
  });
  if (!study) return study.error();
  m_store.setEviction(std::make_shared<const hooks::EvictionStudy>(std::move(*study)));
  return Done{};
}

Status Engine::showEviction(std::shared_ptr<const hooks::EvictionStudy> study) {
  if (!m_current.run) return noRun();
  m_store.setEviction(std::move(study));
  return Done{};
}

Status Engine::finishTrace(Status result) {
  if (!m_traceAttached) return result;
  m_traceAttached = false;
  Status closed = m_store.finishSink().get(); // what was computed before a cancel is kept and closed properly
  return result ? std::move(closed) : std::move(result);
}

Status Engine::writeTrace(const std::string& path) {
  if (!m_store.snapshot()) return noRun();
  m_store.attach(trace::traceWriter(path));
  return m_store.finishSink().get();
}

void Engine::publishStats() {
  m_stats.peakBytes = peakBytes();
  if (const auto open = model(); open->decoder && m_current.run) {
    CaptureBytes bytes = captureBytes(open->decoder->dims(), m_current.run->options().plan, m_current.run->length(),
                                      open->decoder->dtype());
    m_stats.capturedBytes = bytes.total() - bytes.scratch;
  }
  m_board.update([&](State& state) { state.stats = m_stats; });
}

} // namespace orrery::session
