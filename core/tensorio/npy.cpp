// SPDX-License-Identifier: MIT
#include "core/tensorio/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <new>
#include <optional>

#include "core/base/atomic_file.h"
#include "core/base/text.h"
#include "core/tensorio/mapped_file.h"
#include "core/tensorio/row_major.h"
#include "core/tensorio/safetensors.h"

namespace orrery::tensorio {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxPreamble = std::size_t{1} << 16; // magic, version, length and header together

struct Row {
  DType dtype;
  std::string_view descr;
};
constexpr std::array kRows = {
    Row{DType::F64, "<f8"}, Row{DType::F32, "<f4"}, Row{DType::F16, "<f2"}, Row{DType::I64, "<i8"},
    Row{DType::I32, "<i4"}, Row{DType::I16, "<i2"}, Row{DType::I8, "|i1"},  Row{DType::U64, "<u8"},
    Row{DType::U32, "<u4"}, Row{DType::U16, "<u2"}, Row{DType::U8, "|u1"},  Row{DType::Bool, "|b1"},
};

std::optional<std::string_view> descrOf(DType dtype) {
  for (const Row& row : kRows)
    if (row.dtype == dtype) return row.descr;
  return std::nullopt;
}
std::optional<DType> dtypeOf(std::string_view descr) {
  for (const Row& row : kRows)
    if (row.descr == descr) return row.dtype;
  return std::nullopt;
}

std::string preamble(std::string_view descr, const Shape& shape) {
  std::string dict = "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t d = 0; d < shape.size(); ++d)
    dict += (d ? ", " : "") + std::to_string(shape[d]) + (shape.size() == 1 ? "," : "");
  dict += "), }";
  const std::size_t fixed = kMagic.size() + 4;
  dict.resize((fixed + dict.size() + 1 + 63) / 64 * 64 - fixed - 1, ' ');
  dict += '\n';
  std::string out(kMagic);
  out += {'\1', '\0', static_cast<char>(dict.size() & 0xff), static_cast<char>(dict.size() >> 8)};
  return out + dict;
}

struct Header {
  std::string_view descr;
  bool fortran = false;
  Shape shape;
};

// Reads the one kind of Python literal that numpy writes: a dict of three known keys.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : m_rest(text) {}

  std::optional<Header> parse() {
    if (!accept('{')) return std::nullopt;
    while (!accept('}')) {
      if (!item()) return std::nullopt;
      if (!accept(',') && peek() != '}') return std::nullopt;
    }
    if (peek() != '\0' || m_seen != 7) return std::nullopt;
    return m_header;
  }

private:
  char peek() {
    while (!m_rest.empty() && (m_rest.front() == ' ' || m_rest.front() == '\n')) m_rest.remove_prefix(1);
    return m_rest.empty() ? '\0' : m_rest.front();
  }
  bool accept(char c) {
    if (peek() != c || m_rest.empty()) return false;
    m_rest.remove_prefix(1);
    return true;
  }
  bool acceptWord(std::string_view word) {
    peek();
    if (!m_rest.starts_with(word)) return false;
    m_rest.remove_prefix(word.size());
    return true;
  }

  std::optional<std::string_view> string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return std::nullopt;
    const std::size_t end = m_rest.find(quote, 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = m_rest.substr(1, end - 1);
    m_rest.remove_prefix(end + 1);
    return text;
  }

  bool item() {
    const auto key = string();
    if (!key || !accept(':')) return false;
    const unsigned bit = *key == "descr" ? 1 : *key == "fortran_order" ? 2 : *key == "shape" ? 4 : 0;
    if (bit == 0 || (m_seen & bit)) return false;
    m_seen |= bit;
    return bit == 1 ? descr() : bit == 2 ? order() : shape();
  }
  bool descr() {
    const auto text = string();
    if (text) m_header.descr = *text;
    return text.has_value();
  }
  bool order() {
    m_header.fortran = acceptWord("True");
    return m_header.fortran || acceptWord("False");
  }
  bool shape() {
    if (!accept('(')) return false;
    while (!accept(')')) {
      std::int64_t size = 0;
      peek();
      const auto [end, error] = std::from_chars(m_rest.data(), m_rest.data() + m_rest.size(), size);
      if (error != std::errc{} || size < 0 || m_header.shape.size() == kMaxDimensions) return false;
      m_rest.remove_prefix(static_cast<std::size_t>(end - m_rest.data()));
      m_header.shape.push_back(size);
      if (!accept(',') && peek() != ')') return false;
    }
    return true;
  }

  std::string_view m_rest;
  Header m_header;
  unsigned m_seen = 0;
};

struct Layout {
  DType dtype;
  Shape shape;
  std::size_t dataBegin, bytes;
};

// From the first bytes of the file (all of its header, if it has one within kMaxPreamble).
Result<Layout> readLayout(std::string_view start, std::size_t fileBytes, const std::string& where) {
  if (!start.starts_with(kMagic) || start.size() < kMagic.size() + 4) return badInput("not an NPY file", where);
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(start[i])); };
  const std::size_t version = byte(6);
  if (version < 1 || version > 3)
    return unsupported("NPY version " + std::to_string(version) + ", expected 1 to 3", where);
  const std::size_t fixed = version == 1 ? 10 : 12;
  if (start.size() < fixed) return badInput("the file ends inside its header", where);
  const std::size_t length = byte(8) + (byte(9) << 8) + (version == 1 ? 0 : (byte(10) << 16) + (byte(11) << 24));
  if (length > start.size() - fixed)
    return badInput("header of " + std::to_string(length) + " bytes does not fit into " +
                        std::to_string(start.size() - fixed),
                    where);
  const auto header = HeaderParser(start.substr(fixed, length)).parse();
  if (!header) return badInput("the header does not have exactly descr, fortran_order and shape", where);
  const auto dtype = dtypeOf(header->descr);
  if (!dtype) return unsupported("array of dtype " + inQuotes(header->descr) + " is not read here", where);
  if (header->fortran) return unsupported("array in Fortran order, expected C order", where);
  const auto count = elementCount(header->shape);
  std::size_t bytes = 0;
  const std::size_t dataBegin = fixed + length;
  if (!count || __builtin_mul_overflow(static_cast<std::size_t>(*count), byteSize(*dtype), &bytes) ||
      bytes != fileBytes - dataBegin)
    return badInput("shape " + shapeText(header->shape) + " of " + std::string(header->descr) + " does not make the " +
                        std::to_string(fileBytes - dataBegin) + " bytes of data",
                    where);
  return Layout{*dtype, header->shape, dataBegin, bytes};
}

// `copy(begin, bytes, to)` brings the data.
template <class Copy> Result<TensorView> toView(const Layout& layout, const std::string& where, Copy copy) {
  std::shared_ptr<std::byte[]> memory(new (std::nothrow) std::byte[layout.bytes]);
  if (!memory) return tooLarge("no memory for " + std::to_string(layout.bytes) + " bytes", where);
  if (Status copied = copy(layout.dataBegin, layout.bytes, memory.get()); !copied) return copied.error();
  const std::byte* data = memory.get();
  return TensorView{data, layout.dtype, layout.shape, rowMajorStrides(layout.shape), std::move(memory)};
}

} // namespace

Status writeNpy(const std::string& path, const TensorView& view) {
  const auto descr = descrOf(view.dtype);
  if (!descr) return writeNpy(path, viewOf(toFloats(view), view.shape));
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status written = file->write(preamble(*descr, view.shape)); !written) return written;
  Status written = forEachPiece(view, [&](std::span<const std::byte> piece) { return file->write(piece); });
  return written ? file->commit() : written;
}

Result<TensorView> parseNpy(std::span<const std::byte> file, const std::string& where) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  auto layout = readLayout(text.substr(0, kMaxPreamble), file.size(), where);
  if (!layout) return layout.error();
  return toView(*layout, where, [&](std::size_t begin, std::size_t bytes, std::byte* to) -> Status {
    if (bytes > 0) std::memcpy(to, file.data() + begin, bytes);
    return Done{};
  });
}

Result<TensorView> readNpy(const std::string& path, std::size_t maxBytes) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  std::string start(std::min(kMaxPreamble, file->size()), '\0');
  if (Status copied = file->copyOut(0, start.size(), reinterpret_cast<std::byte*>(start.data())); !copied)
    return copied.error();
  auto layout = readLayout(start, file->size(), path);
  if (!layout) return layout.error();
  if (layout->bytes > maxBytes)
    return tooLarge("array has " + std::to_string(layout->bytes) + " bytes, at most " + std::to_string(maxBytes) +
                        " are read here",
                    path);
  return toView(*layout, path,
                [&](std::size_t begin, std::size_t bytes, std::byte* to) { return file->copyOut(begin, bytes, to); });
}

} // namespace orrery::tensorio
