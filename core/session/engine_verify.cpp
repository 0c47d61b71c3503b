// SPDX-License-Identifier: MIT
// The part of Engine that measures exactness: which twin or reference, and what it costs.
#include <filesystem>

#include "core/session/engine.h"

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

std::vector<std::string> referencesOf(const VerifySpec& spec, const std::string& checkpoint) {
  if (!spec.reference.empty()) return {spec.reference};
  if (!spec.text.empty() || !spec.tokens.empty()) return {};
  return referencesBeside(checkpoint);
}

} // namespace

Result<std::shared_ptr<models::Decoder>> Engine::loadTwin(const std::string& path, DType dtype,
                                                          const JobContext& job) const {
  models::LoadOptions load;
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
  const std::vector<std::string> files = referencesOf(spec, open.path);
  if (spec.against.empty() && !files.empty()) {
    std::vector<std::int32_t> tokens;
    if (!spec.text.empty() || !spec.tokens.empty()) {
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
    if (!made) return made.error();
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
  auto made = measure(spec, *open, job);
  if (!made) return made.error();
  auto shared = std::make_shared<const Verification>(std::move(*made));
  m_board.update([&](State& state) { state.verification = shared; });
  return Done{};
}

// A twin is loaded as the model was; both then read the text, float64 at about half the speed.
Result<Estimate> Engine::estimate(const VerifySpec& spec) const {
  const auto open = model();
  if (!open->decoder) return nothingToRun();
  const models::Decoder& decoder = *open->decoder;
  CaptureBytes bytes;
  bytes.hooks = kPieceBytes;
  if (const auto files = referencesOf(spec, open->path); spec.against.empty() && !files.empty()) {
    std::error_code ignored;
    for (const std::string& file : files)
      if (const auto size = std::filesystem::file_size(file, ignored); !ignored) bytes.scratch += size;
    return makeEstimate(bytes, {}, 0, 0, available());
  }
  auto tokens = verifyTokens(spec);
  if (!tokens) return tokens.error();
  bytes.scratch = decoder.parameters() * (decoder.dtype() == DType::F32 ? 8 : 4);
  const auto count = static_cast<std::int64_t>(tokens->size());
  Estimate estimate = makeEstimate(bytes, speed(), 3 * count, 0, available());
  estimate.seconds += 2 * m_board.get()->stats.loadSeconds;
  return estimate;
}

} // namespace orrery::session
