// SPDX-License-Identifier: MIT
#include "core/trace/trace_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/hdf5/attribute.h"
#include "core/hdf5/dataset.h"
#include "core/hdf5/file.h"
#include "core/hdf5/mapped_rows.h"

namespace orrery::trace {
namespace {

using store::Snapshot;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

class Reader {
public:
  Reader(const std::string& path, std::size_t maxBytes) : m_path(path), m_budget(maxBytes) {}

  Result<store::SnapshotPtr> read() {
    auto file = h5::openFile(m_path);
    if (!file) return file.error();
    m_file = std::move(*file);
    for (const auto step : {&Reader::readRoot, &Reader::readTokens, &Reader::readPieces, &Reader::readScores,
                            &Reader::readAttention, &Reader::readHooks})
      if (Status s = (this->*step)(); !s) return s.error();
    m_snapshot.revision = 1;
    return std::make_shared<const Snapshot>(std::move(m_snapshot));
  }

private:
  Error bad(const std::string& what) const { return badInput(what, m_path); }
  Status readRoot();
  Status readTexts();
  Status readDims();
  Status readTokens();
  Status readPieces();
  Status readScores();
  Status readAttention();
  Status readLayer(hid_t layers, const std::string& name);
  Status readValuesAndRope(hid_t layer, hooks::AttentionRecord& record);
  Status readOverview(hid_t layer, const std::string& name, hooks::AttentionRecord& record);
  Status readHooks();
  Status readHook(hid_t hooks, const std::string& name);
  Result<TensorView> values(hid_t parent, const std::string& name, const Shape& shape,
                            std::initializer_list<DType> dtypes, std::optional<std::size_t> positions = std::nullopt);

  std::string m_path;
  std::size_t m_budget; // bytes that may still be read
  h5::MapBudget m_maps;
  h5::Handle m_file;
  store::RunInfo m_info;
  std::vector<std::string> m_kinds; // [L]
  Snapshot m_snapshot;
};

// The whole dataset; -1 in `shape` stands for any size. With `positions`, the dimension along which it grew, a large
// one is mapped, not read.
Result<TensorView> Reader::values(hid_t parent, const std::string& name, const Shape& shape,
                                  std::initializer_list<DType> dtypes, std::optional<std::size_t> positions) {
  auto dataset = h5::Dataset::open(parent, name, m_path);
  if (!dataset) return dataset.error();
  bool fits = dataset->shape().size() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = shape[i] == -1 || dataset->shape()[i] == shape[i];
  bool known = false;
  for (const DType dtype : dtypes) known = known || dataset->dtype() == dtype;
  if (!fits || !known)
    return bad(name + " is " + std::string(orrery::name(dataset->dtype())) + " " + shapeText(dataset->shape()) +
               ", expected " + std::string(orrery::name(*dtypes.begin())) + " " + shapeText(shape));
  if (positions)
    if (auto mapped = h5::mapRows(*dataset, *positions, m_path, m_maps)) return *mapped;
  if (dataset->bytes() > m_budget)
    return tooLarge(name + " has " + std::to_string(dataset->bytes()) + " bytes, " + std::to_string(m_budget) +
                        " are left of what may be read",
                    m_path);
  m_budget -= static_cast<std::size_t>(dataset->bytes());
  return dataset->readAll();
}

Status Reader::readRoot() {
  auto version = h5::integerAttribute(m_file.get(), "format_version", m_path);
  if (!version) return version.error();
  if (*version != 1)
    return unsupported("format_version " + std::to_string(*version) + ", this program reads 1", m_path);
  if (Status s = readTexts(); !s) return s;
  return readDims();
}

Status Reader::readTexts() {
  auto bytes = values(m_file.get(), "texts", {-1}, {DType::U8});
  if (!bytes) return bytes.error();
  auto texts = parseJson({bytes->as<char>(), static_cast<std::size_t>(bytes->elements())}, m_path);
  if (!texts) return texts.error();
  if (!texts->is_object()) return bad("texts is no JSON object");
  std::string format, dtype;
  const std::pair<const char*, std::string*> wanted[] = {{"format", &format},
                                                         {"recipe", &m_info.recipeJson},
                                                         {"config", &m_info.configJson},
                                                         {"checkpoint", &m_info.checkpoint},
                                                         {"checkpoint_hash", &m_info.checkpointHash},
                                                         {"architecture", &m_info.architecture},
                                                         {"device", &m_info.device},
                                                         {"dtype", &dtype}};
  for (const auto& [key, into] : wanted) {
    const auto found = texts->find(key);
    if (found == texts->end() || !found->is_string()) return bad(std::string("texts has no string ") + key);
    *into = found->get<std::string>();
  }
  if (format != "orrery-trace") return bad("format is " + inQuotes(format) + ", expected \"orrery-trace\"");
  const auto known = dtypeFromName(dtype);
  if (!known || !isFloating(*known)) return bad("dtype is " + inQuotes(dtype) + ", expected a floating type");
  m_info.dtype = *known;
  const auto kinds = texts->find("attention_kinds");
  if (kinds == texts->end() || !kinds->is_array()) return bad("texts has no list attention_kinds");
  for (const Json& kind : *kinds) m_kinds.push_back(kind.is_string() ? kind.get<std::string>() : std::string());
  return Done{};
}

Status Reader::readDims() {
  hooks::Dims& dims = m_info.dims;
  std::int64_t parameters = 0;
  std::vector<std::pair<const char*, std::int64_t*>> numbers = {
      {"layers", &dims.layers},    {"heads", &dims.heads},
      {"kv_heads", &dims.kvHeads}, {"d_head", &dims.headDim},
      {"d_model", &dims.model},    {"d_mlp", &dims.mlp},
      {"vocab", &dims.vocab},      {"context", &dims.context},
      {"parameters", &parameters}, {"prompt_tokens", &m_snapshot.promptTokens}};
  if (h5::hasAttribute(m_file.get(), "experts_per_token")) numbers.emplace_back("experts_per_token", &dims.experts);
  for (const auto& [key, into] : numbers) {
    auto number = h5::integerAttribute(m_file.get(), key, m_path);
    if (!number) return number.error();
    const bool size = into != &parameters;
    if (*number < 0 || (size && *number > std::numeric_limits<std::int32_t>::max()))
      return bad(std::string("attribute ") + key + " is " + std::to_string(*number));
    *into = *number;
  }
  if (dims.layers > hooks::kMaxLayers) return bad("attribute layers is " + std::to_string(dims.layers));
  m_info.parameters = static_cast<std::uint64_t>(parameters);
  m_snapshot.info = std::make_shared<const store::RunInfo>(m_info);
  return Done{};
}

Status Reader::readTokens() {
  auto tokens = values(m_file.get(), "tokens", {1, -1}, {DType::I64});
  if (!tokens) return tokens.error();
  for (std::int64_t i = 0; i < tokens->elements(); ++i) {
    const std::int64_t id = tokens->as<std::int64_t>()[i];
    if (id < 0 || id > std::numeric_limits<std::int32_t>::max())
      return bad("token " + std::to_string(i) + " is " + std::to_string(id));
    m_snapshot.tokens.push_back(static_cast<std::int32_t>(id));
  }
  if (m_snapshot.promptTokens > m_snapshot.length())
    return bad(std::to_string(m_snapshot.promptTokens) + " prompt tokens in a text of " +
               std::to_string(m_snapshot.length()));
  return Done{};
}

Status Reader::readPieces() {
  auto bytes = values(m_file.get(), "token_bytes", {-1}, {DType::U8});
  if (!bytes) return bytes.error();
  auto offsets = values(m_file.get(), "token_offsets", {m_snapshot.length() + 1}, {DType::I64});
  if (!offsets) return offsets.error();
  const std::int64_t* at = offsets->as<std::int64_t>();
  for (std::int64_t i = 0; i < m_snapshot.length(); ++i) {
    if (at[i] < 0 || at[i] > at[i + 1] || at[i + 1] > bytes->elements())
      return bad("token_offsets do not rise within the " + std::to_string(bytes->elements()) + " token_bytes");
    m_snapshot.pieces.push_back(std::string(bytes->as<char>() + at[i], static_cast<std::size_t>(at[i + 1] - at[i])));
  }
  return Done{};
}

Status Reader::readScores() {
  if (!h5::exists(m_file.get(), "scores")) return Done{};
  auto group = h5::openGroup(m_file.get(), "scores", m_path);
  if (!group) return group.error();
  auto own = values(group->get(), "log_probability", {-1}, {DType::F32});
  if (!own) return own.error();
  const std::int64_t count = own->elements();
  if (count > m_snapshot.length()) return bad("more scores than tokens");
  auto entropy = values(group->get(), "entropy", {count}, {DType::F32});
  auto ids = values(group->get(), "top_ids", {count, hooks::kTopTokens}, {DType::I32});
  auto top = values(group->get(), "top_log_probabilities", {count, hooks::kTopTokens}, {DType::F32});
  for (const auto* part : {&entropy, &ids, &top})
    if (!*part) return part->error();
  for (std::int64_t i = 0; i < count; ++i) {
    hooks::TokenScore score;
    score.logProbability = own->as<float>()[i];
    score.entropy = entropy->as<float>()[i];
    for (int j = 0; j < hooks::kTopTokens; ++j) {
      score.topIds[j] = ids->as<std::int32_t>()[i * hooks::kTopTokens + j];
      score.topLogProbabilities[j] = top->as<float>()[i * hooks::kTopTokens + j];
    }
    m_snapshot.scores.push_back(score);
  }
  return Done{};
}

Status Reader::readAttention() {
  if (!h5::exists(m_file.get(), "attention")) return Done{};
  auto group = h5::openGroup(m_file.get(), "attention", m_path);
  if (!group) return group.error();
  auto names = h5::names(group->get(), hooks::kMaxLayers, m_path);
  if (!names) return names.error();
  for (const std::string& name : *names)
    if (Status s = readLayer(group->get(), name); !s) return s;
  return Done{};
}

Status Reader::readLayer(hid_t layers, const std::string& name) {
  const hooks::Dims& dims = m_info.dims;
  std::size_t layer = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), layer);
  if (error != std::errc{} || end != name.data() + name.size() || layer >= static_cast<std::size_t>(dims.layers))
    return bad("attention/ has an entry that is none of its " + std::to_string(dims.layers) + " layers");
  auto group = h5::openGroup(layers, name, m_path);
  if (!group) return group.error();
  hooks::AttentionRecord record;
  auto scale = h5::realAttribute(group->get(), "scale", m_path),
       cap = h5::realAttribute(group->get(), "softcap", m_path);
  auto window = h5::integerAttribute(group->get(), "window", m_path);
  if (!scale) return scale.error();
  if (!cap) return cap.error();
  if (!window) return window.error();
  if (layer >= m_kinds.size()) return bad("attention/" + name + " has no entry in attention_kinds");
  if (*window < 0) return bad("attention/" + name + ": window " + std::to_string(*window));
  auto q = values(group->get(), "q", {dims.heads, -1, dims.headDim}, {DType::F32, DType::F64}, 1);
  if (!q) return q.error();
  const std::int64_t tokens = q->shape[1];
  auto k = values(group->get(), "k", {dims.kvHeads, tokens, dims.headDim}, {q->dtype}, 1);
  auto lse = values(group->get(), "lse", {dims.heads, tokens}, {DType::F32, DType::F64});
  if (!k) return k.error();
  if (!lse) return lse.error();
  if (tokens > m_snapshot.length() || dims.kvHeads == 0 || dims.heads % dims.kvHeads != 0)
    return bad("attention/" + name + ": " + std::to_string(tokens) + " positions of " +
               std::to_string(m_snapshot.length()) + ", " + std::to_string(dims.heads) + " heads on " +
               std::to_string(dims.kvHeads));
  record.kind = m_kinds[layer];
  record.heads = dims.heads;
  record.kvHeads = dims.kvHeads;
  record.headDim = dims.headDim;
  record.tokens = tokens;
  record.scale = *scale;
  record.softcap = *cap;
  record.window = *window;
  record.q = std::move(*q);
  record.k = std::move(*k);
  record.lse = std::move(*lse);
  if (Status s = readValuesAndRope(group->get(), record); !s) return s;
  if (Status s = readOverview(group->get(), name, record); !s) return s;
  if (m_snapshot.attention.size() <= layer) m_snapshot.attention.resize(layer + 1);
  m_snapshot.attention[layer] = std::move(record);
  return Done{};
}

// Files of before they were written lack both.
Status Reader::readValuesAndRope(hid_t layer, hooks::AttentionRecord& record) {
  if (h5::exists(layer, "v")) {
    auto v = values(layer, "v", record.k.shape, {record.k.dtype}, 1);
    if (!v) return v.error();
    record.v = std::move(*v);
  }
  if (!h5::exists(layer, "rope_frequency")) return Done{};
  auto frequency = values(layer, "rope_frequency", {-1}, {DType::F64});
  auto scale = h5::realAttribute(layer, "rope_scale", m_path);
  if (!frequency) return frequency.error();
  if (!scale) return scale.error();
  if (2 * frequency->elements() > record.headDim || !(*scale > 0))
    return bad("rope_frequency has " + std::to_string(frequency->elements()) + " values and rope_scale is " +
               std::to_string(*scale) + ", expected at most " + std::to_string(record.headDim / 2) +
               " values and a positive scale");
  record.rope = std::make_shared<const hooks::RopeTurn>(hooks::RopeTurn{toDoubles(*frequency), *scale});
  return Done{};
}

Status Reader::readOverview(hid_t layer, const std::string& name, hooks::AttentionRecord& record) {
  if (!h5::exists(layer, "overview_mean")) return Done{};
  auto cell = h5::integerAttribute(layer, "overview_cell", m_path);
  if (!cell) return cell.error();
  if (*cell < 1 || *cell > (std::int64_t{1} << 40) || record.tokens == 0)
    return bad("attention/" + name + ": overview_cell " + std::to_string(*cell));
  const std::int64_t n = (record.tokens - 1) / *cell + 1, heads = record.heads;
  auto mean = values(layer, "overview_mean", {heads, n, n}, {DType::F64});
  auto max = values(layer, "overview_max", {heads, n, n}, {DType::F32});
  auto last = values(layer, "overview_last_sum", {heads, n}, {DType::F64});
  for (const auto* part : {&mean, &max, &last})
    if (!*part) return part->error();
  record.overview.cell = *cell;
  record.overview.tokens = record.tokens;
  const auto whole = static_cast<double>(*cell) * static_cast<double>(*cell);
  for (std::int64_t r = 0; r < n; ++r) {
    auto row = std::make_shared<hooks::OverviewRow>();
    row->heads = heads;
    row->cells = r + 1;
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t c = 0; c <= r; ++c) {
        const std::int64_t at = (h * n + r) * n + c;
        row->sum.push_back(r == n - 1 ? last->as<double>()[h * n + c] : mean->as<double>()[at] * whole);
        row->max.push_back(max->as<float>()[at]);
      }
    record.overview.rows.push_back(std::move(row));
  }
  return Done{};
}

Status Reader::readHooks() {
  if (!h5::exists(m_file.get(), "hooks")) return Done{};
  auto group = h5::openGroup(m_file.get(), "hooks", m_path);
  if (!group) return group.error();
  auto names = h5::names(group->get(), std::size_t{hooks::kHookKinds} * (hooks::kMaxLayers + 1), m_path);
  if (!names) return names.error();
  for (const std::string& name : *names)
    if (Status s = readHook(group->get(), name); !s) return s;
  return Done{};
}

Status Reader::readHook(hid_t parent, const std::string& name) {
  const auto id = hooks::hookFromName(name);
  if (!id || id->layer >= m_info.dims.layers) return bad("hooks/ has an entry that names no hook of this model");
  store::HookChannel channel{hooks::hookSpec(*id), {}};
  Shape shape = hooks::hookShape(*id, m_info.dims, -1);
  const auto positions = static_cast<std::size_t>(std::ranges::find(shape, -1) - shape.begin());
  auto value = values(parent, name, shape, {DType::F32, DType::F64, DType::I64, DType::I32}, positions);
  if (!value) return value.error();
  const std::int64_t tokens = positions < shape.size() ? value->shape[positions] : 0;
  shape = hooks::hookShape(*id, m_info.dims, tokens);
  if (value->shape != shape || tokens > m_snapshot.length())
    return bad("hooks/" + name + " is " + shapeText(value->shape) + ", expected " + joined(channel.spec.dims) +
               " over at most " + std::to_string(m_snapshot.length()) + " tokens");
  channel.blocks.push_back({0, tokens, std::move(*value)});
  m_snapshot.hooks.emplace(name, std::move(channel));
  return Done{};
}

} // namespace

Result<store::SnapshotPtr> readTrace(const std::string& path, std::size_t maxBytes) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return notFound("no such file", path);
  if (!S_ISREG(info.st_mode)) return badInput("not a regular file", path);
  h5::LibraryLock lock;
  return Reader(path, maxBytes).read();
}

} // namespace orrery::trace
