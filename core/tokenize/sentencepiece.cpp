// SPDX-License-Identifier: MIT
#include "core/tokenize/sentencepiece.h"

#include <array>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/tokenize/components.h"
#include "core/tokenize/utf8.h"
#include "core/tokenize/wire_format.h"

namespace orrery::tokenize {
namespace {

constexpr std::size_t kMaxFile = std::size_t{64} << 20; // bytes; the largest published ones have 10 MB
constexpr const char* kMark = "\xE2\x96\x81";           // ▁

class Reader {
public:
  explicit Reader(const std::string& where) : m_where(where) {}

  Result<SentencePieceModel> read(std::string_view bytes) {
    each(bytes, [&](const Field& field) {
      if (field.number == 1) readPiece(field.bytes);
      if (field.number == 2) readTrainer(field.bytes);
      if (field.number == 3) readNormalizer(field.bytes);
      if (field.number == 5) readDenormalizer(field.bytes);
    });
    if (m_model.pieces.empty()) fail(badInput("no pieces: not a SentencePiece model"));
    if (m_modelType != kBpe) refuseModelType();
    for (const std::int32_t id : {m_model.bos, m_model.eos})
      if (id >= static_cast<std::int32_t>(m_model.pieces.size())) fail(badInput("bos_id or eos_id is no piece"));
    if (m_problem) return std::move(*m_problem);
    return std::move(m_model);
  }

private:
  using Field = WireMessage::Field;
  static constexpr std::uint64_t kUnigram = 1, kBpe = 2;

  void fail(Error error) {
    if (m_problem) return;
    error.where = m_where;
    m_problem = std::move(error);
  }
  template <class Use> void each(std::string_view bytes, Use use) {
    WireMessage message(bytes);
    for (Field field; !m_problem && message.next(field);) use(field);
    if (message.broken()) fail(badInput("not a SentencePiece model, or cut: a field does not end"));
  }
  void refuseModelType() {
    constexpr std::array kNames = {"0", "unigram", "bpe", "word", "char"};
    const std::string name = m_modelType < kNames.size() ? kNames[m_modelType] : std::to_string(m_modelType);
    fail(unsupported("SentencePiece model type " + inQuotes(name) + " is not supported, expected \"bpe\""));
  }

  void readPiece(std::string_view bytes) {
    SpmPiece piece;
    std::uint64_t type = 1;
    each(bytes, [&](const Field& field) {
      if (field.number == 1) piece.text = field.bytes;
      if (field.number == 2) piece.score = asFloat(field.value);
      if (field.number == 3) type = field.value;
    });
    const std::string what = "piece " + std::to_string(m_model.pieces.size());
    if (type < 1 || type > 6) return fail(badInput(what + " is of type " + std::to_string(type) + ", expected 1 to 6"));
    if (piece.text.empty() || !isValidUtf8(piece.text)) return fail(badInput(what + " is empty or not UTF-8"));
    piece.type = static_cast<PieceType>(type);
    m_model.pieces.push_back(std::move(piece));
  }

  void readTrainer(std::string_view bytes) {
    each(bytes, [&](const Field& field) {
      if (field.number == 3) m_modelType = field.value;
      if (field.number == 24 && field.value != 0) fail(unsupported("treat_whitespace_as_suffix is not supported"));
      if (field.number == 41) m_model.bos = idOf(field);
      if (field.number == 42) m_model.eos = idOf(field);
      if (field.number == 44) m_model.unknownSurface = toValidUtf8(field.bytes);
    });
  }
  static std::int32_t idOf(const Field& field) { // an int32; negative: none
    return std::max(-1, static_cast<std::int32_t>(static_cast<std::uint32_t>(field.value)));
  }

  void readNormalizer(std::string_view bytes) {
    std::string name;
    bool map = false;
    each(bytes, [&](const Field& field) {
      if (field.number == 1) name = field.bytes;
      if (field.number == 2 || field.number == 6) map = map || !field.bytes.empty();
      if (field.number == 3) m_model.dummyPrefix = field.value != 0;
      if (field.number == 4) m_model.removeExtra = field.value != 0;
      if (field.number == 5) m_model.escape = field.value != 0;
    });
    if (map)
      fail(unsupported("SentencePiece normalisation " + inQuotes(name) + " (a compiled map of characters) is not " +
                       "supported, expected \"identity\""));
  }
  void readDenormalizer(std::string_view bytes) {
    each(bytes, [&](const Field& field) {
      if (field.number == 2 && !field.bytes.empty()) fail(unsupported("a SentencePiece denormalizer is not supported"));
    });
  }

  const std::string& m_where;
  SentencePieceModel m_model;
  std::uint64_t m_modelType = kUnigram; // the default of the message
  std::optional<Error> m_problem;
};

Json replaceStep(const char* kind, const std::string& pattern, const std::string& content) {
  return {{"type", "Replace"}, {"pattern", {{kind, pattern}}}, {"content", content}};
}

Json normalizers(const SentencePieceModel& model) {
  Json steps = Json::array();
  if (model.removeExtra) {
    steps.push_back(replaceStep("Regex", "\\A +", ""));
    steps.push_back(replaceStep("Regex", " +\\z", ""));
    steps.push_back(replaceStep("Regex", " +", " "));
  }
  if (model.dummyPrefix) steps.push_back({{"type", "Prepend"}, {"prepend", " "}});
  if (model.escape) steps.push_back(replaceStep("String", " ", kMark));
  return {{"type", "Sequence"}, {"normalizers", std::move(steps)}};
}

Json decoders(const SentencePieceModel& model) {
  Json steps = Json::array();
  for (const SpmPiece& piece : model.pieces)
    if (piece.type == PieceType::Unknown) steps.push_back(replaceStep("String", piece.text, model.unknownSurface));
  steps.push_back(replaceStep("String", kMark, " "));
  steps.push_back({{"type", "ByteFallback"}});
  steps.push_back({{"type", "Fuse"}});
  if (model.dummyPrefix || model.removeExtra)
    steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  return {{"type", "Sequence"}, {"decoders", std::move(steps)}};
}

} // namespace

Result<SentencePieceModel> parseSentencePiece(std::string_view bytes, const std::string& where) {
  return Reader(where).read(bytes);
}

Result<std::shared_ptr<const Tokenizer>> sentencePieceTokenizer(std::string_view bytes, const std::string& where) {
  auto parsed = parseSentencePiece(bytes, where);
  if (!parsed) return parsed.error();
  auto spm = Spm::make(parsed->pieces, true);
  if (!spm) {
    spm.error().where = where;
    return spm.error();
  }
  const std::vector<std::int32_t> before(parsed->bos >= 0 ? 1 : 0, parsed->bos);
  const Json components = {{"normalizer", normalizers(*parsed)},
                           {"decoder", decoders(*parsed)},
                           {"post_processor", templateJson(before, {})}};
  return Tokenizer::fromModel(std::make_shared<const Spm>(*std::move(spm)), components, where);
}

Result<std::shared_ptr<const Tokenizer>> openSentencePiece(const std::string& path) {
  auto bytes = readFile(path, kMaxFile);
  if (!bytes) return bytes.error();
  return sentencePieceTokenizer(*bytes, path);
}

} // namespace orrery::tokenize
