// SPDX-License-Identifier: MIT
#include "core/trace/trace_writer.h"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/hdf5/attribute.h"
#include "core/hdf5/dataset.h"
#include "core/hdf5/file.h"
#include "core/hdf5/mapped_rows.h"
#include "core/store/hook_blocks.h"
#include "core/trace/text.h"

namespace orrery::trace {
namespace {

using store::Snapshot;

constexpr std::int64_t kBlock = 64; // positions written at once while the run goes on

// A dataset that grows along its positions; `keys` grows with it (hook_pattern).
struct Growing {
  h5::Dataset dataset;
  std::size_t positions = 0;
  std::optional<std::size_t> keys;

  std::int64_t have() const { return dataset.shape()[positions]; }
  Shape grown(Shape shape, std::int64_t to) const {
    shape[positions] = to;
    if (keys) shape[*keys] = to;
    return shape;
  }
};

// `length`: positions of the text so far, most of the prompt as a rule.
Shape chunkFor(const Shape& shape, std::size_t positions, std::optional<std::size_t> keys, DType dtype,
               std::int64_t length) {
  Shape chunk = shape;
  if (keys) { // [B, H, Tq, Tk]: squares of one head
    std::fill(chunk.begin(), chunk.end(), 1);
    chunk[positions] = chunk[*keys] = kBlock;
    return chunk;
  }
  std::int64_t rowBytes = static_cast<std::int64_t>(byteSize(dtype));
  for (std::size_t i = 0; i < shape.size(); ++i) {
    chunk[i] = i < positions ? 1 : std::max<std::int64_t>(shape[i], 1);
    if (i > positions) rowBytes *= chunk[i];
  }
  chunk[positions] = h5::mappablePositions(rowBytes, length);
  return chunk;
}

// [.., from:to, ..] along one dimension
TensorView narrowed(TensorView view, std::size_t dim, std::int64_t from, std::int64_t to) {
  view.data += static_cast<std::size_t>(from * view.strides[dim]) * byteSize(view.dtype);
  view.shape[dim] = to - from;
  return view;
}

std::size_t positionsOf(const hooks::HookSpec& spec) {
  for (std::size_t i = 0; i < spec.dims.size(); ++i)
    if (spec.dims[i] == "T" || spec.dims[i] == "Tq") return i;
  return 0;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

class TraceWriter final : public store::SnapshotSink {
public:
  explicit TraceWriter(std::string path) : m_path(std::move(path)), m_temporary(temporaryName(m_path)) {}
  ~TraceWriter() override {
    h5::LibraryLock lock;
    abandon();
  }
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  Status write(const Snapshot& snapshot) override {
    h5::LibraryLock lock;
    return guarded(append(snapshot, false));
  }
  Status finish(const Snapshot& snapshot) override {
    h5::LibraryLock lock;
    if (Status status = guarded(append(snapshot, true)); !status) return status;
    if (Status status = guarded(writeEnd(snapshot)); !status) return status;
    if (Status status = guarded(closeFile()); !status) return status;
    return renameInto(m_temporary, m_path);
  }
  std::int64_t positionsWritten(const std::string& hook) const override {
    const auto found = m_growing.find("hooks/" + hook);
    return found == m_growing.end() ? 0 : found->second.have();
  }

private:
  // After an error nothing stays behind.
  Status guarded(Status status) {
    if (!status) abandon();
    if (!status) status.error().where = m_path;
    return status;
  }
  void abandon() {
    if (!m_file.ok()) return;
    h5::discardWrites(m_file.get());
    m_growing.clear();
    m_groups.clear();
    (void)m_file.close();
    ::unlink(m_temporary.c_str());
  }
  Status closeFile();
  Status open();
  Status append(const Snapshot& snapshot, bool all);
  Status cutTo(std::int64_t length);
  Status appendScores(const Snapshot& snapshot, bool all);
  Status appendAttention(std::size_t layer, const hooks::AttentionRecord& record, bool all);
  Status writeRope(const std::string& path, hid_t group, const hooks::AttentionRecord& record);
  Status appendHook(const store::HookChannel& channel, bool all);
  Status appendRows(const std::string& path, const TensorView& rows, std::size_t positions, bool all);
  Status appendPart(Growing& to, const TensorView& part, std::int64_t begin);
  Status dropEmpty(const Snapshot& snapshot);
  Status writeEnd(const Snapshot& snapshot);
  Status writeRoot(const Snapshot& snapshot);
  Status writeTexts(const Snapshot& snapshot);
  Status writePieces(const Snapshot& snapshot);
  Status writeGenerated(const Snapshot& snapshot);
  Status writeOverview(std::size_t layer, const hooks::AttentionRecord& record);
  Status writeWhole(const std::string& path, const TensorView& values, bool compress);
  Result<Growing*> growing(const std::string& path, const TensorView& like, std::size_t positions,
                           std::optional<std::size_t> keys = std::nullopt, double fill = 0);
  Result<hid_t> group(const std::string& path);
  Result<std::pair<hid_t, std::string>> place(const std::string& path);

  std::string m_path, m_temporary;
  h5::Handle m_file;
  std::map<std::string, h5::Handle> m_groups;
  std::map<std::string, Growing> m_growing; // by path, "attention/0/q"
  std::uint64_t m_run = 0, m_pass = 0;
  store::Chunked<std::int32_t> m_tokens; // of the snapshot before
};

Status TraceWriter::open() {
  if (m_file.ok()) return Done{};
  auto file = h5::createFile(m_temporary);
  if (!file) {
    ::unlink(m_temporary.c_str()); // the name is ours alone; the library leaves an empty file when the disk is full
    return file.error();
  }
  m_file = std::move(*file);
  return Done{};
}

Status TraceWriter::closeFile() {
  m_growing.clear();
  m_groups.clear();
  if (Status status = h5::flush(m_file.get(), m_path); !status) return status;
  const int descriptor = ::open(m_temporary.c_str(), O_RDONLY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!flushed) return ioError("cannot flush the trace", m_path);
  if (!m_file.close()) {
    Error error = h5::failure("close the trace", m_path);
    ::unlink(m_temporary.c_str());
    return error;
  }
  return Done{};
}

Status TraceWriter::append(const Snapshot& snapshot, bool all) {
  if (Status s = open(); !s) return s;
  std::int64_t same = snapshot.pass == m_pass ? snapshot.length() : 0;
  if (same > 0 && snapshot.run != m_run) { // a branch: what it shares with the run before stays
    same = 0;
    while (same < std::min<std::int64_t>(snapshot.length(), static_cast<std::int64_t>(m_tokens.size())) &&
           snapshot.tokens[static_cast<std::size_t>(same)] == m_tokens[static_cast<std::size_t>(same)])
      ++same;
  }
  if (Status s = cutTo(same); !s) return s;
  m_run = snapshot.run;
  m_pass = snapshot.pass;
  m_tokens = snapshot.tokens;
  const std::vector<std::int32_t> ids = snapshot.tokens.toVector();
  const TensorView tokens =
      viewOf(std::vector<std::int64_t>(ids.begin(), ids.end()), {1, static_cast<std::int64_t>(ids.size())});
  if (Status s = appendRows("tokens", tokens, 1, all); !s) return s;
  if (Status s = appendScores(snapshot, all); !s) return s;
  for (std::size_t layer = 0; layer < snapshot.attention.size(); ++layer)
    if (Status s = appendAttention(layer, snapshot.attention[layer], all); !s) return s;
  for (const auto& [name, channel] : snapshot.hooks)
    if (Status s = appendHook(channel, all); !s) return s;
  return Done{};
}

Status TraceWriter::cutTo(std::int64_t length) {
  for (auto& [path, growing] : m_growing)
    if (growing.have() > length)
      if (Status s = growing.dataset.resize(growing.grown(growing.dataset.shape(), length)); !s) return s;
  return Done{};
}

Result<hid_t> TraceWriter::group(const std::string& path) {
  const auto found = m_groups.find(path);
  if (found != m_groups.end()) return found->second.get();
  hid_t parent = m_file.get();
  std::string name = path;
  if (const std::size_t slash = path.rfind('/'); slash != std::string::npos) {
    auto above = group(path.substr(0, slash));
    if (!above) return above.error();
    parent = *above;
    name = path.substr(slash + 1);
  }
  auto made = h5::createGroup(parent, name, m_path);
  if (!made) return made.error();
  return m_groups.emplace(path, std::move(*made)).first->second.get();
}

// The group a dataset lies in, and its name there.
Result<std::pair<hid_t, std::string>> TraceWriter::place(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return std::pair{m_file.get(), path};
  auto parent = group(path.substr(0, slash));
  if (!parent) return parent.error();
  return std::pair{*parent, path.substr(slash + 1)};
}

Result<Growing*> TraceWriter::growing(const std::string& path, const TensorView& like, std::size_t positions,
                                      std::optional<std::size_t> keys, double fill) {
  if (const auto found = m_growing.find(path); found != m_growing.end()) return &found->second;
  auto where = place(path);
  if (!where) return where.error();
  const h5::DatasetOptions options{
      chunkFor(like.shape, positions, keys, like.dtype, static_cast<std::int64_t>(m_tokens.size())), keys.has_value(),
      fill};
  auto made = h5::Dataset::create(where->first, where->second, like.dtype, options, m_path);
  if (!made) return made.error();
  Growing growing{std::move(*made), positions, keys};
  if (Status s = growing.dataset.resize(growing.grown(like.shape, 0)); !s) return s.error();
  return &m_growing.emplace(path, std::move(growing)).first->second;
}

Status TraceWriter::appendPart(Growing& to, const TensorView& part, std::int64_t begin) {
  const std::int64_t end = begin + part.shape[to.positions];
  if (end > to.have())
    if (Status s = to.dataset.resize(to.grown(to.dataset.shape(), end)); !s) return s;
  Shape at(part.shape.size(), 0);
  at[to.positions] = begin;
  return to.dataset.write(part, at);
}

// The rows that the file lacks; whole blocks only, unless all are wanted.
Status TraceWriter::appendRows(const std::string& path, const TensorView& rows, std::size_t positions, bool all) {
  auto to = growing(path, rows, positions);
  if (!to) return to.error();
  const std::int64_t available = rows.shape[positions], have = (*to)->have();
  const std::int64_t end = all ? available : available / kBlock * kBlock;
  // In strips, since a view that is not contiguous is packed before it is written.
  for (std::int64_t at = have; at < end; at += 16 * kBlock) {
    const std::int64_t stop = std::min(at + 16 * kBlock, end);
    if (Status s = appendPart(**to, narrowed(rows, positions, at, stop), at); !s) return s;
  }
  return Done{};
}

Status TraceWriter::appendScores(const Snapshot& snapshot, bool all) {
  const auto count = static_cast<std::int64_t>(snapshot.scores.size());
  if (count == 0) return Done{};
  std::vector<float> own, entropy, top;
  std::vector<std::int32_t> ids;
  for (const hooks::TokenScore& score : snapshot.scores.toVector()) {
    own.push_back(score.logProbability);
    entropy.push_back(score.entropy);
    ids.insert(ids.end(), std::begin(score.topIds), std::end(score.topIds));
    top.insert(top.end(), std::begin(score.topLogProbabilities), std::end(score.topLogProbabilities));
  }
  const Shape wide{count, hooks::kTopTokens};
  if (Status s = appendRows("scores/log_probability", viewOf(std::move(own), {count}), 0, all); !s) return s;
  if (Status s = appendRows("scores/entropy", viewOf(std::move(entropy), {count}), 0, all); !s) return s;
  if (Status s = appendRows("scores/top_ids", viewOf(std::move(ids), DType::I32, wide), 0, all); !s) return s;
  return appendRows("scores/top_log_probabilities", viewOf(std::move(top), wide), 0, all);
}

Status TraceWriter::appendAttention(std::size_t layer, const hooks::AttentionRecord& record, bool all) {
  if (record.q.shape.size() != 3 || record.k.shape.size() != 3 || record.lse.shape.size() != 2) return Done{};
  const std::string path = "attention/" + std::to_string(layer);
  if (!m_groups.contains(path)) {
    auto made = group(path);
    if (!made) return made.error();
    if (Status s = h5::setAttribute(*made, "scale", record.scale, m_path); !s) return s;
    if (Status s = h5::setAttribute(*made, "softcap", record.softcap, m_path); !s) return s;
    if (Status s = h5::setAttribute(*made, "window", record.window, m_path); !s) return s;
    if (Status s = h5::setAttribute(*made, "kind", record.kind, m_path); !s) return s;
    if (Status s = writeRope(path, *made, record); !s) return s;
  }
  for (const auto& [name, view] : {std::pair{"q", &record.q}, {"k", &record.k}, {"v", &record.v}, {"lse", &record.lse}})
    if (view->data) // V of a snapshot from an older file is not known
      if (Status s = appendRows(path + "/" + name, narrowed(*view, 1, 0, record.tokens), 1, all); !s) return s;
  return Done{};
}

Status TraceWriter::writeRope(const std::string& path, hid_t group, const hooks::AttentionRecord& record) {
  if (!record.rope) return Done{};
  const auto count = static_cast<std::int64_t>(record.rope->frequency.size());
  if (Status s = h5::setAttribute(group, "rope_scale", record.rope->scale, m_path); !s) return s;
  return writeWhole(path + "/rope_frequency", viewOf(record.rope->frequency, {count}), false);
}

Status TraceWriter::appendHook(const store::HookChannel& channel, bool all) {
  if (channel.blocks.empty()) return Done{};
  const std::string path = "hooks/" + channel.spec.name;
  const bool isNew = !m_growing.contains(path), square = channel.spec.dims.back() == "Tk";
  const bool scores = channel.spec.id.kind == hooks::HookKind::AttnScores;
  auto to = growing(path, channel.blocks[0].value, positionsOf(channel.spec),
                    square ? std::optional<std::size_t>(channel.spec.dims.size() - 1) : std::nullopt,
                    scores ? -std::numeric_limits<double>::infinity() : 0);
  if (!to) return to.error();
  if (isNew) {
    const hid_t id = (*to)->dataset.id();
    if (Status s = h5::setAttribute(id, "dims", joined(channel.spec.dims), m_path); !s) return s;
    if (Status s = h5::setAttribute(id, "unit", channel.spec.unit, m_path); !s) return s;
  }
  const std::int64_t covered = store::coveredPositions(channel), end = all ? covered : covered / kBlock * kBlock;
  for (std::size_t i = 0; i < channel.blocks.size(); ++i) {
    const store::HookBlock& block = channel.blocks[i];
    const std::int64_t from = std::max(block.begin, (*to)->have()), stop = std::min(block.begin + block.count, end);
    if (from >= stop) continue;
    if (Status s = appendPart(**to, store::sliceBlock(channel.spec, block, from, stop).value, from); !s) return s;
  }
  return Done{};
}

Status TraceWriter::writeWhole(const std::string& path, const TensorView& values, bool compress) {
  auto where = place(path);
  if (!where) return where.error();
  Shape chunk = values.shape;
  for (std::size_t i = 0; i < chunk.size(); ++i)
    chunk[i] = compress && i == 0 ? 1 : std::clamp<std::int64_t>(chunk[i], 1, compress ? 64 : 16384);
  auto made = h5::Dataset::create(where->first, where->second, values.dtype, {chunk, compress, 0}, m_path);
  if (!made) return made.error();
  if (Status s = made->resize(values.shape); !s) return s;
  return made->write(values, Shape(values.shape.size(), 0));
}

// Of a run that was cut to nothing: what was captured before must not stand in the file.
Status TraceWriter::dropEmpty(const Snapshot& snapshot) {
  for (const auto& [name, empty] :
       {std::pair{"attention", snapshot.attention.empty()}, {"hooks", snapshot.hooks.empty()}}) {
    const auto mine = [&, name = std::string(name)](const auto& entry) {
      return entry.first == name || entry.first.starts_with(name + "/");
    };
    if (!empty || !m_groups.contains(name)) continue;
    std::erase_if(m_growing, mine);
    std::erase_if(m_groups, mine);
    if (H5Ldelete(m_file.get(), name, H5P_DEFAULT) < 0) return h5::failure("remove " + std::string(name), m_path);
  }
  return Done{};
}

Status TraceWriter::writeEnd(const Snapshot& snapshot) {
  if (Status s = dropEmpty(snapshot); !s) return s;
  if (Status s = writeRoot(snapshot); !s) return s;
  if (Status s = writeTexts(snapshot); !s) return s;
  if (Status s = writePieces(snapshot); !s) return s;
  if (Status s = writeGenerated(snapshot); !s) return s;
  for (std::size_t layer = 0; layer < snapshot.attention.size(); ++layer)
    if (Status s = writeOverview(layer, snapshot.attention[layer]); !s) return s;
  return Done{};
}

Status TraceWriter::writeRoot(const Snapshot& snapshot) {
  const store::RunInfo info = snapshot.info ? *snapshot.info : store::RunInfo{};
  const std::pair<const char*, std::string> texts[] = {{"format", "orrery-trace"},
                                                       {"recipe", info.recipeJson},
                                                       {"config", info.configJson},
                                                       {"checkpoint", info.checkpoint},
                                                       {"architecture", info.architecture},
                                                       {"checkpoint_hash", info.checkpointHash},
                                                       {"device", info.device},
                                                       {"dtype", std::string(name(info.dtype))}};
  for (const auto& [key, text] : texts)
    if (Status s = h5::setAttribute(m_file.get(), key, text, m_path); !s) return s;
  const std::pair<const char*, std::int64_t> numbers[] = {{"format_version", 1},
                                                          {"prompt_tokens", snapshot.promptTokens},
                                                          {"parameters", static_cast<std::int64_t>(info.parameters)},
                                                          {"layers", info.dims.layers},
                                                          {"heads", info.dims.heads},
                                                          {"kv_heads", info.dims.kvHeads},
                                                          {"d_head", info.dims.headDim},
                                                          {"d_model", info.dims.model},
                                                          {"d_mlp", info.dims.mlp},
                                                          {"vocab", info.dims.vocab},
                                                          {"context", info.dims.context},
                                                          {"experts_per_token", info.dims.experts}};
  for (const auto& [key, number] : numbers)
    if (Status s = h5::setAttribute(m_file.get(), key, number, m_path); !s) return s;
  return Done{};
}

// The texts of the attributes once more as plain bytes of JSON: what the reader reads, since HDF5 1.10 does not survive
// a damaged variable-length string.
Status TraceWriter::writeTexts(const Snapshot& snapshot) {
  const store::RunInfo info = snapshot.info ? *snapshot.info : store::RunInfo{};
  Json kinds = Json::array();
  for (const hooks::AttentionRecord& record : snapshot.attention) kinds.push_back(record.kind);
  const Json texts = {{"format", "orrery-trace"},
                      {"recipe", info.recipeJson},
                      {"config", info.configJson},
                      {"checkpoint", info.checkpoint},
                      {"architecture", info.architecture},
                      {"checkpoint_hash", info.checkpointHash},
                      {"device", info.device},
                      {"dtype", std::string(name(info.dtype))},
                      {"attention_kinds", kinds}};
  const std::string bytes = texts.dump(-1, ' ', true, Json::error_handler_t::replace);
  const auto size = static_cast<std::int64_t>(bytes.size());
  return writeWhole("texts", viewOf(std::vector<std::uint8_t>(bytes.begin(), bytes.end()), DType::U8, {size}), false);
}

Status TraceWriter::writePieces(const Snapshot& snapshot) {
  std::vector<std::string> printable;
  std::vector<std::uint8_t> bytes;
  std::vector<std::int64_t> offsets{0};
  for (const std::string& piece : snapshot.pieces.toVector()) {
    printable.push_back(printableUtf8(piece));
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  const auto size = static_cast<std::int64_t>(bytes.size()), ends = static_cast<std::int64_t>(offsets.size());
  if (Status s = h5::writeStrings(m_file.get(), "token_pieces", printable, m_path); !s) return s;
  if (Status s = writeWhole("token_bytes", viewOf(std::move(bytes), DType::U8, {size}), false); !s) return s;
  return writeWhole("token_offsets", viewOf(std::move(offsets), {ends}), false);
}

Status TraceWriter::writeGenerated(const Snapshot& snapshot) {
  std::vector<std::int64_t> ids;
  std::vector<float> logprob; // NaN where the forward pass has not come to
  for (auto i = static_cast<std::size_t>(snapshot.promptTokens); i < snapshot.tokens.size(); ++i) {
    ids.push_back(snapshot.tokens[i]);
    logprob.push_back(i < snapshot.scores.size() ? snapshot.scores[i].logProbability
                                                 : std::numeric_limits<float>::quiet_NaN());
  }
  const auto count = static_cast<std::int64_t>(ids.size());
  if (Status s = writeWhole("generated/ids", viewOf(std::move(ids), {count}), false); !s) return s;
  return writeWhole("generated/logprob", viewOf(std::move(logprob), {count}), false);
}

// overview_mean in float64: the sums come back bit for bit, since a whole cell has a power of two of pairs. The cells
// of the last row may not, so their sums are stored as they are.
Status TraceWriter::writeOverview(std::size_t layer, const hooks::AttentionRecord& record) {
  const hooks::Overview& overview = record.overview;
  const std::int64_t n = overview.side(), heads = record.heads;
  if (n == 0) return Done{};
  std::vector<double> mean(static_cast<std::size_t>(heads * n * n)), last;
  std::vector<float> max(mean.size());
  for (std::int64_t h = 0, at = 0; h < heads; ++h)
    for (std::int64_t r = 0; r < n; ++r)
      for (std::int64_t c = 0; c < n; ++c, ++at) {
        mean[static_cast<std::size_t>(at)] = overview.mean(h, r, c);
        max[static_cast<std::size_t>(at)] = overview.max(h, r, c);
      }
  last = overview.rows.back()->sum;
  const std::string path = "attention/" + std::to_string(layer);
  if (Status s = writeWhole(path + "/overview_mean", viewOf(std::move(mean), {heads, n, n}), true); !s) return s;
  if (Status s = writeWhole(path + "/overview_max", viewOf(std::move(max), {heads, n, n}), true); !s) return s;
  if (Status s = writeWhole(path + "/overview_last_sum", viewOf(std::move(last), {heads, n}), false); !s) return s;
  auto parent = group(path);
  if (!parent) return parent.error();
  return h5::setAttribute(*parent, "overview_cell", overview.cell, m_path);
}

} // namespace

std::unique_ptr<store::SnapshotSink> traceWriter(std::string path) {
  return std::make_unique<TraceWriter>(std::move(path));
}

Status writeTrace(const store::Snapshot& snapshot, const std::string& path) {
  return TraceWriter(path).finish(snapshot);
}

} // namespace orrery::trace
