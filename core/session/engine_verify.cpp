// SPDX-License-Identifier: MIT
// The part of Engine that measures exactness: which twin or reference, and what it costs.
#include <algorithm>
#include <cstdio>

#include "core/session/engine.h"
#include "core/session/verify.h"

namespace orrery::session {
namespace {

Control controlOf(const JobContext& job, std::string detail) {
  return {job.stop(), [&job, detail = std::move(detail)](double fraction) { job.report(fraction, 0, detail); }};
}

// Several references of one checkpoint as one result.
void merge(Verification& all, Verification one) {
  all.dtype = one.dtype;
  all.against += (all.against.empty() ? "" : ", ") + one.against;
  all.tokens += one.tokens;
  all.rows.insert(all.rows.end(), one.rows.begin(), one.rows.end());
  all.unused.insert(all.unused.end(), one.unused.begin(), one.unused.end());
}

// A reference beside a checkpoint tells of its weights as they are.
std::vector<std::string> referencesOf(const VerifySpec& spec, const OpenModel& open) {
  if (!spec.reference.empty()) return {spec.reference};
  const bool given = !spec.text.empty() || !spec.tokens.empty();
  if ((given && !spec.background) || open.processing.any()) return {};
  return referencesBeside(open.path);
}

} // namespace

Result<std::shared_ptr<models::Decoder>> Engine::loadTwin(const std::string& path, DType dtype,
                                                          const JobContext& job) const {
  models::LoadOptions load;
  load.processing = model()->processing;
  load.dtype = dtype;
  load.memoryLimit = available();
  load.stop = job.stop();
  load.progress = [&](double fraction) { job.report(fraction, 0, "loading the weights to compare with"); };
  return models::loadDecoder(path, load);
}

Result<std::vector<std::int32_t>> Engine::verifyTokens(const VerifySpec& spec) const {
  if (spec.text.empty() && spec.tokens.empty())
    return badInput("there is nothing to verify on: expected a text, or a reference beside the checkpoint "
                    "(reference.safetensors, tl_cache.safetensors)",
                    model()->path);
  RunSpec run;
  run.text = spec.text;
  run.tokens = spec.tokens;
  return promptTokens(run);
}

Result<Verification> Engine::measure(const VerifySpec& spec, const OpenModel& open, const JobContext& job) const {
  const models::Decoder& decoder = *open.decoder;
  const std::vector<std::string> files = referencesOf(spec, open);
  if (spec.against.empty() && !files.empty()) {
    std::vector<std::int32_t> tokens;
    if (!spec.background && (!spec.text.empty() || !spec.tokens.empty())) {
      auto given = verifyTokens(spec);
      if (!given) return given.error();
      tokens = std::move(*given);
    }
    Verification all;
    for (const std::string& file : files) {
      auto reference = openReference(file, decoder.config(), tokens);
      if (!reference) return reference.error();
      auto one = verifyReference(decoder, *reference, controlOf(job, "against " + file));
      if (!one) return one.error();
      merge(all, std::move(*one));
    }
    sortWorstFirst(all.rows);
    return all;
  }
  auto tokens = verifyTokens(spec);
  if (!tokens) return tokens.error();
  const bool single = decoder.dtype() == DType::F32;
  if (!spec.against.empty()) {
    auto other = loadTwin(spec.against, decoder.dtype(), job);
    if (!other) return other.error();
    auto made = compareLogits(decoder, **other, *tokens, controlOf(job, "comparing logits"));
    if (!made) {
      if (made.error().where.empty()) made.error().where = spec.against;
      return made.error();
    }
    made->against = spec.against;
    return made;
  }
  auto twin = loadTwin(open.path, single ? DType::F64 : DType::F32, job);
  if (!twin) return twin.error();
  const Control control = controlOf(job, "float32 against float64");
  return single ? verifyFloat64(decoder, **twin, *tokens, control) : verifyFloat64(**twin, decoder, *tokens, control);
}

Status Engine::verify(const VerifySpec& spec, const JobContext& job) {
  const auto open = model();
  if (!open->decoder) return nothingToRun();
  Status within = checkBudget(spec, *open);
  auto made = within ? measure(spec, *open, job) : Result<Verification>(within.error());
  if (!made) {
    if (!spec.background || made.error().code == Code::Cancelled) return made.error();
    Verification none;
    none.notMeasured = made.error().what;
    made = std::move(none);
  }
  auto shared = std::make_shared<const Verification>(std::move(*made));
  m_board.update([&](State& state) { state.verification = shared; });
  return Done{};
}

// A twin is loaded as the model was, from a file that the system may have to read again; float64 runs at about half the
// speed of float32.
Status Engine::checkBudget(const VerifySpec& spec, const OpenModel& open) const {
  const bool twin = !spec.against.empty() || referencesOf(spec, open).empty();
  std::uint64_t bytes = kPieceBytes;
  double seconds = 0;
  if (twin) {
    bytes += open.decoder->parameters() * 8;
    seconds = 2 * m_board.get()->stats.loadSeconds;
    if (const double rate = speed().prefill; rate > 0) seconds += 3 * static_cast<double>(spec.tokens.size()) / rate;
  }
  const bool slow = spec.maxSeconds > 0 && seconds > spec.maxSeconds;
  if (!slow && (spec.maxBytes == 0 || bytes <= std::min(spec.maxBytes, available() / 4))) return Done{};
  char text[160];
  std::snprintf(text, sizeof text, "measuring takes about %.0f s and %s", seconds,
                amount(static_cast<double>(bytes)).c_str());
  return tooLarge(text);
}

} // namespace orrery::session
