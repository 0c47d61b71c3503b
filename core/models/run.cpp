// SPDX-License-Identifier: MIT
#include <algorithm>
#include <new>
#include <optional>

#include "core/models/append_buffer.h"
#include "core/models/block.h"
#include "core/models/cached_attention.h"
#include "core/models/parallel.h"
#include "core/models/run_parts.h"
#include "core/models/scores.h"
#include "core/models/torch_bridge.h"
#include "core/models/torch_ops.h"

namespace orrery::models {

using hooks::HookKind;

namespace {
constexpr std::int64_t kLogitRows = 64; // rows of logits that exist at once: 13 MB of a vocabulary of 50,000
}

Status guarded(const std::function<void()>& work) {
  try {
    work();
    return Done{};
  } catch (const PassError& refused) {
    return refused.error;
  } catch (const std::bad_alloc&) {
    return tooLarge("not enough memory for this run");
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    if (what.find("memory") != std::string::npos) return tooLarge("not enough memory for this run: " + what);
    return Error{Code::Internal, "libtorch: " + what, {}, {}};
  } catch (const std::exception& error) {
    return Error{Code::Internal, error.what(), {}, {}};
  }
}

struct Run::Impl {
  std::shared_ptr<const Decoder> decoder;
  RunOptions options;
  Taps taps;
  CachedAttention attention;
  AppendBuffer hidden; // [1, T, D] input of the unembedding: logits of any position can be made again
  std::vector<std::int32_t> tokens;
  std::int64_t reserved = 0;
  at::Tensor logits;        // [1, V] after the last position; undefined after a cut until somebody asks
  double lastLogSumExp = 0; // of `logits`, once scored

  const ModelConfig& config() const { return decoder->config(); }
  const Weights& weights() const { return decoder->impl().weights; }
  std::int64_t length() const { return static_cast<std::int64_t>(tokens.size()); }

  Status checkTokens(std::span<const std::int32_t> more) const;
  void chunk(std::span<const std::int32_t> piece, std::int64_t total, bool last, const std::stop_token& stop);
  void finish(const at::Tensor& hiddenRows, std::span<const std::int32_t> piece);
  at::Tensor unembed(const at::Tensor& rows) const;
  at::Tensor lastRow(const Taps& with);
  void ensureLogits();
  void scoreRows(const at::Tensor& rows, std::int64_t first, std::int64_t count, std::span<const std::int32_t> piece,
                 std::int64_t begin, std::vector<hooks::TokenScore>& scores);
  Status cut(std::int64_t to);
};

Status Run::Impl::checkTokens(std::span<const std::int32_t> more) const {
  if (more.empty()) return badInput("no token to run: the text is empty");
  const std::int64_t after = length() + static_cast<std::int64_t>(more.size());
  if (after > config().context)
    return badInput("the text would have " + std::to_string(after) + " tokens; the model's context holds " +
                    std::to_string(config().context));
  for (const std::int32_t id : more)
    if (id < 0 || id >= config().vocab)
      return badInput("token id " + std::to_string(id) + " lies outside the vocabulary [0, " +
                      std::to_string(config().vocab) + ")");
  return Done{};
}

// rows [n, D] -> logits before a final soft-cap [n, V]
at::Tensor Run::Impl::unembed(const at::Tensor& rows) const { return models::unembed(Ops{true}, weights(), rows); }

// Logits after the last position, with the edits at unembed.hook_out. [1, V]
at::Tensor Run::Impl::lastRow(const Taps& with) {
  const at::Tensor row = unembed(hidden.tensor(length() - 1, 1).select(0, 0)); // [1, V]
  return softcapped(config(), with.tap(HookKind::UnembedOut, -1, row.unsqueeze(0)).select(0, 0));
}

void Run::Impl::ensureLogits() {
  if (logits.defined() || tokens.empty()) return;
  Taps quiet = taps;
  quiet.silence();
  quiet.setBegin(length() - 1);
  logits = lastRow(quiet);
  lastLogSumExp = scoreRow(logits, 0, -1).logSumExp;
}

// Positions begin + first ... of the piece: what their logits say about the token that follows.
void Run::Impl::scoreRows(const at::Tensor& rows, std::int64_t first, std::int64_t count,
                          std::span<const std::int32_t> piece, std::int64_t begin,
                          std::vector<hooks::TokenScore>& scores) {
  std::vector<RowScore> made(static_cast<std::size_t>(count));
  parallelFor(count, 1, [&](std::int64_t low, std::int64_t high) {
    for (std::int64_t r = low; r < high; ++r) {
      const auto next = static_cast<std::size_t>(first + r + 1);
      made[static_cast<std::size_t>(r)] = scoreRow(rows, r, next < piece.size() ? piece[next] : -1);
    }
  });
  for (std::int64_t r = 0; r < count; ++r) {
    const RowScore& row = made[static_cast<std::size_t>(r)];
    const auto at = static_cast<std::size_t>(first + r);
    const float own = scores[at].logProbability; // from the position before
    scores[at] = row.score;
    scores[at].logProbability = own;
    if (at + 1 < scores.size()) scores[at + 1].logProbability = static_cast<float>(row.nextLogProbability);
    if (at + 1 == scores.size()) lastLogSumExp = row.logSumExp;
  }
  static_cast<void>(begin);
}

// Logits of a piece, [n, D] hidden rows: in strips, the last row by itself, so that its bits do not depend on what is
// captured. The [n, V] logits exist only when unembed.hook_out is listened to.
void Run::Impl::finish(const at::Tensor& rows, std::span<const std::int32_t> piece) {
  const std::int64_t n = rows.size(0), begin = length();
  const bool whole = taps.active(HookKind::UnembedOut, -1), scored = options.plan.valuesAndLogits;
  std::vector<hooks::TokenScore> scores(piece.size());
  if (scored && begin > 0) {
    const double logit = logits.select(0, 0).select(0, piece[0]).item<double>();
    scores[0].logProbability = static_cast<float>(logit - lastLogSumExp);
  }
  at::Tensor all = whole ? at::empty({1, n, config().vocab}, rows.options()) : at::Tensor(); // [1, n, V]
  const auto strip = [&](std::int64_t first, std::int64_t count) {
    const at::Tensor part = unembed(rows.narrow(0, first, count)); // [count, V]
    if (whole) {
      all.select(0, 0).narrow(0, first, count).copy_(part);
      return;
    }
    logits = softcapped(config(), part);
    if (scored) scoreRows(logits, first, count, piece, begin, scores);
  };
  for (std::int64_t first = 0; (whole || scored) && first < n - 1; first += kLogitRows)
    strip(first, std::min(kLogitRows, n - 1 - first));
  strip(n - 1, 1);
  if (whole) {
    all = softcapped(config(), taps.tap(HookKind::UnembedOut, -1, all));
    logits = all.select(0, 0).narrow(0, n - 1, 1);
    if (scored) scoreRows(all.select(0, 0), 0, n, piece, begin, scores);
  }
  if (scored && options.onScores) options.onScores(begin, scores);
  if (!scored) lastLogSumExp = scoreRow(logits, 0, -1).logSumExp;
}

void Run::Impl::chunk(std::span<const std::int32_t> piece, std::int64_t total, bool last, const std::stop_token& stop) {
  static_cast<void>(last);
  const std::int64_t begin = length(), n = static_cast<std::int64_t>(piece.size());
  if (options.plan.valuesAndLogits) ensureLogits();
  taps.setBegin(begin);
  attention.prepare(begin, begin + n, total, reserved);
  hidden.open(begin, begin + n, std::max(total, reserved));
  const Pass pass{config(), weights(), attention, taps, Ops{true}, begin};
  const std::vector<std::int64_t> ids(piece.begin(), piece.end());
  at::Tensor x = embed(pass, at::tensor(at::ArrayRef<std::int64_t>(ids), at::kLong).unsqueeze(0)); // [1, n, D]
  for (int layer = 0; layer < static_cast<int>(config().layers); ++layer) {
    if (stop.stop_requested()) throw PassError{cancelled()};
    x = block(pass, layer, x);
    if (attention.delivers() && options.sink) options.sink->onAttention(layer, attention.record(layer));
  }
  const at::Tensor rows = finalNorm(pass, x).select(0, 0).contiguous(); // [n, D]
  hidden.tensor(begin, n).select(0, 0).copy_(rows);
  finish(rows, piece);
  tokens.insert(tokens.end(), piece.begin(), piece.end());
}

Status Run::Impl::cut(std::int64_t to) {
  tokens.resize(static_cast<std::size_t>(to));
  logits = at::Tensor();
  return attention.truncate(to);
}

Run::Run(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Run::~Run() = default;

Status Run::append(std::span<const std::int32_t> tokens, std::stop_token stop,
                   const std::function<void(double fraction)>& progress) {
  Impl& run = *m_impl;
  if (Status s = run.checkTokens(tokens); !s) return s;
  const std::int64_t before = run.length(), count = static_cast<std::int64_t>(tokens.size());
  const SerialBlas serial;
  Status done = guarded([&] {
    const c10::InferenceMode inference;
    const std::int64_t piece = std::max<std::int64_t>(1, run.options.chunk);
    for (std::int64_t first = 0; first < count; first += piece) {
      const std::int64_t n = std::min(piece, count - first);
      run.chunk(tokens.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(n)), before + count,
                first + n == count, stop);
      if (progress) progress(static_cast<double>(first + n) / static_cast<double>(count));
    }
  });
  if (done) return done;
  const std::int64_t kept = done.error().code == Code::Cancelled ? run.length() : before;
  const Status undone = guarded([&] {
    const c10::InferenceMode inference;
    if (Status s = run.cut(kept); !s) throw PassError{s.error()};
  });
  return done;
}

bool Run::mustRestart(std::int64_t length) const { return m_impl->attention.turnsAnew(length); }
RunParts partsOf(const Run& run) {
  const Run::Impl& impl = *run.m_impl;
  Taps quiet = impl.taps;
  quiet.silence();
  return {impl.decoder, std::move(quiet), impl.hidden.tensor(0, impl.length()).select(0, 0)};
}

std::int64_t Run::length() const { return m_impl->length(); }
const std::vector<std::int32_t>& Run::tokens() const { return m_impl->tokens; }
void Run::reserve(std::int64_t tokens) { m_impl->reserved = std::min(tokens, m_impl->config().context); }
std::int64_t Run::capacity() const { return m_impl->attention.capacity(); }
const RunOptions& Run::options() const { return m_impl->options; }

Status Run::truncate(std::int64_t length) {
  if (length < 0 || length > m_impl->length())
    return badInput("cannot cut a text of " + std::to_string(m_impl->length()) + " tokens to " +
                    std::to_string(length));
  if (length == m_impl->length()) return Done{};
  return guarded([&] {
    const c10::InferenceMode inference;
    if (Status s = m_impl->cut(length); !s) throw PassError{s.error()};
  });
}

std::vector<double> Run::lastLogits() const {
  std::vector<double> values;
  const SerialBlas serial;
  const Status done = guarded([&] {
    const c10::InferenceMode inference;
    m_impl->ensureLogits();
    if (m_impl->logits.defined()) values = toDoubles(viewOf(m_impl->logits));
  });
  return done ? values : std::vector<double>();
}

std::vector<hooks::AttentionRecord> Run::attention() const {
  std::vector<hooks::AttentionRecord> records;
  if (!m_impl->attention.delivers() || m_impl->tokens.empty()) return records;
  for (int layer = 0; layer < static_cast<int>(m_impl->config().layers); ++layer)
    records.push_back(m_impl->attention.record(layer));
  return records;
}

namespace {
bool sameAttention(const hooks::CapturePlan& a, const hooks::CapturePlan& b) {
  return a.attention == b.attention && a.overviews == b.overviews && a.overviewCells == b.overviewCells;
}
const char* const kAttentionFixed = "what is captured of the attention is fixed when a run starts";
} // namespace

Status Run::setOptions(RunOptions options) {
  if (!sameAttention(options.plan, m_impl->options.plan)) return badInput(kAttentionFixed);
  auto taps = Taps::make(m_impl->config(), options.plan, options.sink, options.edits);
  if (!taps) return taps.error();
  m_impl->taps = std::move(*taps);
  m_impl->options = std::move(options);
  return Done{};
}

Result<std::unique_ptr<Run>> Run::fork(std::int64_t length, RunOptions options) const {
  if (length < 0 || length > m_impl->length())
    return badInput("cannot branch a text of " + std::to_string(m_impl->length()) + " tokens after " +
                    std::to_string(length));
  if (!sameAttention(options.plan, m_impl->options.plan)) return badInput(kAttentionFixed);
  auto taps = Taps::make(m_impl->config(), options.plan, options.sink, options.edits);
  if (!taps) return taps.error();
  std::unique_ptr<Run> made;
  const Status done = guarded([&] {
    const c10::InferenceMode inference;
    AppendBuffer hidden = m_impl->hidden;
    m_impl->hidden.freeze(length);
    hidden.freeze(m_impl->config().context);
    made = std::make_unique<Run>(std::make_unique<Impl>(Impl{.decoder = m_impl->decoder,
                                                             .options = std::move(options),
                                                             .taps = std::move(*taps),
                                                             .attention = m_impl->attention.fork(length),
                                                             .hidden = std::move(hidden),
                                                             .tokens = m_impl->tokens,
                                                             .reserved = m_impl->reserved,
                                                             .logits = {},
                                                             .lastLogSumExp = 0}));
    if (Status s = made->m_impl->cut(length); !s) throw PassError{s.error()};
  });
  if (!done) return done.error();
  return made;
}

Result<std::unique_ptr<Run>> Decoder::startRun(RunOptions options) const {
  auto taps = Taps::make(config(), options.plan, options.sink, options.edits);
  if (!taps) return taps.error();
  const at::ScalarType type = scalarType(dtype());
  return std::make_unique<Run>(std::make_unique<Run::Impl>(Run::Impl{.decoder = shared_from_this(),
                                                                     .options = options,
                                                                     .taps = std::move(*taps),
                                                                     .attention = {config(), type, options.plan},
                                                                     .hidden = {1, config().model, type},
                                                                     .tokens = {},
                                                                     .reserved = 0,
                                                                     .logits = {},
                                                                     .lastLogSumExp = 0}));
}

} // namespace orrery::models
