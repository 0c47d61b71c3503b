// SPDX-License-Identifier: MIT
#include "core/sweep/transformer_input.h"

#include <array>
#include <cmath>

#include "core/sweep/arrays.h"
#include "core/sweep/seeds.h"

namespace orrery::sweep {
namespace {

constexpr std::size_t kTextTokens = 50000;
constexpr std::int64_t kMaxTokens = std::int64_t{1} << 30;

// Deviation of a standard normal number cut at +-2.
constexpr double kCutDeviation = 0.87962566103423978;

double cutNormal(Random& random) {
  double value = random.normal();
  while (std::abs(value) > 2) value = random.normal();
  return value / kCutDeviation;
}

double asFloat(double value) { return static_cast<double>(static_cast<float>(value)); }

// values [in, out] to their place.
void put(const MatrixPlace& place, const std::vector<double>& values, std::vector<double>& weights) {
  for (std::size_t i = 0; i < place.in; ++i)
    for (std::size_t o = 0; o < place.out; ++o)
      weights[place.at + (place.outputRows ? o * toStrip(place.in) + i : i * toStrip(place.out) + o)] =
          values[i * place.out + o];
}

void drawWeights(std::uint64_t seed, const TransformerShape& shape, std::vector<double>& weights) {
  Random random = randomOf(seed, Stream::Weights);
  for (const MatrixPlace* place : shape.matrices()) {
    const bool embedding = place == &shape.embedding;
    const double deviation = 1 / std::sqrt(static_cast<double>(embedding ? place->out : place->in));
    std::vector<double> values(place->in * place->out);
    for (double& value : values) value = asFloat((embedding ? random.normal() : cutNormal(random)) * deviation);
    put(*place, values, weights);
  }
  for (const VectorPlace& place : shape.vectors)
    if (place.name.ends_with(".scale"))
      for (std::size_t i = 0; i < place.size; ++i) weights[place.at + i] = 1;
}

Status readWeights(const std::string& file, const TransformerShape& shape, std::vector<double>& weights) {
  auto arrays = Arrays::open(file);
  if (!arrays) return arrays.error();
  for (const MatrixPlace* place : shape.matrices()) {
    auto values = arrays->reals("init/" + place->name,
                                {static_cast<std::int64_t>(place->in), static_cast<std::int64_t>(place->out)});
    if (!values) return values.error();
    put(*place, *values, weights);
  }
  for (const VectorPlace& place : shape.vectors) {
    auto values = arrays->reals("init/" + place.name, {static_cast<std::int64_t>(place.size)});
    if (!values) return values.error();
    std::copy(values->begin(), values->end(), weights.begin() + static_cast<std::ptrdiff_t>(place.at));
  }
  return Done{};
}

Status readText(const SweepSpec& spec, const TransformerShape& shape, TransformerInput& input) {
  auto arrays = Arrays::open(spec.data.file);
  if (!arrays) return arrays.error();
  auto tokens = arrays->indices("data/tokens", {-1}, spec.model.vocab);
  if (!tokens) return tokens.error();
  const auto windows = static_cast<std::int64_t>(tokens->size()) - spec.model.context;
  if (windows < 1 || windows > kMaxTokens)
    return badInput("data/tokens: expected more than context (" + std::to_string(spec.model.context) +
                        ") tokens, found " + std::to_string(tokens->size()),
                    spec.data.file);
  const auto batch = static_cast<std::int64_t>(shape.batch);
  auto starts = arrays->indices("data/starts", {-1, batch}, windows);
  if (!starts) return starts.error();
  const auto rows = static_cast<std::int64_t>(starts->size()) / batch;
  if (rows < spec.steps)
    return badInput("data/starts: expected a row for each of the " + std::to_string(spec.steps) + " steps, found " +
                        std::to_string(rows),
                    spec.data.file);
  input.tokens.assign(tokens->begin(), tokens->end());
  input.starts = std::move(*starts);
  return Done{};
}

Status drawText(const SweepSpec& spec, const TransformerShape& shape, TransformerInput& input) {
  if (spec.data.kind == DataKind::Grammar) {
    if (shape.vocab < kGrammarLetters)
      return badInput("model.vocab: expected at least " + std::to_string(kGrammarLetters) +
                      " for the grammar's characters, found " + std::to_string(shape.vocab));
    input.tokens = grammarTokens(spec.data.seed, kTextTokens);
  } else {
    Random data = randomOf(spec.data.seed, Stream::Data);
    input.tokens.resize(kTextTokens);
    for (std::uint16_t& token : input.tokens) token = static_cast<std::uint16_t>(data.below(shape.vocab));
  }
  Random order = randomOf(spec.data.seed, Stream::Order);
  input.starts.resize(static_cast<std::size_t>(spec.steps) * shape.batch);
  for (std::int32_t& start : input.starts)
    start = static_cast<std::int32_t>(order.below(input.tokens.size() - shape.context));
  return Done{};
}

} // namespace

std::vector<std::uint16_t> grammarTokens(std::uint64_t seed, std::size_t count) {
  const std::string letters = " .abcdefghiklnorstuwxy"; // sorted
  static const std::vector<std::string> determiners = {"the", "a"}, adjectives = {"red", "old", "shy"},
                                        nouns = {"fox", "dog", "bird", "child"}, verbs = {"sees", "likes", "follows"},
                                        places = {"under", "near"};
  static const std::array<std::string, 3> forms = {"DNVDN", "DANVDN", "DNVDANPDN"};
  Random random = randomOf(seed, Stream::Data);
  std::vector<std::uint16_t> tokens;
  const auto write = [&](const std::string& text) {
    for (const char letter : text) tokens.push_back(static_cast<std::uint16_t>(letters.find(letter)));
  };
  while (tokens.size() < count) {
    const std::string& form = random.pick(forms);
    for (std::size_t i = 0; i < form.size(); ++i) {
      const auto& words = form[i] == 'D'   ? determiners
                          : form[i] == 'A' ? adjectives
                          : form[i] == 'N' ? nouns
                          : form[i] == 'V' ? verbs
                                           : places;
      write((i ? " " : "") + random.pick(words));
    }
    write(". ");
  }
  tokens.resize(count);
  return tokens;
}

Result<TransformerInput> loadTransformerInput(const SweepSpec& spec, const TransformerShape& shape) {
  TransformerInput input;
  input.weights.assign(shape.size, 0);
  if (spec.init.file.empty())
    drawWeights(spec.init.seed, shape, input.weights);
  else if (Status status = readWeights(spec.init.file, shape, input.weights); !status)
    return status.error();
  const Status text = spec.data.kind == DataKind::Arrays ? readText(spec, shape, input) : drawText(spec, shape, input);
  if (!text) return text.error();
  return input;
}

} // namespace orrery::sweep
