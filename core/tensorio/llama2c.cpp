// SPDX-License-Identifier: MIT
#include "core/tensorio/llama2c.h"

#include <algorithm>
#include <cstdlib>

#include "core/tensorio/tensor_file.h"

namespace orrery::tensorio {
namespace {

constexpr std::uint64_t kMagic = 0x616b3432;
constexpr std::size_t kIntBytes = 4, kLegacyHeader = 7 * kIntBytes, kHeader = 256;

struct Header {
  std::int64_t version = 0, dim = 0, hidden = 0, layers = 0, heads = 0, kvHeads = 0, vocab = 0, length = 0;
  std::int64_t group = 0; // version 2: values per scale
  bool shared = true;
};

// int8 values of a whole tensor, then its float32 scales.
class Int8Groups : public Encoding {
public:
  explicit Int8Groups(std::int64_t group) : m_group(group), m_name("int8 in groups of " + std::to_string(group)) {}

  std::string_view name() const override { return m_name; }
  std::int64_t block() const override { return m_group; }
  std::optional<std::size_t> bytes(std::int64_t elements) const override {
    if (elements < 0 || elements % m_group != 0) return std::nullopt;
    const auto values = static_cast<std::uint64_t>(elements), scales = values / static_cast<std::uint64_t>(m_group);
    if (scales > (SIZE_MAX - values) / sizeof(float)) return std::nullopt;
    return values + scales * sizeof(float);
  }
  Status decode(const ReadBytes& read, std::int64_t elements, std::int64_t first, std::int64_t count,
                float* out) const override {
    const std::int64_t piece = std::max(m_group, kPiece / m_group * m_group);
    for (std::int64_t done = 0; done < count; done += piece)
      if (Status s = decodePiece(read, elements, first + done, std::min(piece, count - done), out + done); !s) return s;
    return Done{};
  }

private:
  static constexpr std::int64_t kPiece = 1 << 16; // values read at a time

  Status decodePiece(const ReadBytes& read, std::int64_t elements, std::int64_t first, std::int64_t count,
                     float* out) const {
    std::vector<std::int8_t> values(static_cast<std::size_t>(count));
    std::vector<float> scales(static_cast<std::size_t>(count / m_group));
    const auto scalesAt = static_cast<std::size_t>(elements + first / m_group * std::int64_t{sizeof(float)});
    auto* valueBytes = reinterpret_cast<std::byte*>(values.data());
    if (Status s = read(static_cast<std::size_t>(first), values.size(), valueBytes); !s) return s;
    auto* scaleBytes = reinterpret_cast<std::byte*>(scales.data());
    if (Status s = read(scalesAt, scales.size() * sizeof(float), scaleBytes); !s) return s;
    for (std::size_t i = 0; i < values.size(); ++i)
      out[i] = static_cast<float>(values[i]) * scales[i / static_cast<std::size_t>(m_group)];
    return Done{};
  }

  std::int64_t m_group;
  std::string m_name;
};

// Places one tensor after the other; stops at the end of the file.
class Layout {
public:
  Layout(const Header& header, std::size_t begin, std::size_t fileBytes)
      : m_layers(header.layers), m_at(begin), m_fileBytes(fileBytes),
        m_encoding(header.version == 2 ? std::make_shared<const Int8Groups>(header.group) : nullptr) {}

  void plain(const std::string& name, Shape shape) { place(name, std::move(shape), nullptr); }
  void matrix(const std::string& name, Shape shape) { place(name, std::move(shape), m_encoding); }
  void plainOfLayers(const std::string& name, const Shape& shape) {
    for (std::int64_t i = 0; i < m_layers && m_fits; ++i) plain("layers." + std::to_string(i) + "." + name, shape);
  }
  void matrixOfLayers(const std::string& name, const Shape& shape) {
    for (std::int64_t i = 0; i < m_layers && m_fits; ++i) matrix("layers." + std::to_string(i) + "." + name, shape);
  }

  bool exact() const { return m_fits && m_at == m_fileBytes; }
  bool fits() const { return m_fits; }
  std::size_t end() const { return m_at; }
  std::vector<TensorInfo> take() { return std::move(m_tensors); }

private:
  void place(const std::string& name, Shape shape, const std::shared_ptr<const Encoding>& encoding) {
    const std::optional<std::size_t> bytes = m_fits ? bytesOf(shape, encoding.get()) : std::nullopt;
    m_fits = bytes && *bytes <= m_fileBytes - m_at;
    if (!m_fits) return;
    m_tensors.push_back({name, DType::F32, std::move(shape), m_at, *bytes, 0, encoding});
    m_at += *bytes;
  }
  static std::optional<std::size_t> bytesOf(const Shape& shape, const Encoding* encoding) {
    const auto count = elementCount(shape);
    if (!count) return std::nullopt;
    if (encoding) return encoding->bytes(*count);
    if (static_cast<std::size_t>(*count) > SIZE_MAX / sizeof(float)) return std::nullopt;
    return static_cast<std::size_t>(*count) * sizeof(float);
  }

  std::int64_t m_layers;
  std::size_t m_at, m_fileBytes;
  std::shared_ptr<const Encoding> m_encoding;
  std::vector<TensorInfo> m_tensors;
  bool m_fits = true;
};

class Reader {
public:
  explicit Reader(const ByteSource& file) : m_file(file) {}

  Result<Llama2cContents> read() {
    if (Status header = readHeader(); !header) return header.error();
    if (Status sane = checkNumbers(); !sane) return sane.error();
    Layout layout(m_header, m_header.version == 0 ? kLegacyHeader : kHeader, m_file.size());
    m_header.version == 0 ? placeLegacy(layout) : placeVersioned(layout);
    if (!layout.exact()) return wrongLength(layout);
    return Llama2cContents{layout.take(), description()};
  }

private:
  Error bad(const std::string& what) const { return badInput(what, m_file.where()); }
  Error wrongLength(const Layout& layout) const {
    const std::string found = "the file has " + std::to_string(m_file.size());
    const std::string version = std::to_string(m_header.version);
    if (!layout.fits())
      return bad("read as llama2.c version " + version + ", its header asks for more weights than " + found +
                 " bytes for");
    return bad("read as llama2.c version " + version + ", its header makes " + std::to_string(layout.end()) +
               " bytes, " + found);
  }

  static std::int64_t int32(std::string_view bytes, std::size_t at) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(littleEndian(bytes, at, kIntBytes)));
  }

  Status readHeader() {
    auto bytes = m_file.read(0, std::min(m_file.size(), kHeader));
    if (!bytes) return bytes.error();
    if (bytes->size() < kLegacyHeader)
      return bad(std::to_string(bytes->size()) + " bytes are no model.bin of llama2.c, which begins with " +
                 std::to_string(kLegacyHeader));
    if (littleEndian(*bytes, 0, kIntBytes) != kMagic) {
      readInts(*bytes, 0);
      m_header.shared = m_header.vocab > 0;
      m_header.vocab = std::abs(m_header.vocab);
      return Done{};
    }
    if (bytes->size() < kHeader) return bad("the header of llama2.c is cut");
    return readVersioned(*bytes);
  }
  Status readVersioned(std::string_view bytes) {
    m_header.version = int32(bytes, 4);
    if (m_header.version != 1 && m_header.version != 2)
      return unsupported("llama2.c version " + std::to_string(m_header.version) + ", expected 0, 1 or 2",
                         m_file.where());
    readInts(bytes, 8);
    const std::uint64_t shared = littleEndian(bytes, 36, 1);
    if (shared > 1) return bad("llama2.c: the flag of the shared classifier is " + std::to_string(shared));
    m_header.shared = shared == 1;
    m_header.group = m_header.version == 2 ? int32(bytes, 37) : 0;
    return Done{};
  }
  void readInts(std::string_view bytes, std::size_t at) {
    for (std::int64_t* number : {&m_header.dim, &m_header.hidden, &m_header.layers, &m_header.heads, &m_header.kvHeads,
                                 &m_header.vocab, &m_header.length}) {
      *number = int32(bytes, at);
      at += kIntBytes;
    }
  }

  Status checkNumbers() const {
    const Header& h = m_header;
    for (const auto& [name, value] :
         {std::pair{"dim", h.dim}, std::pair{"hidden_dim", h.hidden}, std::pair{"n_layers", h.layers},
          std::pair{"n_heads", h.heads}, std::pair{"n_kv_heads", h.kvHeads}, std::pair{"vocab_size", h.vocab},
          std::pair{"max_seq_len", h.length}})
      if (value < 1)
        return bad(std::string("no model.bin of llama2.c: ") + name + " would be " + std::to_string(value));
    if (h.layers > kMaxLlama2cLayers)
      return bad("no model.bin of llama2.c: n_layers would be " + std::to_string(h.layers));
    if (h.dim % h.heads != 0 || (h.dim / h.heads) % 2 != 0 || h.heads % h.kvHeads != 0)
      return bad("no model.bin of llama2.c: dim " + std::to_string(h.dim) + ", n_heads " + std::to_string(h.heads) +
                 " and n_kv_heads " + std::to_string(h.kvHeads) + " do not divide each other");
    if (h.version == 2 && (h.group < 1 || h.dim % h.group != 0 || h.hidden % h.group != 0))
      return bad("llama2.c: group_size " + std::to_string(h.group) + " does not divide dim " + std::to_string(h.dim) +
                 " and hidden_dim " + std::to_string(h.hidden));
    return Done{};
  }

  std::int64_t headDim() const { return m_header.dim / m_header.heads; }
  Shape embedding() const { return {m_header.vocab, m_header.dim}; }

  void placeAttention(Layout& layout) const {
    const std::int64_t dim = m_header.dim, kv = headDim() * m_header.kvHeads;
    layout.matrixOfLayers("attention.wq.weight", {dim, dim});
    layout.matrixOfLayers("attention.wk.weight", {kv, dim});
    layout.matrixOfLayers("attention.wv.weight", {kv, dim});
    layout.matrixOfLayers("attention.wo.weight", {dim, dim});
  }
  void placeFeedForward(Layout& layout) const {
    layout.matrixOfLayers("feed_forward.w1.weight", {m_header.hidden, m_header.dim});
    layout.matrixOfLayers("feed_forward.w2.weight", {m_header.dim, m_header.hidden});
    layout.matrixOfLayers("feed_forward.w3.weight", {m_header.hidden, m_header.dim});
  }
  void placeLegacy(Layout& layout) const {
    const Shape norm{m_header.dim}, frequencies{m_header.length, headDim() / 2};
    layout.matrix("tok_embeddings.weight", embedding());
    layout.plainOfLayers("attention_norm.weight", norm);
    placeAttention(layout);
    layout.plainOfLayers("ffn_norm.weight", norm);
    placeFeedForward(layout);
    layout.plain("norm.weight", norm);
    layout.plain("freq_cis_real", frequencies);
    layout.plain("freq_cis_imag", frequencies);
    if (!m_header.shared) layout.matrix("output.weight", embedding());
  }
  void placeVersioned(Layout& layout) const {
    const Shape norm{m_header.dim};
    layout.plainOfLayers("attention_norm.weight", norm);
    layout.plainOfLayers("ffn_norm.weight", norm);
    layout.plain("norm.weight", norm);
    layout.matrix("tok_embeddings.weight", embedding());
    placeAttention(layout);
    placeFeedForward(layout);
    if (!m_header.shared) layout.matrix("output.weight", embedding());
  }

  Json description() const {
    const Header& h = m_header;
    Json out = {{"version", h.version},         {"dim", h.dim},
                {"hidden_dim", h.hidden},       {"n_layers", h.layers},
                {"n_heads", h.heads},           {"n_kv_heads", h.kvHeads},
                {"vocab_size", h.vocab},        {"max_seq_len", h.length},
                {"shared_classifier", h.shared}};
    if (h.version == 2) out["group_size"] = h.group;
    return out;
  }

  const ByteSource& m_file;
  Header m_header;
};

} // namespace

Result<Llama2cContents> readLlama2c(const ByteSource& file) { return Reader(file).read(); }

Result<TensorFile> openLlama2c(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  auto contents = readLlama2c(ByteSource(*file));
  if (!contents) return contents.error();
  return TensorFile::make(
      {"llama2.c", {std::move(*file)}, std::move(contents->tensors), std::move(contents->description), {}});
}

} // namespace orrery::tensorio
