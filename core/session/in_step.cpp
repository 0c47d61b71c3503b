// SPDX-License-Identifier: MIT
#include "core/session/in_step.h"

#include <algorithm>
#include <vector>

namespace orrery::session {
namespace {

constexpr std::int64_t kMaxPiece = 512;

// Keeps one piece of every hook, in the order of the forward pass.
class Keeper final : public hooks::CaptureSink {
public:
  struct Kept {
    hooks::HookId id;
    TensorView value;
  };
  std::vector<Kept> kept;
  void onTensor(hooks::HookId id, std::int64_t, const TensorView& value) override { kept.push_back({id, value}); }
  void onAttention(int, const hooks::AttentionRecord&) override {}
};

// Hands every value to `visit` beside that of the Keeper, which it lets go.
class Pairer final : public hooks::CaptureSink {
public:
  Pairer(Keeper& first, const PairVisit& visit) : m_first(first), m_visit(visit) {}
  void onTensor(hooks::HookId id, std::int64_t begin, const TensorView& value) override {
    const auto found = std::ranges::find(m_first.kept, id, &Keeper::Kept::id);
    if (found == m_first.kept.end()) return;
    m_visit(id, begin, found->value, value);
    m_first.kept.erase(found);
  }
  void onAttention(int, const hooks::AttentionRecord&) override {}

private:
  Keeper& m_first;
  const PairVisit& m_visit;
};

Result<std::unique_ptr<models::Run>> start(const models::Decoder& decoder, const hooks::CapturePlan& plan,
                                           hooks::CaptureSink& sink, std::int64_t chunk) {
  models::RunOptions options;
  options.plan = plan;
  options.sink = &sink;
  options.chunk = chunk;
  return decoder.startRun(std::move(options));
}

} // namespace

std::int64_t pieceTokens(const models::Decoder& decoder, const hooks::CapturePlan& plan, std::int64_t tokens) {
  if (decoder.config().rope.longText(tokens)) return tokens;
  double bytes = 1; // of one token
  for (const hooks::HookId id : plan.hooks()) {
    const bool square = id.kind == hooks::HookKind::Pattern || id.kind == hooks::HookKind::AttnScores;
    const auto elements = elementCount(hooks::hookShape(id, decoder.dims(), 1));
    bytes += static_cast<double>(elements.value_or(0)) * static_cast<double>(square ? tokens : 1) *
             static_cast<double>(byteSize(decoder.dtype()));
  }
  const auto fitting = static_cast<std::int64_t>(static_cast<double>(kPieceBytes) / bytes);
  return std::clamp<std::int64_t>(fitting, 1, std::min(kMaxPiece, tokens));
}

Status runInStep(const models::Decoder& first, const models::Decoder& second, std::span<const std::int32_t> tokens,
                 const hooks::CapturePlan& plan, const PairVisit& visit, const Control& control) {
  Keeper keeper;
  Pairer pairer(keeper, visit);
  const auto all = static_cast<std::int64_t>(tokens.size());
  const std::int64_t piece = pieceTokens(first, plan, all);
  auto one = start(first, plan, keeper, piece), two = start(second, plan, pairer, piece);
  if (!one) return one.error();
  if (!two) return two.error();
  (*one)->reserve(all);
  (*two)->reserve(all);
  for (std::int64_t begin = 0; begin < all; begin += piece) {
    const auto part =
        tokens.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(std::min(piece, all - begin)));
    keeper.kept.clear();
    if (Status done = (*one)->append(part, control.stop); !done) return done;
    if (Status done = (*two)->append(part, control.stop); !done) return done;
    if (control.progress)
      control.progress(static_cast<double>(begin + static_cast<std::int64_t>(part.size())) / static_cast<double>(all));
  }
  return Done{};
}

} // namespace orrery::session
