// SPDX-License-Identifier: MIT
#include "core/tensorio/safetensors.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>

#include "core/base/json.h"
#include "core/base/text.h"

namespace orrery::tensorio {
namespace {

constexpr std::size_t kLengthBytes = 8;

std::uint64_t littleEndian64(std::span<const std::byte, kLengthBytes> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

// The header's length, checked against the file and the limit.
Result<std::size_t> headerLength(std::span<const std::byte, kLengthBytes> first, std::size_t fileBytes,
                                 const std::string& where) {
  const std::uint64_t length = littleEndian64(first);
  if (length > fileBytes - kLengthBytes)
    return badInput("header of " + std::to_string(length) + " bytes does not fit into the file of " +
                        std::to_string(fileBytes) + " bytes",
                    where);
  if (length > kMaxSafetensorsHeader)
    return tooLarge("header has " + std::to_string(length) + " bytes, at most " +
                        std::to_string(kMaxSafetensorsHeader) + " are allowed",
                    where);
  return static_cast<std::size_t>(length);
}

Error tooShort(std::size_t fileBytes, const std::string& where) {
  return badInput("a safetensors file begins with 8 bytes of header length, this one has " + std::to_string(fileBytes) +
                      " bytes",
                  where);
}

class HeaderReader {
public:
  HeaderReader(std::size_t dataBegin, std::size_t dataBytes, const std::string& where)
      : m_dataBegin(dataBegin), m_dataBytes(dataBytes), m_where(where) {}

  Result<SafetensorsHeader> read(std::string_view text) {
    if (text.empty() || text.front() != '{') return badInput("header does not begin with '{'", m_where);
    auto json = parseJson(text, m_where);
    if (!json) return json.error();
    SafetensorsHeader header;
    for (const auto& [name, entry] : json->items()) {
      if (Status added = name == "__metadata__" ? addMetadata(entry, header) : addTensor(name, entry, header); !added)
        return added.error();
    }
    if (Status covered = checkCoverage(header.tensors); !covered) return covered.error();
    return header;
  }

private:
  Error bad(const std::string& name, const std::string& what) const {
    return badInput("tensor " + inQuotes(name) + ": " + what, m_where);
  }

  Status addMetadata(const Json& entry, SafetensorsHeader& header) const {
    if (entry.is_null()) return Done{}; // the reference reader takes it for none
    if (!entry.is_object()) return badInput("__metadata__ is not an object", m_where);
    for (const auto& [key, text] : entry.items()) {
      if (!text.is_string()) return badInput("__metadata__ entry " + inQuotes(key) + " is not a string", m_where);
      header.metadata.emplace(key, text.get_ref<const std::string&>());
    }
    return Done{};
  }

  Status addTensor(const std::string& name, const Json& entry, SafetensorsHeader& header) const {
    if (!entry.is_object()) return bad(name, "is not described by an object");
    TensorInfo info;
    info.name = name;
    if (Status ok = readDtype(entry, info); !ok) return ok;
    if (Status ok = readShape(entry, info); !ok) return ok;
    if (Status ok = readOffsets(entry, info); !ok) return ok;
    header.tensors.push_back(std::move(info));
    return Done{};
  }

  Status readDtype(const Json& entry, TensorInfo& info) const {
    const auto field = entry.find("dtype");
    if (field == entry.end() || !field->is_string()) return bad(info.name, "has no dtype");
    const auto& text = field->get_ref<const std::string&>();
    const auto dtype = dtypeFromName(text);
    if (!dtype) return bad(info.name, "unknown dtype " + inQuotes(text));
    info.dtype = *dtype;
    return Done{};
  }

  Status readShape(const Json& entry, TensorInfo& info) const {
    const auto field = entry.find("shape");
    if (field == entry.end() || !field->is_array()) return bad(info.name, "has no shape");
    if (field->size() > kMaxDimensions)
      return bad(info.name, "has " + std::to_string(field->size()) + " dimensions, at most " +
                                std::to_string(kMaxDimensions) + " are allowed");
    for (const Json& size : *field) {
      if (!size.is_number_unsigned() || size.get<std::uint64_t>() > INT64_MAX)
        return bad(info.name, "size " + size.dump().substr(0, 40) + " in its shape is not a size");
      info.shape.push_back(size.get<std::int64_t>());
    }
    const auto count = elementCount(info.shape);
    std::size_t bytes = 0;
    if (!count || __builtin_mul_overflow(static_cast<std::size_t>(*count), byteSize(info.dtype), &bytes))
      return bad(info.name, "shape " + shapeText(info.shape) + " overflows 64 bits");
    info.bytes = bytes;
    return Done{};
  }

  Status readOffsets(const Json& entry, TensorInfo& info) const {
    const auto field = entry.find("data_offsets");
    if (field == entry.end() || !field->is_array() || field->size() != 2 || !(*field)[0].is_number_unsigned() ||
        !(*field)[1].is_number_unsigned())
      return bad(info.name, "data_offsets are not two non-negative integers");
    const auto begin = (*field)[0].get<std::uint64_t>(), end = (*field)[1].get<std::uint64_t>();
    const std::string range = "[" + std::to_string(begin) + ", " + std::to_string(end) + "]";
    if (begin > end || end > m_dataBytes)
      return bad(info.name,
                 "data_offsets " + range + " lie outside the " + std::to_string(m_dataBytes) + " bytes of data");
    if (end - begin != info.bytes)
      return bad(info.name, std::string(orrery::name(info.dtype)) + " " + shapeText(info.shape) + " needs " +
                                std::to_string(info.bytes) + " bytes, data_offsets " + range + " give " +
                                std::to_string(end - begin));
    info.begin = m_dataBegin + static_cast<std::size_t>(begin);
    return Done{};
  }

  // Sorts by offset; each tensor must begin where the one before ends, the last must end with the file.
  Status checkCoverage(std::vector<TensorInfo>& tensors) const {
    std::sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
      return std::tie(a.begin, a.bytes, a.name) < std::tie(b.begin, b.bytes, b.name);
    });
    std::size_t expected = m_dataBegin;
    for (const TensorInfo& info : tensors) {
      if (info.begin != expected)
        return bad(info.name, (info.begin < expected ? "overlaps the tensor before: begins at byte "
                                                     : "leaves a hole before it: begins at byte ") +
                                  std::to_string(info.begin - m_dataBegin) + " of the data, expected " +
                                  std::to_string(expected - m_dataBegin));
      expected += info.bytes;
    }
    const std::size_t used = expected - m_dataBegin;
    if (used == m_dataBytes) return Done{};
    return badInput("tensors take " + std::to_string(used) + " bytes of data, the file has " +
                        std::to_string(m_dataBytes),
                    m_where);
  }

  std::size_t m_dataBegin, m_dataBytes;
  const std::string& m_where;
};

} // namespace

Result<SafetensorsHeader> parseSafetensors(std::span<const std::byte> file, const std::string& where) {
  if (file.size() < kLengthBytes) return tooShort(file.size(), where);
  auto length = headerLength(file.first<kLengthBytes>(), file.size(), where);
  if (!length) return length.error();
  const std::size_t dataBegin = kLengthBytes + *length;
  const auto* text = reinterpret_cast<const char*>(file.data() + kLengthBytes);
  return HeaderReader(dataBegin, file.size() - dataBegin, where).read({text, *length});
}

Result<SafetensorsHeader> readSafetensorsHeader(const MappedFile& file) {
  if (file.size() < kLengthBytes) return tooShort(file.size(), file.path());
  std::array<std::byte, kLengthBytes> first{};
  if (Status copied = file.copyOut(0, kLengthBytes, first.data()); !copied) return copied.error();
  auto length = headerLength(first, file.size(), file.path());
  if (!length) return length.error();
  std::string text(*length, '\0');
  if (Status copied = file.copyOut(kLengthBytes, *length, reinterpret_cast<std::byte*>(text.data())); !copied)
    return copied.error();
  const std::size_t dataBegin = kLengthBytes + *length;
  return HeaderReader(dataBegin, file.size() - dataBegin, file.path()).read(text);
}

} // namespace orrery::tensorio
