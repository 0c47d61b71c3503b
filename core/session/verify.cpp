// SPDX-License-Identifier: MIT
#include "core/session/verify.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace orrery::session {
namespace {

using hooks::HookKind;
using Kind = ReferenceField::Kind;

constexpr double kMasked = -1e30; // programs mask scores with -inf or with the lowest number there is

std::string noteOf(const models::ModelConfig& config, HookKind kind) {
  if (config.position != models::PositionKind::Rope) return {};
  if (kind == HookKind::K || kind == HookKind::Q) return "before RoPE";
  if (kind == HookKind::RotK || kind == HookKind::RotQ) return "after RoPE";
  return {};
}

VerifyRow rowOf(std::string name, std::string source, std::string note, const analysis::Difference& difference) {
  return {std::move(name),      std::move(source),   std::move(note), difference.maxAbs(),
          difference.allowed(), difference.scaled(), difference.ok()};
}

double capped(const models::ModelConfig& config, double logit) {
  const double cap = config.finalSoftcap;
  return cap > 0 ? cap * std::tanh(logit / cap) : logit;
}

std::int32_t best(const std::vector<double>& logits) {
  return static_cast<std::int32_t>(std::ranges::max_element(logits) - logits.begin());
}

// Compares the hooks of one text with its fields as they come. Keeps the first complaint about the reference.
class FieldSink final : public hooks::CaptureSink {
public:
  FieldSink(const models::Decoder& decoder, const Reference& reference, const ReferenceText& text)
      : m_config(decoder.config()), m_reference(reference), m_text(text) {
    for (const ReferenceField& field : text.fields)
      differences.emplace_back(std::max(toleranceOf(decoder.dtype()), field.floor));
  }

  std::vector<analysis::Difference> differences; // of every field of the text
  std::optional<Error> error;

  hooks::CapturePlan plan() const {
    hooks::CapturePlan plan;
    plan.attention = plan.overviews = plan.valuesAndLogits = false;
    for (const ReferenceField& field : m_text.fields) {
      if (field.kind == Kind::Hook) plan.add(field.hook);
      if (field.kind == Kind::Logits || field.kind == Kind::TopLogits) plan.add({HookKind::UnembedOut, -1});
    }
    return plan;
  }

  void onTensor(hooks::HookId id, std::int64_t begin, const TensorView& value) override {
    std::vector<double> ours; // converted once, and only if somebody asks
    for (std::size_t i = 0; i < m_text.fields.size() && !error; ++i) {
      const ReferenceField& field = m_text.fields[i];
      const bool logits = field.kind == Kind::Logits || field.kind == Kind::TopLogits;
      if (logits ? id.kind != HookKind::UnembedOut : field.kind != Kind::Hook || field.hook != id) continue;
      if (ours.empty()) ours = toDoubles(value);
      if (field.kind == Kind::TopLogits)
        compareTop(field, begin, value.shape[1], ours, differences[i]);
      else
        compareField(field, begin, value.shape, ours, differences[i]);
    }
  }
  void onAttention(int, const hooks::AttentionRecord&) override {}

  // `count` numbers of a tensor of the reference from element `first` on; empty after an error.
  std::vector<double> load(const std::string& name, std::int64_t first, std::int64_t count) {
    auto view = m_reference.file.loadRange(*m_reference.file.find(name), first, count);
    if (!view) {
      error = view.error();
      return {};
    }
    std::vector<double> values = toDoubles(*view);
    if (std::ranges::any_of(values, [](double x) { return std::isnan(x); })) {
      error = badInput(inQuotes(name) + " holds NaN: such a reference says nothing", m_reference.path);
      return {};
    }
    return values;
  }

private:
  // Heads come before the positions: of patterns and scores in ours, of some norms in the reference.
  void compareField(const ReferenceField& field, std::int64_t begin, const Shape& shape,
                    const std::vector<double>& ours, analysis::Difference& difference) {
    const auto all = static_cast<std::int64_t>(m_text.tokens.size());
    const bool square =
        field.kind == Kind::Hook && (field.hook.kind == HookKind::Pattern || field.hook.kind == HookKind::AttnScores);
    if (square) return compareSquare(field, begin, shape, ours, difference);
    const std::int64_t rows = shape[1], width = static_cast<std::int64_t>(ours.size()) / rows;
    if (!field.headsBefore) {
      const std::vector<double> reference = load(field.field, begin * width, rows * width);
      std::vector<double> own(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(reference.size()));
      if (field.kind == Kind::Logits)
        for (double& x : own) x = capped(m_config, x);
      difference.add(own, reference, vectorOf(field, shape.back()));
      return;
    }
    const std::int64_t heads = shape[2], size = shape[3];
    for (std::int64_t h = 0; h < heads && !error; ++h) {
      const std::vector<double> reference = load(field.field, (h * all + begin) * size, rows * size);
      std::vector<double> own;
      for (std::size_t i = 0; i < reference.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        own.push_back(ours[static_cast<std::size_t>((at / size * heads + h) * size + at % size)]);
      }
      difference.add(own, reference, vectorOf(field, size));
    }
  }

  // Ours [1, H, t, begin + t] against rows of [1, H, T, T]: what is not there is masked.
  void compareSquare(const ReferenceField& field, std::int64_t begin, const Shape& shape,
                     const std::vector<double>& ours, analysis::Difference& difference) {
    const auto all = static_cast<std::int64_t>(m_text.tokens.size());
    const bool scores = field.hook.kind == HookKind::AttnScores;
    const std::int64_t heads = shape[1], rows = shape[2], columns = shape[3];
    for (std::int64_t h = 0; h < heads && !error; ++h) {
      std::vector<double> reference = load(field.field, (h * all + begin) * all, rows * all), own;
      for (std::size_t i = 0; i < reference.size(); ++i) {
        const std::int64_t r = static_cast<std::int64_t>(i) / all, c = static_cast<std::int64_t>(i) % all;
        const double masked = scores ? -INFINITY : 0;
        own.push_back(c < columns ? ours[static_cast<std::size_t>((h * rows + r) * columns + c)] : masked);
        if (scores && reference[i] < kMasked) reference[i] = -INFINITY;
      }
      difference.add(own, reference, vectorOf(field, all));
    }
  }

  void compareTop(const ReferenceField& field, std::int64_t begin, std::int64_t rows, const std::vector<double>& ours,
                  analysis::Difference& difference) {
    const std::int64_t width = m_reference.file.find(field.field)->shape[1];
    const std::vector<double> reference = load(field.field, begin * width, rows * width);
    const std::vector<double> ids = error ? std::vector<double>() : load(field.ids, begin * width, rows * width);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!(ids[i] >= 0 && ids[i] < static_cast<double>(m_config.vocab))) {
        error = badInput(inQuotes(field.ids) + ": expected token ids below the vocabulary " +
                             std::to_string(m_config.vocab) + ", found " + Json(ids[i]).dump(),
                         m_reference.path);
        return;
      }
      const std::int64_t row = static_cast<std::int64_t>(i) / width;
      const auto at = static_cast<std::size_t>(row * m_config.vocab) + static_cast<std::size_t>(ids[i]);
      difference.add(capped(m_config, ours[at]), reference[i]);
    }
  }

  // The reference rounds to float32 as well: see Difference.
  static std::size_t vectorOf(const ReferenceField& field, std::int64_t width) {
    return field.floor > 0 ? static_cast<std::size_t>(width) : 0;
  }

  const models::ModelConfig& m_config;
  const Reference& m_reference;
  const ReferenceText& m_text;
};

// Tokens of the greedy continuation that differ. Where the two best are closer than both may be off, either is right
// and the rest says nothing; nor does what lies behind the end of the context, or of a longrope's short text.
Result<VerifyRow> compareGreedy(models::Run& run, const models::Decoder& decoder, const ReferenceField& field,
                                const std::vector<double>& expected, const Control& control) {
  VerifyRow row{"greedy", field.field, {}, 0, 0, 0, true};
  const models::ModelConfig& config = decoder.config();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::vector<double> logits = run.lastLogits();
    const std::int32_t own = best(logits);
    const auto reference = static_cast<std::size_t>(expected[i]);
    if (static_cast<double>(own) != expected[i]) {
      const double gap = logits[static_cast<std::size_t>(own)] - logits[reference];
      const double allowed = 2 * toleranceOf(decoder.dtype()) * std::max(1.0, std::abs(logits[reference]));
      row.note = (gap <= allowed ? "a tie at token " : "differs from token ") + std::to_string(i) + " on";
      row.maxAbs = gap <= allowed ? 0 : static_cast<double>(expected.size() - i);
      break;
    }
    const std::int64_t next = run.length() + 1;
    if (i + 1 == expected.size()) break;
    if (next > config.context || config.rope.longText(next) != config.rope.longText(run.length())) {
      row.note = "compared up to " + std::to_string(run.length()) + " tokens";
      break;
    }
    if (Status done = run.append(std::span(&own, 1), control.stop); !done) return done.error();
  }
  row.ok = row.maxAbs == 0;
  return row;
}

Result<std::vector<double>> greedyTokens(FieldSink& sink, const Reference& reference, const ReferenceField& field,
                                         std::int64_t vocab) {
  const tensorio::TensorInfo& info = *reference.file.find(field.field);
  std::vector<double> ids = sink.load(field.field, 0, elementCount(info.shape).value_or(0));
  if (sink.error) return *sink.error;
  for (const double id : ids)
    if (!(id >= 0 && id < static_cast<double>(vocab)))
      return badInput(inQuotes(field.field) + ": expected token ids below the vocabulary " + std::to_string(vocab) +
                          ", found " + Json(id).dump(),
                      reference.path);
  return ids;
}

std::string nameOf(const ReferenceField& field) {
  if (field.kind == Kind::Hook) return hooks::hookName(field.hook);
  return field.kind == Kind::Greedy ? "greedy" : "logits";
}

Status verifyText(const models::Decoder& decoder, const Reference& reference, const ReferenceText& text,
                  std::int64_t chunk, const Control& control, std::vector<VerifyRow>& rows) {
  FieldSink sink(decoder, reference, text);
  models::RunOptions options;
  options.plan = sink.plan();
  options.sink = &sink;
  options.chunk = chunk;
  auto run = decoder.startRun(options);
  if (!run) return run.error();
  if (Status done = (*run)->append(text.tokens, control.stop, control.progress); !done) return done;
  if (sink.error) return *sink.error;
  for (std::size_t i = 0; i < text.fields.size(); ++i)
    if (text.fields[i].kind == Kind::LastLogits)
      sink.differences[i].add((*run)->lastLogits(), sink.load(text.fields[i].field, 0, decoder.config().vocab));
  if (sink.error) return *sink.error;
  options.plan = {};
  options.plan.attention = options.plan.overviews = false;
  options.sink = nullptr;
  if (Status quiet = (*run)->setOptions(options); !quiet) return quiet;
  for (std::size_t i = 0; i < text.fields.size(); ++i) {
    const ReferenceField& field = text.fields[i];
    if (field.kind != Kind::Greedy) {
      const std::string note = field.kind == Kind::Hook            ? noteOf(decoder.config(), field.hook.kind)
                               : decoder.config().finalSoftcap > 0 ? "behind the final soft-cap"
                                                                   : "";
      rows.push_back(rowOf(nameOf(field), field.field, note, sink.differences[i]));
      continue;
    }
    auto expected = greedyTokens(sink, reference, field, decoder.config().vocab);
    if (!expected) return expected.error();
    auto row = compareGreedy(**run, decoder, field, *expected, control);
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  return Done{};
}

hooks::CapturePlan planOf(const models::Decoder& decoder) {
  hooks::CapturePlan plan;
  plan.attention = plan.overviews = plan.valuesAndLogits = false;
  for (const hooks::HookSpec& spec : decoder.hooks())
    if (!spec.onRequest) plan.add(spec.id);
  return plan;
}

} // namespace

double toleranceOf(DType dtype) { return dtype == DType::F64 ? 1e-9 : 5e-5; }

// By how much of what is allowed is used.
void sortWorstFirst(std::vector<VerifyRow>& rows) {
  std::ranges::stable_sort(rows, std::greater{}, [](const VerifyRow& row) {
    return std::pair(!row.ok, row.tolerance > 0 ? row.maxAbs / row.tolerance : row.maxAbs);
  });
}

bool Verification::ok() const {
  return std::ranges::all_of(rows, [](const VerifyRow& row) { return row.ok; });
}

Result<Verification> verifyReference(const models::Decoder& decoder, const Reference& reference, const Control& control,
                                     std::int64_t chunk) {
  Verification made{decoder.dtype(), reference.path, 0, {}, reference.unused, std::nullopt};
  for (const ReferenceText& text : reference.texts) {
    if (text.fields.empty()) continue;
    if (Status done = verifyText(decoder, reference, text, chunk, control, made.rows); !done) return done.error();
    made.tokens += static_cast<std::int64_t>(text.tokens.size());
  }
  sortWorstFirst(made.rows);
  return made;
}

Result<Verification> verifyFloat64(const models::Decoder& float32, const models::Decoder& float64,
                                   std::span<const std::int32_t> tokens, const Control& control) {
  const hooks::CapturePlan plan = planOf(float32);
  std::vector<hooks::HookId> ids = plan.hooks();
  std::vector<analysis::Difference> differences(ids.size(), analysis::Difference(toleranceOf(DType::F32)));
  const auto visit = [&](hooks::HookId id, std::int64_t, const TensorView& single, const TensorView& exact) {
    const auto at = static_cast<std::size_t>(std::ranges::find(ids, id) - ids.begin());
    differences[at].add(toDoubles(single), toDoubles(exact), static_cast<std::size_t>(exact.shape.back()));
  };
  if (Status done = runInStep(float32, float64, tokens, plan, visit, control); !done) return done.error();
  Verification made{DType::F32, "float64", static_cast<std::int64_t>(tokens.size()), {}, {}, std::nullopt};
  for (std::size_t i = 0; i < ids.size(); ++i)
    made.rows.push_back(
        rowOf(hooks::hookName(ids[i]), "float64", noteOf(float32.config(), ids[i].kind), differences[i]));
  sortWorstFirst(made.rows);
  return made;
}

Result<Verification> compareLogits(const models::Decoder& decoder, const models::Decoder& reference,
                                   std::span<const std::int32_t> tokens, const Control& control) {
  const std::int64_t vocab = decoder.config().vocab;
  if (reference.config().vocab != vocab)
    return badInput("the logits cannot be compared: this model has " + std::to_string(vocab) +
                    " tokens in its vocabulary, the other " + std::to_string(reference.config().vocab));
  hooks::CapturePlan plan;
  plan.attention = plan.overviews = plan.valuesAndLogits = false;
  plan.add({HookKind::UnembedOut, -1});
  Verification made{decoder.dtype(), {}, static_cast<std::int64_t>(tokens.size()), {}, {}, analysis::LogitsChange()};
  const auto rowsOf = [vocab](const models::Decoder& of, const TensorView& view) {
    std::vector<double> logits = toDoubles(view);
    for (double& x : logits) x = capped(of.config(), x);
    return logits;
  };
  const auto visit = [&](hooks::HookId, std::int64_t, const TensorView& own, const TensorView& other) {
    const std::vector<double> a = rowsOf(decoder, own), b = rowsOf(reference, other);
    for (std::int64_t row = 0; row < own.shape[1]; ++row) {
      const auto first = static_cast<std::size_t>(row * vocab), size = static_cast<std::size_t>(vocab);
      made.logits->add(std::span(b).subspan(first, size), std::span(a).subspan(first, size));
    }
  };
  if (Status done = runInStep(decoder, reference, tokens, plan, visit, control); !done) return done.error();
  return made;
}

} // namespace orrery::session
