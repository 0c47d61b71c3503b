// SPDX-License-Identifier: MIT
#include "core/session/checkpoint.h"

#include <algorithm>
#include <filesystem>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/models/config.h"
#include "core/models/decoder.h"
#include "core/session/tokenizer_files.h"
#include "core/tensorio/statistics.h"
#include "core/trace/trace_reader.h"

namespace orrery::session {
namespace {

namespace fs = std::filesystem;

std::string folderOf(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) ? path : fs::path(path).parent_path().string();
}

std::string shortName(const std::string& path) {
  const fs::path clean = fs::path(path).lexically_normal();
  return clean.has_filename() ? clean.filename().string() : clean.parent_path().filename().string();
}

std::vector<TensorRow> rowsOf(const tensorio::TensorFile& file) {
  std::vector<TensorRow> rows;
  for (const tensorio::TensorInfo& info : file.tensors())
    rows.push_back({info.name, tensorio::typeName(info), info.shape, info.bytes, std::nullopt});
  return rows;
}

std::uint64_t elementsOf(const std::vector<TensorRow>& rows) {
  std::uint64_t count = 0;
  for (const TensorRow& row : rows) count += static_cast<std::uint64_t>(elementCount(row.shape).value_or(0));
  return count;
}

bool isTraceFile(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && (path.ends_with(".h5") || path.ends_with(".hdf5"));
}

Result<Inspected> inspectTrace(const std::string& path) {
  auto snapshot = trace::readTrace(path);
  if (!snapshot) return snapshot.error();
  Inspected result;
  ModelInfo& info = result.info;
  const store::RunInfo& run = *(*snapshot)->info;
  info.path = path;
  info.name = shortName(path);
  info.format = "orrery-trace";
  info.architecture = run.architecture;
  info.dims = run.dims;
  info.parameters = run.parameters;
  info.configJson = run.configJson;
  info.contentHash = run.checkpointHash;
  info.isTrace = true;
  for (const auto& [name, channel] : (*snapshot)->hooks) info.hooks.push_back(channel.spec);
  std::error_code ignored;
  info.bytes = fs::file_size(path, ignored);
  result.trace = *snapshot;
  return result;
}

void adopt(Inspected& result, std::shared_ptr<const tokenize::Tokenizer> tokenizer, const std::string& where) {
  if (const std::int64_t vocab = result.info.dims.vocab; vocab > 0)
    if (Status fits = checkVocabulary(*tokenizer, vocab, where); !fits)
      result.info.warnings.push_back(fits.error().what);
  result.tokenizer = std::move(tokenizer);
  result.info.tokenizerKind = result.tokenizer->kind();
}

using OpenedTokenizer = Result<std::shared_ptr<const tokenize::Tokenizer>>;

// Of a format that brings its own; nullopt: this one does not.
std::optional<OpenedTokenizer> ownTokenizer(const tensorio::TensorFile& file, const std::string& path) {
  if (file.format() != "gguf") return std::nullopt;
  return tokenize::Tokenizer::fromGguf(file.description(), path);
}

// `folder` empty: only what the file itself brings. One of its own that cannot be read does no harm to looking at the
// tensors.
Status addTokenizer(Inspected& result, const std::string& folder) {
  if (const auto own = ownTokenizer(*result.tensors, result.info.path)) {
    if (*own)
      adopt(result, **own, result.info.path);
    else
      result.info.warnings.push_back("text cannot be turned into tokens, token ids can be given: " + own->error().what);
    return Done{};
  }
  if (folder.empty()) return Done{};
  const std::string path = tokenizerIn(folder);
  if (path.empty()) {
    result.info.warnings.push_back("no tokenizer (" + tokenizerNames() +
                                   "): text cannot be turned into tokens, token ids can be given");
    return Done{};
  }
  auto tokenizer = openTokenizerFile(path);
  if (!tokenizer) return tokenizer.error();
  adopt(result, *tokenizer, path);
  return Done{};
}

std::string unusedSentence(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 3;
  std::string sentence = std::to_string(names.size()) + (names.size() == 1 ? " tensor of the file is not used: "
                                                                           : " tensors of the file are not used: ");
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
    sentence.append(i ? ", " : "").append(inQuotes(names[i]));
  return names.size() > kNamed ? sentence + " ..." : sentence;
}

Status addConfig(Inspected& result, const std::string& folder) {
  auto config = models::configOf(result.info.path, *result.tensors);
  if (!config && config.error().code == Code::NotFound) {
    result.info.warnings.push_back("the tensors can be looked at, not run: " + config.error().what);
    return addTokenizer(result, {});
  }
  if (!config) return config.error();
  ModelInfo& info = result.info;
  info.architecture = config->architecture;
  info.dims = config->dims();
  info.parameters = config->parameters();
  info.hooks = config->hooks();
  info.configJson = config->json;
  info.warnings.insert(info.warnings.end(), config->warnings.begin(), config->warnings.end());
  auto unused = models::unusedTensors(*config, *result.tensors);
  if (!unused) return unused.error();
  if (!unused->empty()) info.warnings.push_back(unusedSentence(*unused));
  return addTokenizer(result, folder);
}

} // namespace

Status checkVocabulary(const tokenize::Tokenizer& tokenizer, std::int64_t vocab, const std::string& path) {
  if (static_cast<std::int64_t>(tokenizer.vocabSize()) <= vocab) return Done{};
  return badInput("the tokenizer has token ids up to " + std::to_string(tokenizer.vocabSize() - 1) +
                      ", the embedding has " + std::to_string(vocab) + " rows",
                  path);
}

Result<Inspected> inspect(const std::string& path) {
  if (isTraceFile(path)) return inspectTrace(path);
  auto tensors = tensorio::openTensors(path);
  if (!tensors) return tensors.error();
  Inspected result;
  ModelInfo& info = result.info;
  info.path = path;
  info.name = shortName(path);
  info.format = tensors->format();
  info.bytes = tensors->bytes();
  info.tensors = rowsOf(*tensors);
  info.warnings = tensors->warnings();
  info.parameters = elementsOf(info.tensors);
  result.tensors = std::move(*tensors);
  const std::string folder = folderOf(path);
  if (Status added = addConfig(result, folder); !added) return added.error();
  return result;
}

Status scanTensors(Inspected& inspected, std::stop_token stop, const std::function<void(std::size_t)>& each) {
  if (!inspected.tensors) return Done{};
  for (std::size_t i = 0; i < inspected.info.tensors.size(); ++i) {
    TensorRow& row = inspected.info.tensors[i];
    auto stats = tensorio::statistics(*inspected.tensors, inspected.tensors->tensors()[i], stop);
    if (!stats) return stats.error();
    row.stats = TensorStatsRow{stats->mean, stats->std, stats->min, stats->max, stats->nonFinite};
    if (stats->nonFinite > 0)
      inspected.info.warnings.push_back(row.name + ": " + std::to_string(stats->nonFinite) + " of " +
                                        std::to_string(stats->elements) + " values are NaN or infinite");
    if (each) each(i);
  }
  return inspected.tensors->verifyUnchanged();
}

Result<std::shared_ptr<const tokenize::Tokenizer>> openTokenizer(const std::string& path) {
  std::error_code ignored;
  const bool folder = fs::is_directory(path, ignored);
  if (!folder && isTokenizerFile(path)) return openTokenizerFile(path);
  if (!fs::exists(path, ignored)) return notFound("no such file or folder", path);
  const std::string file = tokenizerIn(folderOf(path));
  if (folder && !file.empty()) return openTokenizerFile(file);
  const auto tensors = tensorio::openTensors(path); // a checkpoint, or a folder with one that brings its tokenizer
  if (tensors)
    if (auto own = ownTokenizer(*tensors, path)) return *own;
  if (!file.empty()) return openTokenizerFile(file);
  if (!tensors && tensors.error().code != Code::NotFound) return tensors.error();
  return notFound("the folder has no tokenizer (" + tokenizerNames() + ")", path);
}

} // namespace orrery::session
